"""Functions and webhooks; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path, register_converter

from jobs.console.connections import views


class KindConverter:
    regex = "functions|webhooks"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KindConverter, "kind")

urlpatterns: list[URLPattern | URLResolver] = [
    path("connections/", views.connection_list, name="connection-list"),
    path("connections/<kind:kind>/create/", views.connection_create, name="connection-create"),
    path("connections/<kind:kind>/<slug:slug>/", views.connection_edit, name="connection-edit"),
    path(
        "connections/<kind:kind>/<slug:slug>/test/", views.connection_test, name="connection-test"
    ),
    path(
        "connections/<kind:kind>/<slug:slug>/enable/",
        views.connection_enable,
        name="connection-enable",
    ),
    path(
        "connections/<kind:kind>/<slug:slug>/delete/",
        views.connection_delete,
        name="connection-delete",
    ),
]
