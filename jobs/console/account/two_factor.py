"""Setting up a second factor, and turning it off."""

import segno
from django.contrib import messages
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from jobs.access import lock_out, two_factor
from jobs.console.access import signed_in, user_of
from jobs.console.see_other import SeeOther
from jobs.console.sign_in import entering
from jobs.console.sign_in.forms import CodeForm
from jobs.models import Person

_SETUP_S = 60 * 60
_DOING = {
    "codes": ("New recovery codes", "Make new codes", "The codes that you have are void then."),
    "off": ("Turn off two-factor", "Turn off", "A password alone is enough to sign in then."),
}


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@signed_in
def two_factor_page(request: HttpRequest) -> HttpResponse:
    """Before it is on: the QR code, and the first code that proves it. Afterwards: what one may do."""
    user = user_of(request)
    if two_factor.is_on(user):
        return render(request, "console/account_two_factor.html", _state(user))
    form = CodeForm(request.POST if request.method == "POST" else None)
    form.fields["code"].help_text = "The 6 digits that the app shows now."
    # It goes to the page and comes back: nothing is kept of a secret that nobody set an app up with.
    secret = _unsigned(request.POST.get("setup", ""), user) or two_factor.new_secret()
    if request.method == "POST" and form.is_valid():
        codes = two_factor.turn_on(user, secret, form.cleaned_data["code"], timezone.now())
        if codes:
            request.session.pop(entering.MUST_SET_UP, None)
            return _codes(request, codes, is_new=True)
        form.add_error("code", CodeForm.WRONG)
    context = {
        "form": form,
        "qr": _qr(two_factor.setup_uri(user, secret)),
        "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
        "setup": signing.dumps(secret, salt=_salt(user)),
        "must": request.session.get(entering.MUST_SET_UP),
    }
    return render(request, "console/account_two_factor_setup.html", context)


def _unsigned(text: str, user: User) -> str:
    """A secret that we gave this person a short while ago; "" where it is none."""
    try:
        return str(signing.loads(text, salt=_salt(user), max_age=_SETUP_S))
    except signing.BadSignature:
        return ""


def _salt(user: User) -> str:
    return f"two-factor-setup:{user.pk}"


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@signed_in
def new_codes(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _takes(request, user, form):
        return _codes(request, two_factor.new_recovery_codes(user), is_new=False)
    return _ask(request, user, form, "codes")


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@signed_in
def turn_off(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if Person.of(user.pk).requires_two_factor:
        messages.error(request, "An administrator requires two-factor of you. It stays on.")
        return SeeOther(reverse("account-two-factor"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _takes(request, user, form):
        two_factor.turn_off(user)
        messages.success(request, "Two-factor was turned off.")
        return SeeOther(reverse("account"))
    return _ask(request, user, form, "off")


def _takes(request: HttpRequest, user: User, form: CodeForm) -> bool:
    if not form.is_valid():
        return False
    now = timezone.now()
    attempt = entering.attempt_of(request, user.get_username(), lock_out.Step.CODE)
    if not attempt.is_allowed(now):
        form.add_error(None, lock_out.SENTENCE)
    elif not two_factor.takes(user, form.cleaned_data["code"], now):
        attempt.failed()
        form.add_error("code", CodeForm.WRONG)
    else:
        attempt.succeeded()
        return True
    return False


def _state(user: User) -> dict[str, object]:
    required = Person.of(user.pk).requires_two_factor
    return {"codes_left": two_factor.codes_left(user), "is_required": required}


def _ask(request: HttpRequest, user: User, form: CodeForm, what: str) -> HttpResponse:
    if not two_factor.is_on(user):
        return SeeOther(reverse("account-two-factor"))
    title, button, consequence = _DOING[what]
    context = {"form": form, "title": title, "button": button, "consequence": consequence}
    return render(request, "console/account_code.html", context)


def _codes(request: HttpRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    return render(request, "console/account_codes.html", {"codes": codes, "is_new": is_new})


def _qr(text: str) -> SafeString:
    """Without a style of its own, which the content policy refuses; its size is in our CSS."""
    drawn = segno.make(text, error="m").svg_inline(
        svgclass="qr", lineclass=None, omitsize=True, dark="#000", light="#fff", border=4
    )
    return mark_safe(drawn)  # noqa: S308  # segno's own drawing, in which no text of ours stands
