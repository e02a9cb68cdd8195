"""People; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.people import acts, tags, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("access/people/", views.person_list, name="person-list"),
    path("access/people/invite/", views.person_invite, name="person-invite"),
    path("access/people/<int:pk>/", views.person_edit, name="person-edit"),
    path("access/people/<int:pk>/tags/", tags.person_tags, name="person-tags"),
    path("access/people/<int:pk>/link/", acts.person_link, name="person-link"),
    path("access/people/<int:pk>/disable/", acts.person_disable, name="person-disable"),
    path("access/people/<int:pk>/enable/", acts.person_enable, name="person-enable"),
    path("access/people/<int:pk>/unlock/", acts.person_unlock, name="person-unlock"),
    path(
        "access/people/<int:pk>/two-factor/reset/",
        acts.person_two_factor_reset,
        name="person-two-factor-reset",
    ),
    path(
        "access/people/<int:pk>/sessions/end/",
        acts.person_sessions_end,
        name="person-sessions-end",
    ),
]
