"""Where the buckets of one job lie and who asks there."""

from collections.abc import Iterable

from jobs.lifecycle.connections import credentials_of, region_of
from jobs.models import Job
from jobs.s3.endpoints import Credentials, Endpoint


class Places:
    """Looked up once, before calls start; then asked from any thread and at once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._by_bucket: dict[str, tuple[Endpoint, Credentials | None]] = {}
        self._by_region: dict[int, tuple[Endpoint, Credentials | None]] = {}

    def connect(self, buckets: Iterable[str]) -> None:
        """Raises StorageError where the job's role has no credentials."""
        for bucket in buckets:
            if bucket not in self._by_bucket:
                self._by_bucket[bucket] = self._place_of(bucket)

    def all(self) -> list[tuple[Endpoint, Credentials | None]]:
        """Of all buckets so far, each once."""
        return list(self._by_region.values())

    def endpoint_of(self, bucket: str) -> Endpoint:
        return self._by_bucket[bucket][0]

    def credentials_of(self, bucket: str) -> Credentials | None:
        return self._by_bucket[bucket][1]

    def _place_of(self, bucket: str) -> tuple[Endpoint, Credentials | None]:
        region = region_of(bucket, self._job.region)
        if region.pk not in self._by_region:
            credentials = credentials_of(self._job.role, region)
            self._by_region[region.pk] = (region.endpoint(), credentials)
        return self._by_region[region.pk]
