"""Access policies; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.policies import trying, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("access/policies/", views.policy_list, name="policy-list"),
    path("access/policies/create/", views.policy_new, name="policy-new"),
    path("access/policies/try/", trying.policy_try, name="policy-try"),
    path("access/policies/<int:pk>/", views.policy_edit, name="policy-edit"),
    path("access/policies/<int:pk>/delete/", views.policy_delete, name="policy-delete"),
]
