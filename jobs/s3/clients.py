"""boto3 clients: the control plane, and for now the data plane too."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from jobs.s3.endpoints import Credentials, Endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
else:
    S3Client = Any

__all__ = ["S3Client", "make_client"]


def make_client(
    endpoint: Endpoint,
    credentials: Credentials | None,
    *,
    max_connections: int = 16,
    attempts: int = 1,
    connect_timeout_s: float = 5,
    read_timeout_s: float = 60,
) -> S3Client:
    """A thread-safe client of one endpoint; None means the process's ambient credentials.

    With `attempts` of 1 botocore tries nothing twice.
    """
    config = Config(
        region_name=endpoint.region_code,
        s3={"addressing_style": "path" if endpoint.addressing_style == "path" else "virtual"},
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=max_connections,
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint.url,
        verify=endpoint.verify_tls,
        config=config,
        aws_access_key_id=credentials.access_key_id if credentials else None,
        aws_secret_access_key=credentials.secret_access_key if credentials else None,
        aws_session_token=credentials.session_token if credentials else None,
    )
