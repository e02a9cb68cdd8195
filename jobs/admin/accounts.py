"""Accounts as Django keeps them, to look at, and what keeps them from signing in.

They are made and changed in the console: what is left of Django's permissions counts for nothing.
"""

from typing import Any

import django.contrib.auth.admin  # noqa: F401  # registers its own page of accounts, which gives way here
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.access import lock_out
from jobs.access.actions import Action
from jobs.admin.deciding import DecidedMixin, allowed
from jobs.models import FailedSignIn


class AccountAdmin(DecidedMixin, UserAdmin):  # type: ignore[type-arg]
    sees = Action.MANAGE_ACCESS
    actions = ("unlock",)
    list_display = ("username", "first_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    fieldsets = (
        (None, {"fields": ("username", "first_name", "email", "groups")}),
        ("Sign-in", {"fields": ("is_active", "is_superuser", "last_login", "date_joined")}),
    )

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return allowed(request, Action.MANAGE_ACCESS)

    @admin.action(description="Unlock: forget failed attempts to sign in", permissions=["unlock"])
    def unlock(self, request: HttpRequest, accounts: QuerySet[User]) -> None:
        forgotten = sum(lock_out.unlock(account) for account in accounts)
        self.message_user(
            request,
            "They can sign in again." if forgotten else "Nothing kept them from signing in.",
        )


class RoleGroupAdmin(DecidedMixin, GroupAdmin):
    sees = Action.MANAGE_ACCESS
    fields = ("name",)


admin.site.unregister([User, Group])
admin.site.register(User, AccountAdmin)
admin.site.register(Group, RoleGroupAdmin)


@admin.register(FailedSignIn)
class FailedSignInAdmin(DecidedMixin, admin.ModelAdmin[FailedSignIn]):
    """To delete a row is to unlock what it counts."""

    sees = writes = Action.MANAGE_ACCESS
    list_display = ["scope", "user", "address", "tries", "ends_at"]
    list_filter = ["scope"]
    list_select_related = ["user"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
