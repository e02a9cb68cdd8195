"""Accounts to look at, and what keeps them from signing in."""

from typing import Any

import django.contrib.auth.admin  # noqa: F401  # registers its own page of accounts, which gives way here
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.access import lock_out
from jobs.models import FailedSignIn


class AccountAdmin(admin.ModelAdmin[User]):
    """Accounts are made and changed on the page People, which keeps the last administrator."""

    list_display = ["username", "first_name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser", "groups"]
    search_fields = ["username", "first_name"]
    fields = readonly_fields = (
        *("username", "first_name", "is_active", "is_superuser", "groups"),
        *("last_login", "date_joined"),
    )
    actions = ("unlock",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Unlock: forget failed attempts to sign in", permissions=["change"])
    def unlock(self, request: HttpRequest, accounts: QuerySet[User]) -> None:
        forgotten = sum(lock_out.unlock(account) for account in accounts)
        self.message_user(
            request,
            "They can sign in again." if forgotten else "Nothing kept them from signing in.",
        )


admin.site.unregister(User)
admin.site.register(User, AccountAdmin)


@admin.register(FailedSignIn)
class FailedSignInAdmin(admin.ModelAdmin[FailedSignIn]):
    """To delete a row is to unlock what it counts."""

    list_display = ["scope", "user", "address", "tries", "ends_at"]
    list_filter = ["scope"]
    list_select_related = ["user"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
