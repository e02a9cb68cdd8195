"""The people of the console, and who may change whom."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from jobs.access.actions import Action
from jobs.console.access import require
from jobs.models import SecondFactor

DOING = "Managing people"


def everybody() -> QuerySet[User]:
    """With what a list says of them. Service accounts are no people."""
    on = SecondFactor.objects.filter(pk=OuterRef("pk"))
    people = User.objects.filter(service_account=None).annotate(two_factor_on=Exists(on))
    return people.select_related("person").prefetch_related("groups").order_by("username")


def person_to_change(request: HttpRequest, pk: int) -> User:
    """Raises AccessDeniedError, PermissionDenied, Http404. Who is allowed everything is changed by
    their like alone: whoever chooses their password could become them.
    """
    me = require(request, Action.MANAGE_ACCESS, DOING)
    person = get_object_or_404(everybody(), pk=pk)
    if request.method == "POST" and person.is_superuser and not me.is_superuser:
        raise PermissionDenied("Only an administrator may change an administrator's account.")
    return person
