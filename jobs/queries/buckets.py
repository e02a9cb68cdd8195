"""What became of a job's objects in each of its buckets."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.models import Job

SHOWN = 20
"""Those with the most listed objects; a list may have a thousand."""


@dataclass(frozen=True, slots=True)
class InBucket:
    name: str
    listed: int
    succeeded: int
    failed: int

    @property
    def remaining(self) -> int:
        return max(0, self.listed - self.succeeded - self.failed)


def in_buckets(job: Job) -> Sequence[InBucket]:
    """Empty for a list of one bucket, and then without a query, and for a job that ran before its
    buckets were counted.
    """
    if len(job.buckets) < 2 or not job.started_at:
        return ()
    largest = sorted(job.buckets, key=lambda name: (-job.buckets[name][0], name))[:SHOWN]
    counts = {one.bucket: one for one in job.bucket_counts.filter(bucket__in=largest)}
    if job.tasks_done and not counts:
        return ()
    return [
        InBucket(
            name,
            job.buckets[name][0],
            counts[name].succeeded if name in counts else 0,
            counts[name].failed if name in counts else 0,
        )
        for name in largest
    ]
