"""What the workers found out about the storage of a running job."""

import contextlib

from jobs.choices import JobStatus
from jobs.engine.rates.rate_sharing import key_of_destination, throttled_rate
from jobs.errors import StorageError
from jobs.lifecycle.connected import destination_of
from jobs.lifecycle.connections import regions_of
from jobs.models import Job, Region
from jobs.operations import registry
from jobs.services.s3 import bucket_at

MOST_BUCKETS = 20


def throttled_to(job: Job) -> float | None:
    """Requests per second that the storage bears, None where it does not throttle, the job does
    not run, or Redis is away.
    """
    if job.status != JobStatus.ACTIVE:
        return None
    known = registry.find(job.operation)
    operation = known.parse(job.parameters).knowing(job.found) if known else None
    written = operation.target_buckets() if operation else []
    buckets = [*written, *job.buckets][:MOST_BUCKETS]
    regions = regions_of(buckets, job.region)
    places = [bucket_at(regions[name].endpoint(), None, name) for name in buckets]
    for slug, name in operation.target_places() if operation else ():
        places += [
            bucket_at(one.endpoint(), None, name) for one in Region.objects.filter(slug=slug)
        ]
    for wanted in operation.connections() if operation else ():
        with contextlib.suppress(StorageError):  # it is not connected any more
            places.append(destination_of(wanted))
    return throttled_rate([key_of_destination(place) for place in places])
