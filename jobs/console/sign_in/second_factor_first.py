"""Whoever has to have a second factor, and has none, comes to nothing else before it is set up."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from jobs.console.sign_in.entering import MUST_SET_UP


class SecondFactorFirstMiddleware:
    """For every door of a browser, the admin site too. It reads the session alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        here = reverse("account-two-factor")
        if not request.session.get(MUST_SET_UP) or request.path in {here, reverse("sign-out")}:
            return self.get_response(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": here})
        return HttpResponseRedirect(here)
