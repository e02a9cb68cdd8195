"""Whom a call asks."""

from dataclasses import dataclass

from jobs.s3.endpoints import Credentials, Endpoint


@dataclass(frozen=True, slots=True)
class Destination:
    """`service` is a name of `services.table`, `name` what is asked about there: a bucket of an S3
    storage, a function of Lambda, "" for a web address. None as credentials means the ambient ones
    of the process.

    Calls to one service, endpoint and key pair share connections; those to one destination share a
    pace, and what was found out about it (`services.habits`).
    """

    service: str
    endpoint: Endpoint
    credentials: Credentials | None
    name: str

    @property
    def speaker(self) -> tuple[str, Endpoint, Credentials | None]:
        """What calls share that go through the same connections."""
        return self.service, self.endpoint, self.credentials
