"""From a right password to a session: the second step where there is one, then what a browser keeps."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from jobs.access import browser_sessions, lock_out, sign_in_log, two_factor
from jobs.access.addresses import client_network
from jobs.access.emails import normal_form
from jobs.console.taste_cookies import keep_tastes
from jobs.models import Person

KEPT_S = 30 * 24 * 60 * 60
WAITS_S = 10 * 60
"""So long a right password counts while its second step is not done."""

WAS_SIGNED_IN = "was-signed-in"
"""A cookie without a secret: it outlives the session, so that we can say that one ended."""

KNOWN_BROWSER = "known-browser"
"""Outlives signing out: strangers cannot lock out whoever has it."""

MUST_SET_UP = "must-set-up-two-factor"
_WAITING = "waits-for-code"


def password_was_right(
    request: HttpRequest, user: User, target: str, *, keep: bool = False
) -> HttpResponse:
    if not two_factor.is_on(user):
        return enter(request, user, target, keep=keep)
    request.session.cycle_key()
    request.session[_WAITING] = {
        "user": user.pk,
        # A password that is changed meanwhile counts no longer.
        "password": user.get_session_auth_hash(),
        "target": target,
        "keep": keep,
        "until_s": timezone.now().timestamp() + WAITS_S,
    }
    return HttpResponseRedirect(reverse("sign-in-code"), status=303)


def who_waits(request: HttpRequest) -> User | None:
    """Whose password was right in this browser a while ago, and whose code is not known yet."""
    waiting = request.session.get(_WAITING)
    if not waiting or waiting["until_s"] < timezone.now().timestamp():
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True).first()
    return user if user and user.get_session_auth_hash() == waiting["password"] else None


def code_was_right(request: HttpRequest, user: User) -> HttpResponse:
    waiting = request.session.pop(_WAITING)
    return enter(request, user, waiting["target"], keep=waiting["keep"])


def enter(
    request: HttpRequest,
    user: User,
    target: str,
    *,
    keep: bool = False,
    vouched_for: bool = False,
) -> HttpResponse:
    """With `vouched_for` a provider looked at more than a password, as it does."""
    request.session.pop(_WAITING, None)
    login(request, user)
    has_code = two_factor.is_on(user)
    by_itself = "password and second factor" if has_code else "password"
    sign_in_log.came_in(user, "single sign-on" if vouched_for else by_itself)
    # Otherwise the session ends an hour after the last page that was visited.
    request.session.set_expiry(KEPT_S if keep else None)
    person = Person.of(user.pk)
    if person.requires_two_factor and not vouched_for and not has_code:
        request.session[MUST_SET_UP] = True
        target = reverse("account-two-factor")
    request.session.save()
    note_session(request, user)
    response = HttpResponseRedirect(target, status=303)
    secure = request.is_secure()
    response.set_cookie(
        WAS_SIGNED_IN, "1", max_age=KEPT_S, httponly=True, samesite="Lax", secure=secure
    )
    response.set_cookie(
        KNOWN_BROWSER,
        lock_out.new_device(normal_form(user.get_username())),
        max_age=lock_out.KNOWN_S,
        path=reverse("sign-in"),
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
    if not person._state.adding:
        keep_tastes(response, person, unless=request)
    return response


def note_session(request: HttpRequest, user: User) -> None:
    key, agent = request.session.session_key, request.headers.get("User-Agent", "")
    if key:
        browser_sessions.note(key, user, network_of(request), agent, timezone.now())


def network_of(request: HttpRequest) -> str:
    return client_network(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        settings.BATCHCONSOLE_TRUSTED_PROXIES,
    )


def attempt_of(request: HttpRequest, account: str, step: lock_out.Step) -> lock_out.Attempt:
    device = request.COOKIES.get(KNOWN_BROWSER, "")
    return lock_out.Attempt(account, network_of(request), device, step=step)


def target_of(request: HttpRequest) -> str:
    """Where to go afterwards: the page that was asked for, if it is one of ours."""
    wish = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wish if ours else reverse("overview")
