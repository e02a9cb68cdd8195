"""What is one's own; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.account import two_factor, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", views.account, name="account"),
    path("account/password/", views.change_password, name="account-password"),
    path("account/two-factor/", two_factor.two_factor_page, name="account-two-factor"),
    path("account/two-factor/codes/", two_factor.new_codes, name="account-recovery-codes"),
    path("account/two-factor/turn-off/", two_factor.turn_off, name="account-two-factor-off"),
    path("account/sessions/end/", views.end_others, name="account-sessions-end"),
    path("account/sessions/<int:pk>/end/", views.end_session, name="account-session-end"),
]
