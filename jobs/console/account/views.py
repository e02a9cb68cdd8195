"""The page Account: what people choose for themselves, their password, where they are signed in."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jobs import conf
from jobs.access import (
    browser_sessions,
    lock_out,
    password_links,
    people,
    sign_in_log,
    two_factor,
)
from jobs.console.access import signed_in, user_of
from jobs.console.account.browsers import name_of
from jobs.console.account.forms import AccountForm, ChangePasswordForm
from jobs.console.see_other import SeeOther
from jobs.console.sign_in import entering
from jobs.console.taste_cookies import keep_tastes
from jobs.models import Person, ProviderIdentity


@require_http_methods(["GET", "POST"])
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    person = Person.of(user.pk)
    form = AccountForm(request.POST if request.method == "POST" else None, person=person)
    if request.method != "POST" or not form.is_valid():
        return render(request, "console/account.html", _context(request, user, person, form))
    form.apply(person)
    person.save()
    people.rename(user, form.cleaned_data["name"])
    messages.success(request, "Your account was saved.")
    response = SeeOther(reverse("account"))
    keep_tastes(response, person)
    return response


def _context(
    request: HttpRequest, user: User, person: Person, form: AccountForm
) -> dict[str, object]:
    here = request.session.session_key
    sessions = [
        {"row": row, "browser": name_of(row.user_agent), "is_this": row.session_id == here}
        for row in browser_sessions.of(user, timezone.now())
    ]
    provider = conf.oidc_provider()
    return {
        "form": form,
        "person": person,
        "sessions": sorted(sessions, key=lambda session: not session["is_this"]),
        "has_password": user.has_usable_password(),
        "two_factor_on": two_factor.is_on(user),
        "codes_left": two_factor.codes_left(user),
        "provider": provider if provider and _comes_by(provider.issuer, user) else None,
        "keys_url": _keys_url(),
    }


def _comes_by(issuer: str, user: User) -> bool:
    return ProviderIdentity.objects.filter(user=user, issuer=issuer).exists()


def _keys_url() -> str:
    try:
        return reverse("access-key-list")
    except NoReverseMatch:
        return ""


@sensitive_post_parameters("old", "password", "again")
@require_http_methods(["GET", "POST"])
@signed_in
def change_password(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = ChangePasswordForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid() and _knows_password(request, user, form):
        password_links.set_password(user, form.cleaned_data["password"], timezone.now())
        # The session that it was changed in goes on, under a new key.
        update_session_auth_hash(request, user)
        request.session.save()
        entering.note_session(request, user)
        messages.success(request, "Your password was changed. All other sessions were signed out.")
        return SeeOther(reverse("account"))
    return render(request, "console/account_password.html", {"form": form})


def _knows_password(request: HttpRequest, user: User, form: ChangePasswordForm) -> bool:
    attempt = entering.attempt_of(request, user.get_username(), lock_out.Step.PASSWORD)
    if not attempt.is_allowed(timezone.now()):
        form.add_error(None, lock_out.SENTENCE)
    elif not user.check_password(form.cleaned_data["old"]):
        attempt.failed()
        form.add_error("old", "This is not your current password.")
    else:
        attempt.succeeded()
        return True
    return False


@require_POST
@signed_in
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """One of their own; a session that is gone already is as good as ended."""
    user = user_of(request)
    if browser_sessions.end(user, pk):
        sign_in_log.went_out(user, "another one")
    messages.success(request, "That session was signed out.")
    return SeeOther(f"{reverse('account')}#sessions")


@require_POST
@signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    here = request.session.session_key or ""
    user = user_of(request)
    browser_sessions.end_all(user, timezone.now(), but=here)
    sign_in_log.went_out(user, "all others")
    messages.success(request, "All other sessions were signed out.")
    return SeeOther(f"{reverse('account')}#sessions")
