"""What a dry run found, counted."""

from django.db import models

from jobs.choices import Foreseen
from jobs.models.job import Job


class ForeseenCount(models.Model):
    """Objects of a dry run by kind; those that would fail are counted as failures of the job are."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="foreseen")
    kind = models.CharField(max_length=16, choices=Foreseen.choices)
    tasks = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-tasks", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["job", "kind"], name="one_row_per_kind_foreseen")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.tasks})"
