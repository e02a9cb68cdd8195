"""The list of people, inviting one, and the page of one (docs/people.md)."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from jobs.access import browser_sessions, people
from jobs.access.actions import Action
from jobs.console.access import require, signed_in, user_of
from jobs.console.account.browsers import name_of
from jobs.console.people.finding import DOING, everybody, person_to_change
from jobs.console.people.forms import PersonForm
from jobs.console.people.invitations import send
from jobs.console.see_other import SeeOther
from jobs.errors import LastAdministratorError
from jobs.models import AccessPolicy, FailedSignIn, PasswordLink

PER_PAGE = 100


@require_GET
@signed_in
def person_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_ACCESS, DOING)
    page = Paginator(everybody(), PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {"person": person, "is_invited": people.is_invited(person), "roles": _roles_of(person)}
        for person in page
    ]
    return render(request, "console/person_list.html", {"page": page, "rows": rows})


def _roles_of(person: User) -> str:
    names = [group.name for group in person.groups.all()]
    return ", ".join(["Administrator", *names] if person.is_superuser else names)


@require_http_methods(["GET", "POST"])
@signed_in
def person_invite(request: HttpRequest) -> HttpResponse:
    me = require(request, Action.MANAGE_ACCESS, DOING)
    form = PersonForm(request.POST if request.method == "POST" else None, by=me)
    if request.method == "POST" and form.is_valid():
        values, now = form.cleaned_data, timezone.now()
        person = people.invite(values["email"], values["name"], values["roles"])
        if person:
            if values["is_administrator"]:
                people.set_roles(person, values["roles"], is_administrator=True)
            if values["requires_two_factor"]:
                people.require_two_factor(person, now, is_required=True)
            return send(request, person, PasswordLink.Purpose.INVITATION)
        form.add_error("email", people.problem_with_email(values["email"]))
    return render(request, "console/person_invite.html", {"form": form})


@require_http_methods(["GET", "POST"])
@signed_in
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    form = PersonForm(
        request.POST if request.method == "POST" else None, by=user_of(request), person=person
    )
    if request.method == "POST" and form.is_valid() and _save(person, form):
        messages.success(request, f"{person.get_username()} was saved.")
        return SeeOther(reverse("person-edit", args=[person.pk]))
    return render(request, "console/person_edit.html", _context(request, person, form))


def _save(person: User, form: PersonForm) -> bool:
    values = form.cleaned_data
    try:
        people.set_roles(person, values["roles"], is_administrator=values["is_administrator"])
    except LastAdministratorError as error:
        form.add_error("is_administrator", error.message)
        return False
    if values["email"] != person.get_username() and not people.change_email(
        person, values["email"]
    ):
        form.add_error("email", f"There is an account {values['email']} already.")
        return False
    people.rename(person, values["name"])
    if "requires_two_factor" in form.changed_data:
        required = values["requires_two_factor"]
        people.require_two_factor(person, timezone.now(), is_required=required)
    return True


def _context(request: HttpRequest, person: User, form: PersonForm) -> dict[str, Any]:
    now = timezone.now()
    sessions = list(browser_sessions.of(person, now))
    return {
        # As it is saved: a form that was refused changed nothing.
        "person": person_to_change(request, person.pk) if form.errors else person,
        "form": form,
        "is_me": person.pk == user_of(request).pk,
        "is_invited": people.is_invited(person),
        "tags": people.tags_of(person),
        "policies": AccessPolicy.objects.filter(
            Q(users=person) | Q(groups__user=person)
        ).distinct(),
        "sessions": [(row, name_of(row.user_agent)) for row in sessions],
        "is_locked": FailedSignIn.objects.filter(
            user=person, tries__gt=0, ends_at__gt=now
        ).exists(),
        "may_change": user_of(request).is_superuser or not person.is_superuser,
    }
