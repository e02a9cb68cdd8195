"""Ways in; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.sign_in import code, first_run, links, provider, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/code/", code.sign_in_code, name="sign-in-code"),
    path("sign-in/forgotten/", links.forgotten, name="password-forgotten"),
    path("sign-in/link/<str:token>/", links.choose_password, name="password-link"),
    path("sign-in/provider/", provider.go_to_provider, name="sign-in-provider"),
    path("sign-in/provider/back/", provider.back_from_provider, name="sign-in-provider-back"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("first-run/<str:token>/", first_run.make_first_administrator, name="first-run"),
]
