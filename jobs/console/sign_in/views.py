"""Signing in and out."""

from django.contrib import admin
from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from jobs import conf
from jobs.access import lock_out, sign_in_log
from jobs.console.access import sign_in_url
from jobs.console.sign_in import entering
from jobs.console.sign_in.forms import SignInForm


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    target = entering.target_of(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(target)
        expired = bool(request.COOKIES.get(entering.WAS_SIGNED_IN))
        return _page(request, SignInForm(), target, expired=expired)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, form, target)
    account = form.account()
    attempt = entering.attempt_of(request, account, lock_out.Step.PASSWORD)
    if not attempt.is_allowed(timezone.now()):
        form.add_error(None, lock_out.SENTENCE)
        return _page(request, form, target)
    user = authenticate(
        request,
        username=account,
        password=form.cleaned_data["password"],
    )
    if user is None:
        attempt.failed()
        form.add_error("email", "Email or password is not right.")
        return _page(request, form, target)
    attempt.succeeded()
    return entering.password_was_right(request, user, target, keep=form.cleaned_data["keep"])


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Stands before the admin site. Raises PermissionDenied for who is signed in and no admin."""
    if request.user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied("The admin site needs the Admin role.")
    return HttpResponseRedirect(sign_in_url(request.GET.get("next") or reverse("admin:index")))


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        sign_in_log.went_out(request.user)
    logout(request)
    response = HttpResponseRedirect(reverse("sign-in"), status=303)
    response.delete_cookie(entering.WAS_SIGNED_IN)
    return response


def _page(
    request: HttpRequest, form: SignInForm, target: str, *, expired: bool = False
) -> HttpResponse:
    context = {
        "form": form,
        "next": target,
        "expired": expired,
        "provider": conf.oidc_provider(),
        "can_mail": conf.can_mail(),
    }
    return render(request, "registration/sign_in.html", context)
