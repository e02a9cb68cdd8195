"""Regions; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.regions import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("regions/", views.region_list, name="region-list"),
    path("regions/create/", views.region_create, name="region-create"),
    path("regions/<slug:slug>/", views.region_edit, name="region-edit"),
    path("regions/<slug:slug>/test/", views.region_test, name="region-test"),
    path("regions/<slug:slug>/roles/", views.region_role, name="region-role"),
    path("regions/<slug:slug>/roles/<int:pk>/", views.region_role_edit, name="region-role-edit"),
    path(
        "regions/<slug:slug>/roles/<int:pk>/remove/",
        views.region_role_remove,
        name="region-role-remove",
    ),
    path("regions/<slug:slug>/buckets/", views.region_bucket, name="region-bucket"),
    path(
        "regions/<slug:slug>/buckets/<int:pk>/remove/",
        views.region_bucket_remove,
        name="region-bucket-remove",
    ),
]
