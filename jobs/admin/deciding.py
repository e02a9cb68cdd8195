"""The admin site asks the one place that decides, as every door does. What Django calls permissions, and
staff, counts for nothing.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.decisions import could
from jobs.access.requests import context_of, principal_in
from jobs.access.visibility import visible_jobs
from jobs.models import JobQuerySet


def allowed(request: HttpRequest, action: Action) -> bool:
    """Whether there is anything for which `action` is allowed to who asks."""
    return could(principal_in(request), action, context_of(request, timezone.now())).allowed


def may_enter(request: HttpRequest) -> bool:
    return allowed(request, Action.MANAGE_REGIONS) or allowed(request, Action.MANAGE_ACCESS)


def visible(request: HttpRequest) -> JobQuerySet:
    """The jobs that who asks sees."""
    return visible_jobs(principal_in(request), context_of(request, timezone.now()))


class DecidedMixin:
    """`sees` is what somebody must be allowed who opens its pages, `writes` who changes something on
    them. Nobody does where it is None.
    """

    sees: ClassVar[Action]
    writes: ClassVar[Action | None] = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return allowed(request, self.sees)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return allowed(request, self.sees)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.writes is not None and allowed(request, self.writes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.writes is not None and allowed(request, self.writes)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.writes is not None and allowed(request, self.writes)


class DecidedAdmin(DecidedMixin, admin.ModelAdmin[models.Model]):
    show_full_result_count = False


class DecidedInline(DecidedMixin, admin.TabularInline[models.Model, models.Model]):
    extra = 0
