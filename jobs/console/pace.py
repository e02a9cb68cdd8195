"""What the workers found out about the storage of a running job."""

from jobs.choices import JobStatus
from jobs.engine.rate_sharing import key_of_bucket, throttled_rate
from jobs.lifecycle.connections import regions_of
from jobs.models import Job
from jobs.operations import registry

MOST_BUCKETS = 20


def throttled_to(job: Job) -> float | None:
    """Requests per second that the storage bears, None where it does not throttle, the job does
    not run, or Redis is away.
    """
    if job.status != JobStatus.ACTIVE:
        return None
    known = {operation.name: operation for operation in registry.OPERATIONS}
    operation = known.get(job.operation)
    written = operation.parse(job.parameters).target_buckets() if operation else []
    buckets = [*written, *job.buckets][:MOST_BUCKETS]
    regions = regions_of(buckets, job.region)
    return throttled_rate([key_of_bucket(regions[name].endpoint(), name) for name in buckets])
