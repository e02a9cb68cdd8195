"""The audit log: who changed what, or was not allowed to."""

from typing import Any, Never

from django.db import models
from django.utils import timezone


class AppendOnlyError(TypeError):
    """An entry of the audit log stays as it was written."""


class AppendOnlyQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **changes: Any) -> Never:
        raise AppendOnlyError

    def delete(self) -> Never:
        raise AppendOnlyError


class AuditEntry(models.Model):
    """Append-only: triggers of the database refuse what Django would not. It names things as they
    were called then and has no foreign keys, so that nothing that goes takes an entry along.

    `who` is an account's name or "system", `door` where it came in, with the access key if there was one. `before` and `after` are facts
    without secrets; `target_type` and `target` say of what.
    """

    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    door = models.CharField(max_length=40)
    source_ip = models.CharField(max_length=45, blank=True)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=32)
    target = models.CharField(max_length=256)
    allowed = models.BooleanField(default=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="audit_by_time"),
            models.Index(fields=["who", "at", "id"], name="audit_by_who"),
            models.Index(fields=["action", "at", "id"], name="audit_by_action"),
            models.Index(fields=["target", "at", "id"], name="audit_by_target"),
            models.Index(fields=["allowed", "at", "id"], name="audit_by_result"),
            models.Index(fields=["request_id"], name="audit_by_request"),
        ]

    def __str__(self) -> str:
        return f"{self.action} on {self.target}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> Never:
        raise AppendOnlyError
