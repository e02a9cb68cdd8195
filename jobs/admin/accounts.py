"""Accounts, whose names are emails in normal form, and what keeps them from signing in."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.access import lock_out
from jobs.access.emails import normal_form
from jobs.models import FailedSignIn


class AccountCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    def clean_username(self) -> str:
        return normal_form(self.cleaned_data["username"])


class AccountForm(UserChangeForm):  # type: ignore[type-arg]
    def clean_username(self) -> str:
        return normal_form(self.cleaned_data["username"])


class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    add_form = AccountCreationForm
    form = AccountForm
    actions = ("unlock",)

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
