"""A job in the making: what the wizard has been told so far, kept on the server."""

import uuid

from django.conf import settings
from django.db import models

from jobs.models.job import Job


class Draft(models.Model):
    """`data` maps a step's slug to the values typed there, right or wrong; `touched` lists the
    steps that were left with Next. `version` grows with every save, so that two tabs notice
    each other. A draft that became a job keeps pointing at it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    data = models.JSONField(default=dict)
    touched = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=64, default="new")
    job = models.OneToOneField(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="draft"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return str(self.id)
