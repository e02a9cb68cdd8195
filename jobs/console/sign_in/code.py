"""The second step of signing in: a code of an app, or one of the recovery codes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from jobs.access import lock_out, two_factor
from jobs.console.sign_in import entering
from jobs.console.sign_in.forms import CodeForm


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    user = entering.who_waits(request)
    if user is None:
        messages.info(request, "Sign in with your email and password first.")
        return HttpResponseRedirect(reverse("sign-in"), status=303)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        attempt = entering.attempt_of(request, user.get_username(), lock_out.Step.CODE)
        if not attempt.is_allowed(now):
            form.add_error(None, lock_out.SENTENCE)
        elif two_factor.takes(user, form.cleaned_data["code"], now):
            attempt.succeeded()
            return entering.code_was_right(request, user)
        else:
            attempt.failed()
            form.add_error("code", CodeForm.WRONG)
    return render(request, "registration/code.html", {"form": form})
