"""Requests of DeleteObjects, written by hand as botocore would; answers see deletion_answers.

botocore takes tens of microseconds for each key. What it makes of one is the pattern for all.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape  # noqa: S406 - writes

from jobs.s3.deletion_answers import elements_of, says_all_are_gone
from jobs.s3.template import KEY_MARK, Unsigned

ACTION = "DeleteObjects"
SAMPLE = {"Delete": {"Objects": [{"Key": KEY_MARK}]}}
_SAMPLE_ITEM = f"<Object><Key>{KEY_MARK}</Key></Object>".encode()
_LINE_ENDS = frozenset("\r\n")
_BODY_SHA256 = "x-amz-content-sha256"


class Listed(Mapping[str, Any]):
    """The parameters of a call that deletes the newest version of each of `keys`, or the version of
    each that `versions` names. botocore finds in it what it wants to find; `Pattern` and
    `are_gone` go without that.

    Each is in it once, and has nothing that XML can not carry.
    """

    __slots__ = ("_keys", "_lines", "_versions")

    def __init__(self, keys: Sequence[str], versions: Sequence[str] | None = None) -> None:
        self._keys = keys
        self._versions = versions
        self._lines = b""

    def lines(self) -> bytes:
        """As `elements_of` takes them; empty where escaping is not all that they need."""
        if not self._lines:
            lines: Iterable[str] = self._keys
            if self._versions is not None:
                lines = map("\r".join, zip(self._keys, self._versions, strict=True))
            text = "\n".join(lines)
            named = self._versions or ()
            is_plain = all(self._keys) and all(named) and text.count("\r") == len(named)
            if is_plain and text.count("\n") == len(self._keys) - 1:
                self._lines = escape(text).encode()
        return self._lines

    def are_gone(self, body: bytes) -> bool:
        """Whether an answer says so at a glance; anything else has to be read."""
        lines = self.lines()
        return bool(lines) and says_all_are_gone(lines, body)

    def _objects(self) -> list[dict[str, str]]:
        if self._versions is None:
            return [{"Key": key} for key in self._keys]
        pairs = zip(self._keys, self._versions, strict=True)
        return [{"Key": key, "VersionId": version} for key, version in pairs]

    def __getitem__(self, name: str) -> Any:
        if name != "Delete":
            raise KeyError(name)
        return {"Objects": self._objects()}

    def __iter__(self) -> Iterator[str]:
        return iter(("Delete",))

    def __len__(self) -> int:
        return 1


Objects = Listed | Sequence[Mapping[str, str]]


def objects_of(params: Mapping[str, Any]) -> Objects | None:
    """The objects of a call that `Pattern` can write; None for any other."""
    if isinstance(params, Listed) and params.lines():
        return params
    wanted = params.get("Delete")
    if params.keys() != {"Delete"} or not isinstance(wanted, dict) or wanted.keys() != {"Objects"}:
        return None
    objects: Sequence[Mapping[str, str]] = wanted["Objects"]
    return objects if objects and all(map(_is_plain, objects)) else None


def _is_plain(item: Mapping[str, str]) -> bool:
    return (
        item.keys() <= {"Key", "VersionId"}
        and all(item.values())
        and _LINE_ENDS.isdisjoint(item["Key"])
        and _LINE_ENDS.isdisjoint(item.get("VersionId", ""))
    )


class Pattern:
    """What botocore made of SAMPLE. Raises ValueError where that is not what is expected of it."""

    def __init__(self, sample: Unsigned) -> None:
        self._sample = sample
        self._before, found, self._after = sample.body.partition(_SAMPLE_ITEM)
        self._of_body = {
            name: make
            for name, make in _OF_BODY.items()
            if sample.headers.get(name) == make(sample.body)
        }
        if not found or not self._knows_every_header():
            raise ValueError("a deletion does not look as it used to")

    def _knows_every_header(self) -> bool:
        named = {name for name in self._sample.headers if name in _OF_BODY or "checksum-" in name}
        algorithm = self._sample.headers.get("x-amz-sdk-checksum-algorithm", "CRC32")
        return named - {"x-amz-sdk-checksum-algorithm"} == self._of_body.keys() and (
            algorithm == "CRC32"
        )

    def request(self, objects: Objects) -> Unsigned:
        body = b"".join([self._before, _items(objects), self._after])
        made = {name: make(body) for name, make in self._of_body.items()}
        headers = {**self._sample.headers, **made}
        body_sha256 = made.get(_BODY_SHA256) or _sha256(body)
        return replace(self._sample, headers=headers, body=body, body_sha256=body_sha256)


def _items(objects: Objects) -> bytes:
    if isinstance(objects, Listed):
        return elements_of(objects.lines(), b"Object")
    return "".join(map(_item, objects)).encode()


def _item(item: Mapping[str, str]) -> str:
    version = item.get("VersionId")
    written = f"<VersionId>{escape(version)}</VersionId>" if version else ""
    return f"<Object><Key>{escape(item['Key'])}</Key>{written}</Object>"


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


_OF_BODY: dict[str, Callable[[bytes], str]] = {
    "content-length": lambda body: str(len(body)),
    "content-md5": _md5,
    "x-amz-checksum-crc32": _crc32,
    _BODY_SHA256: _sha256,
}
