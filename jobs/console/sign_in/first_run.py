"""The page that makes the first administrator. Without the token of its link there is none."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from jobs.access import first_run
from jobs.console.sign_in import entering
from jobs.console.sign_in.forms import FirstRunForm


@sensitive_post_parameters("password", "again")
@never_cache
def make_first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    if not first_run.is_valid(token):
        return _void(request)
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = first_run.claim(token, form.cleaned_data["email"], form.cleaned_data["password"])
        if user is None:
            return _void(request)
        return entering.enter(request, user, reverse("region-list"))
    return render(request, "registration/first_run.html", {"form": form})


def _void(request: HttpRequest) -> HttpResponse:
    context = {"is_made": first_run.administrator_exists()}
    return render(request, "registration/first_run_void.html", context, status=404)
