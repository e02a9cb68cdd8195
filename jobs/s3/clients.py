"""boto3 clients: the control plane, and for now the data plane too."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import ConstantProvider
from botocore.exceptions import BotoCoreError, IncompleteReadError, InvalidRegionError
from botocore.utils import validate_region_name

from jobs import conf
from jobs.errors import StorageError
from jobs.s3 import checksums as checksum_headers
from jobs.s3.answers import answer_of
from jobs.s3.ca_certificates import ca_file
from jobs.s3.endpoints import Credentials, Endpoint, is_region_code
from jobs.s3.patience import Patience, bound
from jobs.s3.service_models import LOADER

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
else:
    S3Client = Any

FunctionClient = Any
"""Of boto3, for Lambda; its types are not among what we install."""

__all__ = [
    "READ_AGAIN",
    "FunctionClient",
    "Heard",
    "S3Client",
    "hearing",
    "make_client",
    "make_function_client",
]

READ_AGAIN = "read_again"
"""Set in the context of an answer that did not come just now."""


@dataclass(slots=True)
class Heard:
    """The answer that botocore parses, as it came; `http_status` is 0 without one. Of a stream the
    body is not taken.
    """

    http_status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    is_stream: bool = False


_HEARD: ContextVar[Heard | None] = ContextVar("heard", default=None)


def make_client(
    endpoint: Endpoint,
    credentials: Credentials | None,
    *,
    max_connections: int = 16,
    attempts: int = 1,
    connect_timeout_s: float = 5,
    patience: Patience = Patience(),  # noqa: B008 - it cannot be changed
    checksums: bool = True,
) -> S3Client:
    """A thread-safe client of one endpoint; None means the process's ambient credentials.

    With `attempts` of 1 botocore tries nothing twice. Redirects are never followed. Without
    `checksums` only Content-MD5 goes with a request, and what a call itself asks for. Raises
    StorageError when the endpoint's URL or region code is none.
    """
    config = Config(
        region_name=_known_region(endpoint.region_code),
        s3={"addressing_style": "path" if endpoint.addressing_style == "path" else "virtual"},
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=max_connections,
        connect_timeout=connect_timeout_s,
        tcp_keepalive=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        client = _session(credentials).client(
            "s3",
            endpoint_url=endpoint.url,
            verify=_verify(endpoint),
            config=config,
        )
    except BotoCoreError as error:
        answer = answer_of(error)
        raise StorageError(answer.code, answer.message) from error
    except ValueError as error:
        raise StorageError("InvalidEndpoint", f"The Region cannot be used: {error}.") from error
    if client.meta.region_name != endpoint.region_code:
        client.meta.events.register("before-sign.s3", partial(_sign_for, endpoint.region_code))
    client.meta.events.register("before-call.s3", _stay_here)
    # With two wildcards it comes before what botocore has for S3, which turns 200 into 500.
    client.meta.events.register_first("before-parse.*.*", _take_in)
    client.meta.events.register_last("before-call.s3", checksum_headers.add_md5)
    bound(client, patience)
    if not checksums:
        leave_out_checksums(client)
    return client


@contextlib.contextmanager
def hearing() -> Iterator[Heard]:
    """The answer to the call that is made inside, which botocore sends and parses in this thread."""
    heard = Heard()
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


def leave_out_checksums(client: S3Client) -> None:
    """From now on, as `make_client` without `checksums`."""
    client.meta.events.register("before-call.s3", checksum_headers.leave_out)


def warm_up() -> None:
    """Read S3's service model, which all clients of this process and of those that it forks share:
    it takes a few hundred milliseconds.
    """
    make_client(Endpoint("http://127.0.0.1:9", "us-east-1", "path"), Credentials("", ""))


def _verify(endpoint: Endpoint) -> bool | str | None:
    """Raises StorageError where the CA certificate has no file: without it, others would vouch."""
    if not endpoint.verify_tls:
        return False
    if not endpoint.ca_certificate:
        return None  # it verifies too, and minds AWS_CA_BUNDLE
    try:
        return str(ca_file(endpoint.ca_certificate, conf.ca_folder()))
    except OSError as error:
        raise StorageError(
            "InvalidEndpoint",
            f"The Region's CA certificate cannot be written to {conf.ca_folder()}:"
            f" {error.strerror}. Make room there and see that this account may write.",
        ) from error


def _session(credentials: Credentials | None) -> boto3.session.Session:
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    if credentials is None:
        return boto3.session.Session(botocore_session=session)
    # Whose key is named does not depend on a profile of the process, which may not even exist.
    store = session.get_component("config_store")
    store.set_config_provider("profile", ConstantProvider(None))
    session.set_credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    return boto3.session.Session(botocore_session=session)


def _known_region(code: str) -> str:
    """A region that botocore takes: a part of a host name, and not all that a code may be. Raises
    StorageError when it is none.
    """
    if not is_region_code(code):
        raise StorageError("InvalidEndpoint", f'The Region cannot be used: "{code}" is no code.')
    try:
        validate_region_name(code)
    except InvalidRegionError:
        return "us-east-1"
    return code


def _sign_for(region_code: str, request: Any, **_: Any) -> None:
    request.context.setdefault("signing", {})["region"] = region_code


def _stay_here(params: dict[str, Any], **_: Any) -> None:
    """Tell botocore's S3RegionRedirector that it was here already: a redirect is an answer for a
    person to read, and never an order to ask another host or to sign for another region.
    """
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def _take_in(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    if READ_AGAIN in response_dict["context"]:
        return
    _require_whole_body(operation_model, response_dict)
    heard = _HEARD.get()
    if heard is None:
        return
    body = response_dict["body"]
    heard.http_status = response_dict["status_code"]
    heard.headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response_dict["headers"].items()
    ]
    heard.is_stream = not isinstance(body, bytes)
    heard.body = b"" if heard.is_stream else body


def _require_whole_body(operation_model: Any, response_dict: dict[str, Any]) -> None:
    """botocore takes an answer that breaks off before its body for one without a body: a copy that
    may have failed would count as done.
    """
    body = response_dict["body"]
    announced = response_dict["headers"].get("content-length", "")
    has_none = operation_model.http["method"] == "HEAD" or response_dict["status_code"] in (
        204,
        304,
    )
    if has_none or not isinstance(body, bytes):
        return
    if announced.isdecimal() and len(body) < int(announced):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(announced))


def make_function_client(
    endpoint: Endpoint,
    credentials: Credentials | None,
    *,
    connect_timeout_s: float,
    patience: Patience,
) -> FunctionClient:
    """A thread-safe client of a Lambda API, which tries nothing twice. Raises StorageError when the
    endpoint's URL or region code is none.
    """
    config = Config(
        region_name=_known_region(endpoint.region_code),
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=32,
        connect_timeout=connect_timeout_s,
        tcp_keepalive=True,
    )
    try:
        client = _session(credentials).client(
            "lambda", endpoint_url=endpoint.url, verify=_verify(endpoint), config=config
        )
    except (BotoCoreError, ValueError) as error:
        raise StorageError("InvalidEndpoint", f"The endpoint cannot be used: {error}.") from error
    if client.meta.region_name != endpoint.region_code:
        client.meta.events.register("before-sign.lambda", partial(_sign_for, endpoint.region_code))
    bound(client, patience)
    return client
