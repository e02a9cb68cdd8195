"""Below jobs/: actions over many jobs."""

from django.urls import URLPattern, path, register_converter

from jobs.console.bulk import views
from jobs.console.bulk.acts import BY_NAME


class ActConverter:
    regex = "|".join(BY_NAME)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ActConverter, "act")

urlpatterns: list[URLPattern] = [
    path("jobs/bulk/<act:act>/", views.bulk_count, name="bulk-count"),
    path("jobs/bulk/<uuid:bulk_id>/", views.bulk_action, name="bulk-action"),
]
