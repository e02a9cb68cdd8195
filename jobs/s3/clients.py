"""boto3 clients: the control plane, and for now the data plane too."""

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import ConstantProvider
from botocore.exceptions import BotoCoreError, IncompleteReadError
from botocore.loaders import Loader

from jobs.errors import StorageError
from jobs.s3.answers import answer_of
from jobs.s3.endpoints import Credentials, Endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
else:
    S3Client = Any

__all__ = ["S3Client", "make_client"]

# Reading S3's service model takes most of the time that a client takes; all share it.
_LOADER = Loader(include_default_search_paths=True)


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

    With `attempts` of 1 botocore tries nothing twice. Redirects are never followed. Raises
    StorageError when the endpoint's URL or region code is none.
    """
    config = Config(
        region_name=endpoint.region_code,
        s3={"addressing_style": "path" if endpoint.addressing_style == "path" else "virtual"},
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=max_connections,
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        tcp_keepalive=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        client = _session(credentials).client(
            "s3",
            endpoint_url=endpoint.url,
            # None verifies too, and minds AWS_CA_BUNDLE, which a private CA needs.
            verify=None if endpoint.verify_tls else False,
            config=config,
        )
    except BotoCoreError as error:
        answer = answer_of(error)
        raise StorageError(answer.code, answer.message) from error
    except ValueError as error:
        raise StorageError("InvalidEndpoint", f"The Region can not be used: {error}.") from error
    client.meta.events.register("before-call.s3", _stay_here)
    client.meta.events.register_first("before-parse.s3", _require_whole_body)
    client.meta.events.register_last("before-call.s3.DeleteObjects", _add_md5)
    return client


def warm_up() -> None:
    """Read S3's service model, which all clients of this process and of those that it forks share:
    it takes a few hundred milliseconds.
    """
    make_client(Endpoint("http://127.0.0.1:9", "us-east-1", "path"), Credentials("", ""))


def _session(credentials: Credentials | None) -> boto3.session.Session:
    session = botocore.session.Session()
    session.register_component("data_loader", _LOADER)
    if credentials is None:
        return boto3.session.Session(botocore_session=session)
    # Whose key is named does not depend on a profile of the process, which may not even exist.
    store = session.get_component("config_store")
    store.set_config_provider("profile", ConstantProvider(None))
    session.set_credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    return boto3.session.Session(botocore_session=session)


def _stay_here(params: dict[str, Any], **_: Any) -> None:
    """Tell botocore's S3RegionRedirector that it was here already: a redirect is an answer for a
    person to read, and never an order to ask another host or to sign for another region.
    """
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def _add_md5(params: dict[str, Any], **_: Any) -> None:
    """botocore sends a newer checksum alone, which many a storage does not know: it refuses to
    delete without Content-MD5.
    """
    digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()


def _require_whole_body(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
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
