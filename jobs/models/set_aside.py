"""What a person does not want to be reminded of on their Overview, for now."""

from django.conf import settings
from django.db import models

from jobs.models.job import Job
from jobs.models.region import Region


class SetAside(models.Model):
    """A job until its status changes, or a Region until it is tested again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="set_aside"
    )
    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, related_name="+")
    change_id = models.BigIntegerField(default=0)
    """Of a job: its newest change of status then."""
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "job"], name="job_set_aside_once"),
            models.UniqueConstraint(fields=["user", "region"], name="region_set_aside_once"),
        ]

    def __str__(self) -> str:
        return str(self.job_id or self.region_id)
