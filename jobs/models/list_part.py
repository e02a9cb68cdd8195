"""A part of a list that is prepared beside the others, by another worker if one is free."""

from django.db import models

from jobs.models.job import Job
from jobs.models.prepared import Prepared

_MOST_ROWS = 1 << 40


class ListPart(Prepared):
    """Parts follow the rows that the job itself reads, by their `number`, which begins with 1. Rows of
    a part have places of their own until the part is joined to the list (engine/preparing/list_parts.py).

    A part is held under a lease as a chunk is, on the database's clock.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    failure = models.JSONField(default=dict)
    """What is wrong with its rows, see `engine.list_parts`: {} for nothing."""
    owner = models.CharField(max_length=64, blank=True)
    fence = models.PositiveIntegerField(default=0)
    lease_expires_s = models.FloatField(default=0)
    is_helped = models.BooleanField(default=False)
    """A worker that does not hold the job began to read it. Where that came to nothing, whoever
    holds the job goes on.
    """

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_part_per_number")
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.job_id}"

    @property
    def first_position(self) -> int:
        """Of its chunks, until it is joined to the list: behind any list."""
        return self.number * _MOST_ROWS

    @property
    def end_position(self) -> int:
        return self.first_position + _MOST_ROWS
