"""Regions; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.regions import keeping, probes, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("regions/", views.region_list, name="region-list"),
    path("regions/create/", views.region_create, name="region-create"),
    path("regions/<slug:slug>/", views.region_edit, name="region-edit"),
    path("regions/<slug:slug>/test/", views.region_test, name="region-test"),
    path("regions/<slug:slug>/enable/", keeping.region_enable, name="region-enable"),
    path("regions/<slug:slug>/delete/", keeping.region_delete, name="region-delete"),
    path("regions/<slug:slug>/roles/", views.region_role, name="region-role"),
    path("regions/<slug:slug>/roles/<int:pk>/", views.region_role_edit, name="region-role-edit"),
    path(
        "regions/<slug:slug>/roles/<int:pk>/remove/",
        views.region_role_remove,
        name="region-role-remove",
    ),
    path("regions/<slug:slug>/probes/", probes.region_probe, name="region-probe"),
    path(
        "regions/<slug:slug>/probes/<int:pk>/",
        probes.region_probe_again,
        name="region-probe-again",
    ),
    path(
        "regions/<slug:slug>/probes/<int:pk>/remove/",
        probes.region_probe_remove,
        name="region-probe-remove",
    ),
    path(
        "regions/<slug:slug>/capabilities/<int:pk>/",
        probes.region_overrule,
        name="region-overrule",
    ),
    path("regions/<slug:slug>/buckets/", views.region_bucket, name="region-bucket"),
    path(
        "regions/<slug:slug>/buckets/<int:pk>/remove/",
        views.region_bucket_remove,
        name="region-bucket-remove",
    ),
]
