"""Choosing a password by a link that was sent, and asking for one by mail."""

import threading
from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from jobs import conf
from jobs.access import lock_out, password_links, people
from jobs.access.emails import normal_form
from jobs.console import mails
from jobs.console.sign_in import entering
from jobs.console.sign_in.forms import ForgottenForm, PasswordForm


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
@never_cache
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """For an invitation and for a new password alike; the code of a second step is asked for, too."""
    now = timezone.now()
    user = password_links.holder(token, now)
    if user is None:
        return _void(request)
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        claimed = password_links.claim(token, form.cleaned_data["password"], now)
        if claimed is None:
            return _void(request)
        return entering.password_was_right(request, claimed, reverse("overview"))
    context = {"form": form, "person": user, "is_invited": people.is_invited(user)}
    return render(request, "registration/choose_password.html", context)


def _void(request: HttpRequest) -> HttpResponse:
    context = {"can_mail": conf.can_mail()}
    return render(request, "registration/link_void.html", context, status=404)


@require_http_methods(["GET", "POST"])
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail. The answer is the same whether or not there is such an account, and
    takes as long. Raises Http404 where no mail is configured.
    """
    if not conf.can_mail():
        raise Http404
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = normal_form(form.cleaned_data["email"])
        attempt = entering.attempt_of(request, email, lock_out.Step.MAIL)
        if attempt.is_allowed(timezone.now()):
            aside(lambda: mail_link(email))
            return render(request, "registration/forgotten_sent.html", {"email": email})
        form.add_error(None, lock_out.SENTENCE)
    return render(request, "registration/forgotten.html", {"form": form})


def mail_link(email: str) -> None:
    """To whoever signs in with a password; who comes by a provider has none to forget."""
    user = User.objects.filter(username=email, is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    token = password_links.issue(user, password_links.Purpose.RESET, timezone.now())
    mails.send_new_password(user, mails.link_to("password-link", token))


def aside(work: Callable[[], None]) -> None:
    """Not while somebody waits for the answer, who would learn from how long it takes."""

    def with_its_own_connection() -> None:
        try:
            work()
        finally:
            connection.close()

    threading.Thread(target=with_its_own_connection, daemon=True).start()
