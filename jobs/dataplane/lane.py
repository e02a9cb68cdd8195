"""What the calls to one endpoint under one key pair share, for as long as a worker lives."""

import asyncio
import threading

from jobs.dataplane.pool import Pool, Timeouts
from jobs.s3.answers import Answer
from jobs.s3.calls import Call, perform
from jobs.s3.clients import S3Client, make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.parsing import Reader
from jobs.s3.rehearsal import Rehearsal
from jobs.s3.requesting import Requests
from jobs.s3.signing import Signer
from jobs.s3.template import Origin
from jobs.s3.trust import tls_context


class Lane:
    """Belongs to the loop's thread once it is made, save `perform`. `users` counts the flights
    that may use it. Raises StorageError where the endpoint's URL or region code is none.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        endpoint: Endpoint,
        credentials: Credentials,
        timeouts: Timeouts,
    ) -> None:
        silent = make_client(endpoint, credentials)
        self.signer = Signer(credentials, endpoint.region_code)
        self.requests = Requests(Rehearsal(silent, endpoint.region_code), self.signer)
        self.reader = Reader(silent)
        self.users = 0
        self._loop = loop
        self._tls = tls_context(silent) if endpoint.url.lower().startswith("https:") else None
        self._timeouts = timeouts
        self._pools: dict[Origin, Pool] = {}
        self._endpoint, self._credentials = endpoint, credentials
        self._speaking: S3Client | None = None
        self._lock = threading.Lock()

    def pool(self, origin: Origin) -> Pool:
        """Buckets may have hosts of their own."""
        pool = self._pools.get(origin)
        if pool is None:
            tls = self._tls if origin.tls else None
            pool = self._pools[origin] = Pool(self._loop, origin, tls, self._timeouts)
        return pool

    def perform(self, call: Call) -> Answer:
        """Through boto3, for what only boto3 can send; thread-safe."""
        with self._lock:
            if self._speaking is None:
                self._speaking = make_client(
                    self._endpoint,
                    self._credentials,
                    connect_timeout_s=self._timeouts.connect_s,
                    read_timeout_s=self._timeouts.silence_s,
                )
        return perform(self._speaking, call)

    def sweep(self) -> None:
        for pool in list(self._pools.values()):  # what ends of it may begin something elsewhere
            pool.sweep()

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
