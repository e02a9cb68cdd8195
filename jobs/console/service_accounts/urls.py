"""Service accounts; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.service_accounts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("access/service-accounts/", views.service_account_list, name="service-account-list"),
    path("access/service-accounts/new/", views.service_account_new, name="service-account-new"),
    path(
        "access/service-accounts/<int:pk>/",
        views.service_account_edit,
        name="service-account-edit",
    ),
    path(
        "access/service-accounts/<int:pk>/enable/",
        views.service_account_enable,
        name="service-account-enable",
    ),
]
