"""Signing in and out."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate, login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from jobs.access import lock_out
from jobs.access.addresses import client_network
from jobs.console.access import sign_in_url
from jobs.console.forms.account import SignInForm

KEPT_S = 30 * 24 * 60 * 60
WAS_SIGNED_IN = "was-signed-in"
"""A cookie without a secret: it outlives the session, so that we can say that one ended."""

KNOWN_BROWSER = "known-browser"
"""Outlives signing out: strangers cannot lock out whoever has it."""


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    target = _target(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(target)
        expired = bool(request.COOKIES.get(WAS_SIGNED_IN))
        return _page(request, SignInForm(), target, expired=expired)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, form, target)
    account = form.account()
    attempt = lock_out.Attempt(account, _network(request), request.COOKIES.get(KNOWN_BROWSER, ""))
    if not attempt.is_allowed(timezone.now()):
        form.add_error(None, lock_out.SENTENCE)
        return _page(request, form, target)
    user = authenticate(
        request,
        username=account,
        password=form.cleaned_data["password"],
    )
    if user is None:
        form.add_error("email", "Email or password is not right.")
        return _page(request, form, target)
    attempt.succeeded()
    login(request, user)
    # Otherwise the session ends an hour after the last page that was visited.
    request.session.set_expiry(KEPT_S if form.cleaned_data["keep"] else None)
    response = HttpResponseRedirect(target, status=303)
    response.set_cookie(
        WAS_SIGNED_IN,
        "1",
        max_age=KEPT_S,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    response.set_cookie(
        KNOWN_BROWSER,
        lock_out.new_device(account),
        max_age=lock_out.KNOWN_S,
        path=reverse("sign-in"),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Stands before the admin site. Raises PermissionDenied for who is signed in and no admin."""
    if request.user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied("The admin site needs the Admin role.")
    return HttpResponseRedirect(sign_in_url(request.GET.get("next") or reverse("admin:index")))


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = HttpResponseRedirect(reverse("sign-in"), status=303)
    response.delete_cookie(WAS_SIGNED_IN)
    return response


def _network(request: HttpRequest) -> str:
    return client_network(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        settings.BATCHCONSOLE_TRUSTED_PROXIES,
    )


def _target(request: HttpRequest) -> str:
    """Where to go afterwards: the page that was asked for, if it is one of ours."""
    wish = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wish if ours else reverse("overview")


def _page(
    request: HttpRequest, form: SignInForm, target: str, *, expired: bool = False
) -> HttpResponse:
    context = {"form": form, "next": target, "expired": expired}
    return render(request, "registration/sign_in.html", context)
