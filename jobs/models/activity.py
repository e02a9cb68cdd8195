"""What happened to a job: every status change, and what people changed on it."""

from django.conf import settings
from django.db import models

from jobs.choices import JobStatus
from jobs.models.job import Job


class StatusChange(models.Model):
    """`from_status` is empty for the row that a job starts with; without `actor` it was the system.

    It is the outbox of events, too: one that is not `announced` is still to be told of.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="status_changes")
    at = models.DateTimeField()
    from_status = models.CharField(max_length=12, choices=JobStatus.choices, blank=True)
    to_status = models.CharField(max_length=12, choices=JobStatus.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=1024, blank=True)
    announced = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["id"], name="change_to_announce", condition=models.Q(announced=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_status or 'nothing'} to {self.to_status}"


class JobEvent(models.Model):
    """A change that is not one of status: `before` and `after` hold what `kind` names."""

    class Kind(models.TextChoices):
        PRIORITY = "priority", "Priority changed"
        TAGS = "tags", "Tags changed"
        WAITING = "waiting", "Waiting"
        RESUMED = "resumed", "Work goes on"
        LIMITS = "limits", "Limits changed"
        HELD = "held", "Kept paused"
        LET_GO = "let_go", "May go on"
        SLOWER = "slower", "Goes slower"
        UNCHECKED = "unchecked", "Not checked"
        LEFT = "left", "Left behind"
        LOST = "lost", "Rows lost"
        WITHOUT = "without", "Ends without lost rows"
        IGNORED = "ignored", "Parts of the request ignored"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.get_kind_display()
