"""A storage that keeps objects, for copies between two of them: it knows one key pair, versions nothing, and
does multipart uploads. What a test bends, it bends before the storage answers.
"""

import contextlib
import hashlib
import itertools
import re
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from jobs.s3.endpoints import Credentials, Endpoint
from tests.s3_double import Double, Received, Reply, error, reply, running, signature_holds, tagging

KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding",
        "content-language", "expires", "x-amz-storage-class", "x-amz-acl",
        "x-amz-server-side-encryption")  # fmt: skip


@dataclass
class Kept:
    body: bytes
    etag: str
    headers: dict[str, str] = field(default_factory=dict)
    tags: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Upload:
    path: str
    headers: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


def etag_of(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


class Keeper:
    """`asked` counts by action. `bend` may answer in its place, given the action and what came; what it
    returns as bytes is what the storage takes for the body.
    """

    def __init__(self, double: Double, keys: Credentials) -> None:
        self.double, self.keys = double, keys
        self.objects: dict[str, Kept] = {}
        self.uploads: dict[str, Upload] = {}
        self.asked: Counter[str] = Counter()
        self.refused = 0
        self.tells_checksums = False
        self.heeds_conditions = True
        self.sums: list[bytes] = []
        self.bend: Callable[[str, Received], Reply | bytes | None] = lambda action, received: None
        self._ids = itertools.count(1)
        double.answer = self.answer

    @property
    def endpoint(self) -> Endpoint:
        return self.double.endpoint

    def put(self, bucket: str, key: str, body: bytes, **facts: Any) -> None:
        self.objects[f"/{bucket}/{key}"] = Kept(body, etag_of(body), **facts)

    def body(self, bucket: str, key: str) -> bytes | None:
        kept = self.objects.get(f"/{bucket}/{key}")
        return kept.body if kept else None

    def answer(self, received: Received) -> Reply:
        if not signature_holds(received, self.keys):
            self.refused += 1
            return error(403, "SignatureDoesNotMatch")
        path, _, query = received.target.partition("?")
        path, asked = unquote(path), dict(parse_qsl(query, keep_blank_values=True))
        action = _action_of(received.method, asked)
        self.asked[action] += 1
        bent = self.bend(action, received)
        if isinstance(bent, Reply):
            return bent
        body = received.body if bent is None else bent
        made: Reply = getattr(self, f"_{action}")(path, asked, received.headers, body)
        return made

    # --- Objects

    def _HeadBucket(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        return reply()

    def _HeadObject(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        found = self.objects.get(path)
        if found is None:
            return Reply(reply(404).data)
        data = reply(200, b"", self._facts(found)).data
        return Reply(data.replace(b"Content-Length: 0", b"Content-Length: %d" % len(found.body)))

    def _facts(self, found: Kept) -> str:
        headers = {"ETag": found.etag, "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
        return "".join(f"{name}: {text}\r\n" for name, text in (headers | found.headers).items())

    def _GetObject(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        found = self.objects.get(path)
        if found is None:
            return error(404, "NoSuchKey")
        if self.heeds_conditions and headers.get("if-match", found.etag) != found.etag:
            return error(412, "PreconditionFailed")
        facts = self._facts(found)
        if "content-type" not in facts.lower():
            facts += "Content-Type: binary/octet-stream\r\n"
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("range", ""))
        if wanted is None:
            return reply(200, found.body, facts)
        return reply(206, found.body[int(wanted[1]) : int(wanted[2]) + 1], facts)

    def _GetObjectTagging(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        found = self.objects.get(path)
        return reply(200, tagging(found.tags)) if found else error(404, "NoSuchKey")

    def _PutObjectTagging(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        pairs = re.findall(rb"<Key>(.*?)</Key><Value>(.*?)</Value>", body)
        self.objects[path].tags = [(key.decode(), value.decode()) for key, value in pairs]
        return reply()

    def _PutObject(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        self.objects[path] = self._kept(body, etag_of(body), headers)
        return reply(200, b"", f"ETag: {etag_of(body)}\r\n{self._sum(body, headers)}")

    def _sum(self, body: bytes, headers: Any) -> str:
        if not (self.tells_checksums and "x-amz-checksum-crc32" in headers):
            return ""
        return f"x-amz-checksum-crc32: {b64encode(zlib.crc32(body).to_bytes(4)).decode()}\r\n"

    def _kept(self, body: bytes, etag: str, headers: Any) -> Kept:
        kept = {n: t for n, t in headers.items() if n in KEPT or n.startswith("x-amz-meta-")}
        tags = parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True)
        return Kept(body, etag, kept, tags)

    # --- Parts

    def _CreateMultipartUpload(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        upload_id = f"upload-{next(self._ids)}"
        self.uploads[upload_id] = Upload(path, headers)
        inner = f"<UploadId>{upload_id}</UploadId>"
        known = "x-amz-checksum-algorithm" in headers and self.tells_checksums
        made = _xml("InitiateMultipartUploadResult", inner)
        said = b"\r\nx-amz-checksum-algorithm: CRC32\r\n\r\n"
        return Reply(made.data.replace(b"\r\n\r\n", said, 1)) if known else made

    def _UploadPart(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        upload = self.uploads.get(asked["uploadId"])
        if upload is None:
            return error(404, "NoSuchUpload")
        upload.parts[int(asked["partNumber"])] = body
        return reply(200, b"", f"ETag: {etag_of(body)}\r\n{self._sum(body, headers)}")

    def _ListParts(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        upload = self.uploads.get(asked["uploadId"])
        if upload is None:
            return error(404, "NoSuchUpload")
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag_of(part))}</ETag>"
            f"<Size>{len(part)}</Size></Part>"
            for number, part in sorted(upload.parts.items())
        )
        return _xml("ListPartsResult", f"<IsTruncated>false</IsTruncated>{parts}")

    def _CompleteMultipartUpload(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        upload = self.uploads.pop(asked["uploadId"], None)
        if upload is None:
            return error(404, "NoSuchUpload")
        if self.tells_checksums:
            self.sums += re.findall(rb"<ChecksumCRC32>(.*?)</ChecksumCRC32>", body)
        numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        parts = [upload.parts[number] for number in numbers]
        joined = b"".join(hashlib.md5(part).digest() for part in parts)
        etag = f'"{hashlib.md5(joined).hexdigest()}-{len(parts)}"'
        self.objects[path] = self._kept(b"".join(parts), etag, upload.headers)
        return _xml("CompleteMultipartUploadResult", f"<ETag>{escape(etag)}</ETag>")

    def _AbortMultipartUpload(self, path: str, asked: Any, headers: Any, body: bytes) -> Reply:
        return (
            reply(204) if self.uploads.pop(asked["uploadId"], None) else error(404, "NoSuchUpload")
        )


def _xml(root: str, inner: str) -> Reply:
    return reply(200, f'<?xml version="1.0"?><{root}>{inner}</{root}>'.encode())


def _action_of(method: str, asked: dict[str, str]) -> str:
    if "tagging" in asked:
        return {"GET": "GetObjectTagging", "PUT": "PutObjectTagging"}[method]
    if "uploads" in asked:
        return "CreateMultipartUpload"
    if "uploadId" in asked:
        return {
            "PUT": "UploadPart",
            "GET": "ListParts",
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
        }[method]
    return {"HEAD": "HeadObject", "GET": "GetObject", "PUT": "PutObject"}[method]


@contextlib.contextmanager
def keeping(name: str) -> Iterator[Keeper]:
    """One with keys of its own."""
    with running() as double:
        yield Keeper(double, Credentials(f"AKID{name.upper()}", f"secret of {name}"))
