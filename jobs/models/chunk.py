"""A chunk: the consecutive rows of a prepared list that one worker runs at a time."""

from django.db import models

from jobs.choices import ChunkState
from jobs.models.job import Job


class Chunk(models.Model):
    """`position` counts rows from 0. The rows are those after the first `skip` of the block that
    lies at `offset`, `length` bytes long, in the object `segment` of the work storage.

    `fence` grows with every claim; results are taken only from the holder of the newest one.

    `claimed_s` is when it was last claimed, `tried_since_s` since when its rows may have been tried
    before that, 0 if nobody has. Times that end in `_s` are seconds since the epoch, on the
    database's clock.

    Of rows that wait for what they asked for: `waits` is how often they were found to, and the next
    visit is not before `not_before_s`. It looks at a few of them, or with `look_at_all` at all.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveBigIntegerField()
    rows = models.PositiveIntegerField()
    segment = models.CharField(max_length=128)
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()
    skip = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=ChunkState.choices, default=ChunkState.PENDING)
    owner = models.CharField(max_length=64, blank=True)
    fence = models.PositiveIntegerField(default=0)
    lease_expires_s = models.FloatField(default=0)
    claimed_s = models.FloatField(default=0)
    tried_since_s = models.FloatField(default=0)
    not_before_s = models.FloatField(default=0)
    waits = models.PositiveIntegerField(default=0)
    look_at_all = models.BooleanField(default=False)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    result = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="one_chunk_per_position")
        ]
        indexes = [models.Index(fields=["job", "state", "position"])]

    def __str__(self) -> str:
        return f"rows {self.position} to {self.position + self.rows - 1}"
