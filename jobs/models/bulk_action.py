"""One action over many jobs: which, in what state each of them is, and what a person confirmed."""

import uuid

from django.conf import settings
from django.db import models

from jobs.models.job import Job


class BulkAction(models.Model):
    """The jobs are those that were found when it was made, whatever fits the filter later. `settings`
    are the values of its form, such as a priority; nothing is done before `confirmed_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bulk_actions"
    )
    act = models.CharField(max_length=16)
    query = models.CharField(max_length=2048, blank=True)
    """The filter of the list that it was chosen on, as a query string."""
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.act} {self.id}"


class BulkItem(models.Model):
    """One job of it. `why` is why not, as a sentence that many jobs share."""

    class State(models.TextChoices):
        WAITING = "waiting", "Can be done"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused when it was its turn"
        UNFIT = "unfit", "Not eligible when it was counted"

    bulk = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="items")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices)
    why = models.CharField(max_length=1024, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["bulk", "job"], name="job_once_per_bulk")]
        indexes = [models.Index(fields=["bulk", "state", "id"], name="bulk_item_by_state")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.state}"
