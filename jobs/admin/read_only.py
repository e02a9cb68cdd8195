"""Pages that show what the engine wrote and let nobody change it."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest


class ReadOnlyMixin:
    """For rows that only the lifecycle and the engine may write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnlyMixin, admin.ModelAdmin[models.Model]):
    show_full_result_count = False


class ReadOnlyInline(ReadOnlyMixin, admin.TabularInline[models.Model, models.Model]):
    extra = 0
