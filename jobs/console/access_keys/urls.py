"""Access keys; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.access_keys import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("api-keys/", views.access_key_list, name="access-key-list"),
    path("api-keys/new/", views.access_key_new, name="access-key-new"),
    path("api-keys/<slug:key_id>/revoke/", views.access_key_revoke, name="access-key-revoke"),
]
