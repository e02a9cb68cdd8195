"""A counting storage with objects that are only said to be large, and copied in parts."""

import hashlib
import re
from collections import Counter
from urllib.parse import unquote

from tests.counting_storage import CountingStorage, Reply, Request, _answer, _place, refusal
from tests.every_object import LONG_AGO, Place

ETAG = '"0123456789abcdef0123456789abcdef-9"'


class LargeStorage(CountingStorage):
    """`large` are sizes in bytes. Parts from number `holds_from` on are heard and not answered; those
    with an even number are copied all the same. `parts` is how often each was asked for, `held` how
    many of these were not answered.
    """

    def __init__(self, *, delay_s: float = 0.0, seed: int = 0) -> None:
        super().__init__(delay_s=delay_s, seed=seed)
        self.large: dict[Place, int] = {}
        self.holds_from = 0
        self.parts: Counter[int] = Counter()
        self.held: set[int] = set()
        self.begun = self.aborted = 0
        self.copied: dict[str, dict[int, int]] = {}
        """By upload: the sizes of its parts, by number."""

    def answer(self, request: Request) -> tuple[Reply | None, float]:
        place, query, method = _place(request), request.query, request.method
        source = _source(request)
        if "partNumber" in query and source:
            return self._part(request), 0.002
        if source in self.large:
            self.asked[source] += 1
            return refusal(400, "EntityTooLarge"), 0.0
        if method == "HEAD" and place in self.large:
            facts = (("ETag", ETAG), ("Last-Modified", LONG_AGO))
            return Reply(headers=(*facts, ("Content-Length", str(self.large[place])))), 0.0
        if method == "POST" and "uploads" in query and self._is_copy_of_large(place):
            self.begun += 1
            self.copied[f"large-{self.begun}"] = {}
            inner = f"<UploadId>large-{self.begun}</UploadId>"
            return _answer("InitiateMultipartUploadResult", inner), 0.0
        if query.get("uploadId", "").startswith("large-"):
            return self._about(request), 0.0
        return super().answer(request)

    def _is_copy_of_large(self, place: Place) -> bool:
        return any(place[1].endswith(key) for _, key in self.large)

    def _part(self, request: Request) -> Reply | None:
        number, upload = int(request.query["partNumber"]), request.query["uploadId"]
        if request.headers.get("x-amz-copy-source-if-match") != ETAG:
            return refusal(412, "PreconditionFailed")
        if upload not in self.copied:
            return refusal(404, "NoSuchUpload")
        self.parts[number] += 1
        is_held = bool(self.holds_from) and number >= self.holds_from
        if not is_held or number % 2 == 0:
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["x-amz-copy-source-range"])
            assert asked
            self.copied[upload][number] = int(asked[2]) - int(asked[1]) + 1
        if is_held:
            self.held.add(number)
            return None
        return _answer("CopyPartResult", f"<ETag>&quot;{_etag(number)}&quot;</ETag>")

    def _about(self, request: Request) -> Reply:
        upload = request.query["uploadId"]
        parts = self.copied.get(upload)
        if parts is None:
            return refusal(404, "NoSuchUpload")
        if request.method == "GET":
            inner = "".join(
                f"<Part><PartNumber>{n}</PartNumber><ETag>&quot;{_etag(n)}&quot;</ETag>"
                f"<Size>{size}</Size></Part>"
                for n, size in sorted(parts.items())
            )
            return _answer("ListPartsResult", f"{inner}<IsTruncated>false</IsTruncated>")
        del self.copied[upload]
        if request.method == "DELETE":
            self.aborted += 1
            return Reply(204)
        source = next(place for place in self.large if request.key.endswith(place[1]))
        assert sum(parts.values()) == self.large[source]
        self.large[_place(request)] = self.large[source]
        self.done[source] += 1
        inner = "<ETag>&quot;0123456789abcdef0123456789abcdef-80&quot;</ETag>"
        return _answer("CompleteMultipartUploadResult", inner)


def _etag(number: int) -> str:
    return hashlib.md5(str(number).encode()).hexdigest()


def _source(request: Request) -> Place | None:
    named = request.headers.get("x-amz-copy-source")
    if named is None:
        return None
    bucket, _, key = unquote(named.partition("?")[0]).lstrip("/").partition("/")
    return bucket, key
