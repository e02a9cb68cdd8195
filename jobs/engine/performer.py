"""boto3 clients for the calls of chunks, one for each endpoint and key pair."""

import threading

from jobs.s3.calls import Answer, Call, perform
from jobs.s3.clients import S3Client, make_client
from jobs.s3.endpoints import Credentials, Endpoint


class Performer:
    """Thread-safe. Retries are the executor's."""

    def __init__(self, *, max_connections: int, read_timeout_s: float = 60) -> None:
        self._max_connections = max_connections
        self._read_timeout_s = read_timeout_s
        self._lock = threading.Lock()
        self._clients: dict[tuple[Endpoint, Credentials | None], S3Client] = {}

    def perform(self, endpoint: Endpoint, credentials: Credentials | None, call: Call) -> Answer:
        return perform(self.client(endpoint, credentials), call)

    def client(self, endpoint: Endpoint, credentials: Credentials | None) -> S3Client:
        """Raises StorageError when the endpoint's URL or region code is none."""
        with self._lock:
            client = self._clients.get((endpoint, credentials))
            if client is None:
                client = self._clients[endpoint, credentials] = make_client(
                    endpoint,
                    credentials,
                    max_connections=self._max_connections,
                    attempts=1,
                    read_timeout_s=self._read_timeout_s,
                )
        return client
