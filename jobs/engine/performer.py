"""Performs an operation's calls for one job, on the endpoint where each bucket lies."""

import threading

from jobs.lifecycle.connections import credentials_of, region_of
from jobs.models import Job
from jobs.s3.calls import Answer, Call, perform
from jobs.s3.clients import S3Client, make_client
from jobs.s3.endpoints import Endpoint


class Performer:
    """Thread-safe. A client per Region, made when first needed; retries are the executor's."""

    def __init__(self, job: Job, *, max_connections: int) -> None:
        self._job = job
        self._max_connections = max_connections
        self._lock = threading.Lock()
        self._by_bucket: dict[str, tuple[Endpoint, S3Client]] = {}
        self._by_region: dict[int, tuple[Endpoint, S3Client]] = {}

    def connect(self, bucket: str) -> Endpoint:
        """Look up where `bucket` lies and be ready to call it. Raises StorageError.

        Called before the threads start, since it asks the database.
        """
        with self._lock:
            if bucket not in self._by_bucket:
                self._by_bucket[bucket] = self._region_client(bucket)
            return self._by_bucket[bucket][0]

    def endpoint_of(self, bucket: str) -> Endpoint:
        return self._by_bucket[bucket][0]

    def perform(self, call: Call) -> Answer:
        return perform(self._by_bucket[call.bucket][1], call)

    def _region_client(self, bucket: str) -> tuple[Endpoint, S3Client]:
        region = region_of(bucket, self._job.region)
        if region.pk not in self._by_region:
            endpoint = region.endpoint()
            client = make_client(
                endpoint,
                credentials_of(self._job.role, region),
                max_connections=self._max_connections,
                attempts=1,
            )
            self._by_region[region.pk] = (endpoint, client)
        return self._by_region[region.pk]
