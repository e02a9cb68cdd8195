"""Being told of jobs; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.notifications import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/notifications/", views.own, name="own-notifications"),
    path(
        "account/notifications/<int:pk>/remove/",
        views.own_remove,
        name="own-notifications-remove",
    ),
    path("notifications/", views.for_all, name="notifications"),
    path("notifications/<int:pk>/remove/", views.remove, name="notifications-remove"),
    path("notifications/deliveries/", views.delivery_list, name="delivery-list"),
    path("notifications/deliveries/<int:pk>/", views.delivery, name="delivery"),
    path("notifications/deliveries/<int:pk>/resend/", views.resend, name="delivery-resend"),
]
