"""Every service that tasks can call."""

from typing import Protocol

from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.base import Service
from jobs.services.lambda_function import LambdaService
from jobs.services.s3 import S3Service
from jobs.services.webhook import WebhookService


class MakeService(Protocol):
    """Raises StorageError for an endpoint that cannot be used."""

    def __call__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> Service: ...


SERVICES: dict[str, MakeService] = {
    S3Service.name: S3Service,
    LambdaService.name: LambdaService,
    WebhookService.name: WebhookService,
}
