"""What only boto3 can do."""

from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.trust import proxy_of


def supports(endpoint: Endpoint, credentials: Credentials | None, proxy: str | None = None) -> str:
    """Empty when the data plane can talk to `endpoint`, otherwise why it can not.

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
