"""What is done to one account by one button. Each answers with the person's page."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from jobs.access import lock_out, people
from jobs.console.access import signed_in, user_of
from jobs.console.people.finding import person_to_change
from jobs.console.people.invitations import send
from jobs.console.see_other import SeeOther
from jobs.errors import LastAdministratorError
from jobs.models import PasswordLink


@require_POST
@signed_in
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A new invitation for who has not come yet, a link for a new password for everybody else."""
    person = person_to_change(request, pk)
    if not person.is_active:
        messages.error(request, "A disabled account takes no link. Enable it first.")
        return _page_of(person)
    invited = people.is_invited(person)
    purpose = PasswordLink.Purpose.INVITATION if invited else PasswordLink.Purpose.RESET
    return send(request, person, purpose)


@require_POST
@signed_in
def person_disable(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    if person.pk == user_of(request).pk:
        messages.error(request, "You cannot disable your own account. Another administrator can.")
        return _page_of(person)
    try:
        people.disable(person, timezone.now())
    except LastAdministratorError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{person.get_username()} was disabled and signed out.")
    return _page_of(person)


@require_POST
@signed_in
def person_enable(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    people.enable(person)
    messages.success(request, f"{person.get_username()} can sign in again.")
    return _page_of(person)


@require_POST
@signed_in
def person_unlock(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    forgotten = lock_out.unlock(person)
    messages.success(
        request,
        f"Failed attempts at {person.get_username()} were forgotten."
        if forgotten
        else "Nothing kept them from signing in.",
    )
    return _page_of(person)


@require_POST
@signed_in
def person_two_factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    people.reset_two_factor(person, timezone.now())
    messages.success(request, f"{person.get_username()} has no second factor any more.")
    return _page_of(person)


@require_POST
@signed_in
def person_sessions_end(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    here = request.session.session_key or ""
    people.sign_out(person, timezone.now(), but=here)
    messages.success(request, f"{person.get_username()} was signed out everywhere.")
    return _page_of(person)


def _page_of(person: User) -> HttpResponse:
    return SeeOther(reverse("person-edit", args=[person.pk]))
