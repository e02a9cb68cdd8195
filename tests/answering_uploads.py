"""A storage of a test that copies large objects in parts alone."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from tests.answering_facts import OURS, Asked, Result, Version, refusal, result, version_of
from tests.answering_world import World

OF_S3 = (
    400,
    "InvalidRequest",
    "The specified copy source is larger than the maximum allowable size for a copy source: {limit}",
)
HEADERS = (
    *("content-type", "cache-control", "content-disposition", "content-encoding"),
    *("content-language", "expires"),
)


@dataclass(frozen=True)
class Parted(Version):
    """Made of parts; `headers` are those besides user metadata."""

    made_etag: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def etag(self) -> str:
        return self.made_etag or super().etag


@dataclass
class Upload:
    bucket: str
    key: str
    headers: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)
    salts: dict[int, bytes] = field(default_factory=dict)

    def etag(self, number: int) -> str:
        return hashlib.md5(self.parts[number] + self.salts.get(number, b"")).hexdigest()


class UploadingWorld(World):
    """One request copies `limit_bytes` at most; a larger source is refused as `too_large` says.

    Besides what `World` ignores: "if-match", the condition of a part. `page` is how many parts a
    list has. With `answers_etag` "odd" it makes ETags that nobody can compute.
    """

    def __init__(self, clock: Callable[[], float], *, limit_bytes: int = 10) -> None:
        super().__init__(clock)
        self.limit_bytes = limit_bytes
        self.too_large = OF_S3
        self.page = 2
        self.salts = False
        self.makes_odd_etags = False
        self.uploads: dict[str, Upload] = {}
        self.created: list[Asked] = []
        self.copied: Counter[tuple[str, int]] = Counter()
        """By key and number, how often a part was copied."""

    def put_shown(self, bucket: str, key: str, content: bytes, **headers: str) -> None:
        """An object with headers of its own: content_type="text/plain"."""
        shown = tuple((name.replace("_", "-"), text) for name, text in headers.items())
        version = Parted("", content, self.clock(), "first", headers=shown)
        self._add(bucket, key, version)

    def _HeadObject(self, asked: Asked, does: bool) -> Result:
        answer = super()._HeadObject(asked, does)
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        more = found.headers if isinstance(found, Parted) else ()
        return Result(answer.status, answer.body, (*answer.headers, *more))

    def _source(self, asked: Asked) -> Version | None:
        named, _, query = asked.headers["x-amz-copy-source"].partition("?")
        bucket, _, key = unquote(named).lstrip("/").partition("/")
        return self.newest(bucket, key, dict(parse_qsl(query)).get("versionId", ""))

    def _CopyObject(self, asked: Asked, does: bool) -> Result:
        source = self._source(asked)
        if source is not None and len(source.content) > self.limit_bytes:
            status, code, message = self.too_large
            return refusal(status, code, message.format(limit=self.limit_bytes))
        return super()._CopyObject(asked, does)

    def _CreateMultipartUpload(self, asked: Asked, does: bool) -> Result:
        upload_id = f"u{len(self.created) + 1}"
        self.created.append(asked)
        if does:
            self.uploads[upload_id] = Upload(asked.bucket, asked.key, dict(asked.headers))
        return result("InitiateMultipartUploadResult", f"<UploadId>{upload_id}</UploadId>")

    def _UploadPartCopy(self, asked: Asked, does: bool) -> Result:
        upload = self.uploads.get(asked.query["uploadId"])
        source, number = self._source(asked), int(asked.query["partNumber"])
        if upload is None:
            return refusal(404, "NoSuchUpload")
        if source is None:
            return refusal(404, "NoSuchKey")
        wanted = asked.headers.get("x-amz-copy-source-if-match", source.etag)
        if wanted != source.etag and "if-match" not in self.ignores:
            return refusal(412, "PreconditionFailed")
        content = source.content
        ranged = re.fullmatch(
            r"bytes=(\d+)-(\d+)", asked.headers.get("x-amz-copy-source-range", "")
        )
        if ranged:
            content = content[int(ranged[1]) : int(ranged[2]) + 1]
        self.copied[asked.key, number] += 1
        if does:
            upload.parts[number] = content
            if self.salts:
                upload.salts[number] = str(self.copied[asked.key, number]).encode()
        etag = upload.etag(number) if number in upload.parts else "0" * 32
        return result("CopyPartResult", f"<ETag>&quot;{etag}&quot;</ETag>")

    def _ListParts(self, asked: Asked, does: bool) -> Result:
        upload = self.uploads.get(asked.query["uploadId"])
        if upload is None:
            return refusal(404, "NoSuchUpload")
        after = int(asked.query.get("part-number-marker", 0))
        left = [number for number in sorted(upload.parts) if number > after]
        page = left[: self.page]
        inner = "".join(
            f"<Part><PartNumber>{n}</PartNumber><ETag>&quot;{upload.etag(n)}&quot;</ETag>"
            f"<Size>{len(upload.parts[n])}</Size></Part>"
            for n in page
        )
        marker = f"<NextPartNumberMarker>{page[-1] if page else after}</NextPartNumberMarker>"
        more = str(len(left) > self.page).lower()
        return result("ListPartsResult", f"{inner}{marker}<IsTruncated>{more}</IsTruncated>")

    def _CompleteMultipartUpload(self, asked: Asked, does: bool) -> Result:
        upload = self.uploads.get(asked.query["uploadId"])
        if upload is None:
            return refusal(404, "NoSuchUpload")
        body = asked.body.decode().replace("&quot;", "").replace('"', "")
        numbers = [int(text) for text in re.findall(r"<PartNumber>(\d+)</PartNumber>", body)]
        etags = re.findall(r"<ETag>(\w+)</ETag>", body)
        if etags != [upload.etag(n) if n in upload.parts else "" for n in numbers]:
            return refusal(400, "InvalidPart")
        made = self._made(upload, numbers)
        if does:
            del self.uploads[asked.query["uploadId"]]
            self._add(asked.bucket, asked.key, made)
        inner = f"<ETag>{escape(made.etag)}</ETag>"
        return result("CompleteMultipartUploadResult", inner, *version_of(made))

    def _made(self, upload: Upload, numbers: list[int]) -> Version:
        digests = b"".join(bytes.fromhex(upload.etag(n)) for n in numbers)
        etag = f'"{hashlib.md5(digests).hexdigest()}-{len(numbers)}"'
        content = b"".join(upload.parts[n] for n in numbers)
        headers, begin = upload.headers, "x-amz-meta-"
        return Parted(
            self._new_id(upload.bucket),
            content,
            self.clock(),
            OURS,
            tags=()
            if "tags" in self.ignores
            else tuple(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True)),
            metadata={n[len(begin) :]: t for n, t in headers.items() if n.startswith(begin)},
            encryption=headers.get("x-amz-server-side-encryption", ""),
            storage_class=headers.get("x-amz-storage-class", ""),
            acl=headers.get("x-amz-acl", "private"),
            hold=headers.get("x-amz-object-lock-legal-hold", ""),
            retention=(
                headers.get("x-amz-object-lock-mode", ""),
                headers.get("x-amz-object-lock-retain-until-date", ""),
            ),
            made_etag='"of-nobody"' if self.makes_odd_etags else etag,
            headers=tuple((name, headers[name]) for name in HEADERS if name in headers),
        )

    def _AbortMultipartUpload(self, asked: Asked, does: bool) -> Result:
        if asked.query["uploadId"] not in self.uploads:
            return refusal(404, "NoSuchUpload")
        if does:
            del self.uploads[asked.query["uploadId"]]
        return Result(204)
