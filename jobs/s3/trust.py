"""What boto3 would trust and which way it would go, for those who connect by themselves."""

import ssl
from pathlib import Path
from typing import Any

from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from jobs.errors import StorageError
from jobs.s3.clients import S3Client
from jobs.s3.endpoints import Credentials, Endpoint


def tls_context(client: S3Client) -> ssl.SSLContext:
    """Verifies as the client does: against its Region's CA certificate, AWS_CA_BUNDLE's, the public
    authorities, or not at all. Raises StorageError where the certificates cannot be read.
    """
    endpoint: Any = getattr(client, "_endpoint")  # noqa: B009 - all sources are settled in it
    bundle = get_cert_path(endpoint.http_session._verify)
    if not bundle:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        if Path(bundle).is_dir():
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:  # SSLError is one
        raise StorageError(
            "InvalidEndpoint", f"The CA certificates in {bundle} cannot be read: {error}."
        ) from error


def proxy_of(url: str) -> str:
    """The proxy that the process's environment names for `url`; empty when there is none."""
    proxies: dict[str, str] = get_environ_proxies(url)
    return proxies.get(url.partition("://")[0], "")


def only_for_boto3(
    endpoint: Endpoint, credentials: Credentials | None, proxy: str | None = None
) -> str:
    """Empty where requests of our own can reach `endpoint`, otherwise why only boto3 can.

    `proxy` is the one that requests would take, by default that of the process's environment.
    """
    if proxy is None:
        proxy = proxy_of(endpoint.url)
    if proxy:
        return "requests to it go through a proxy"
    if credentials is None:
        return "its credentials come from the environment, where boto3 renews them"
    if not endpoint.url.lower().startswith(("http://", "https://")):
        return "its address is neither http nor https"
    return ""
