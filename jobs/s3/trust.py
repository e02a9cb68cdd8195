"""What boto3 would trust and which way it would go, for those who connect by themselves."""

import ssl
from pathlib import Path
from typing import Any

from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from jobs.s3.clients import S3Client


def tls_context(client: S3Client) -> ssl.SSLContext:
    """Verifies as the client does: against its CA bundle, AWS_CA_BUNDLE's, or not at all."""
    endpoint: Any = getattr(client, "_endpoint")  # noqa: B009 - all sources are settled in it
    bundle = get_cert_path(endpoint.http_session._verify)
    if not bundle:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


def proxy_of(url: str) -> str:
    """The proxy that the process's environment names for `url`; empty when there is none."""
    proxies: dict[str, str] = get_environ_proxies(url)
    return proxies.get(url.partition("://")[0], "")
