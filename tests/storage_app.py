"""moto's S3 server, empty, for gunicorn; as slow to copy as COPY_DELAY_S says, and no more copies
than the file COPY_GATE says. UpdateObjectEncryption, which moto does not know, is a fake of ours; ListParts is named as S3 has it.
"""

import itertools
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

COPY_DELAY_S = float(os.environ.get("COPY_DELAY_S", "0"))
COPY_GATE = os.environ.get("COPY_GATE", "")
_moto = DomainDispatcherApplication(create_backend_app)
_copies = itertools.count(1)


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:
        time.sleep(COPY_DELAY_S)
        number = next(_copies)
        while COPY_GATE and number > int(Path(COPY_GATE).read_text()):
            time.sleep(0.05)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    bucket, _, key = _text(environ["PATH_INFO"]).removeprefix("/").partition("/")
    if environ["REQUEST_METHOD"] == "PUT" and "encryption" in query and key:
        return _update_encryption(environ, start_response, bucket, key, query)
    if environ["REQUEST_METHOD"] == "GET" and "uploadId" in query:
        return _list_parts(environ, start_response)
    answer: Iterable[bytes] = _moto(environ, start_response)
    return answer


def _versioning_of(response: Any) -> tuple[int, dict[str, str], str]:
    """As S3 answers it: moto names its root otherwise."""
    status = response.backend.get_bucket_versioning(response.bucket_name)
    told = f"<Status>{status}</Status>" if status else ""
    return 200, {}, f"<VersioningConfiguration>{told}</VersioningConfiguration>"


S3Response.get_bucket_versioning = _versioning_of


def _list_parts(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """moto names the answer otherwise than S3 does."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    answer = _moto(environ, lambda status, headers, *_: begun.append((status, headers)))
    body = b"".join(answer).replace(b"ListPartsResponse", b"ListPartsResult")
    status, headers = begun[0]
    kept = [(name, text) for name, text in headers if name.lower() != "content-length"]
    start_response(status, [*kept, ("Content-Length", str(len(body)))])
    return [body]


def _text(path: str) -> str:
    """WSGI has bytes as Latin-1."""
    return path.encode("latin-1").decode()


def _update_encryption(
    environ: dict[str, Any], start_response: Any, bucket: str, key: str, query: dict[str, list[str]]
) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    version = query.get("versionId", [None])[0]
    found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key, version_id=version)
    headers = [("x-amz-request-id", "FAKE"), ("Content-Type", "application/xml")]
    if found is None:
        start_response("404 Not Found", headers)
        return [b"<Error><Code>NoSuchKey</Code><Message>No such key.</Message></Error>"]
    found.encryption = "aws:kms"
    found.kms_key_id = re.findall("<KMSKeyArn>(.*?)</KMSKeyArn>", body)[0]
    found.bucket_key_enabled = "<BucketKeyEnabled>true</BucketKeyEnabled>" in body
    start_response("200 OK", headers)
    return []
