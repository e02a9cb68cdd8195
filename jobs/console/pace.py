"""What the workers found out about the storage of a running job."""

import contextlib

from jobs.choices import JobStatus
from jobs.engine.rates.rate_sharing import key_of_destination, throttled_rate
from jobs.errors import StorageError
from jobs.lifecycle.connected import destination_of
from jobs.lifecycle.connections import regions_of
from jobs.models import Job
from jobs.operations import registry
from jobs.services.s3 import bucket_at

MOST_BUCKETS = 20


def throttled_to(job: Job) -> float | None:
    """Requests per second that the storage bears, None where it does not throttle, the job does
    not run, or Redis is away.
    """
    if job.status != JobStatus.ACTIVE:
        return None
    operation = registry.find(job.operation)
    parsed = operation.parse(job.parameters) if operation else None
    written = parsed.target_buckets() if parsed else []
    buckets = [*written, *job.buckets][:MOST_BUCKETS]
    regions = regions_of(buckets, job.region)
    places = [bucket_at(regions[name].endpoint(), None, name) for name in buckets]
    for wanted in parsed.connections() if parsed else ():
        with contextlib.suppress(StorageError):  # it is not connected any more
            places.append(destination_of(wanted))
    return throttled_rate([key_of_destination(place) for place in places])
