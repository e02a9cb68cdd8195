"""Requests and answers of DeleteObjects, written and read by hand as botocore would.

botocore takes tens of microseconds for each key. What it makes of one is the pattern for all.
"""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape  # noqa: S406 - writes

from jobs.s3.template import KEY_MARK, Unsigned

ACTION = "DeleteObjects"
SAMPLE = {"Delete": {"Objects": [{"Key": KEY_MARK}]}}
_SAMPLE_ITEM = f"<Object><Key>{KEY_MARK}</Key></Object>".encode()
_LINE_ENDS = frozenset("\r\n")
_LISTS = {"Deleted": "Deleted", "Error": "Errors"}
_HEAD = re.compile(r"\s*(?:<\?xml [^<>&]*\?>)?\s*<DeleteResult(?: xmlns=\"[^<>&\"]*\")?>\s*")
_END = "</DeleteResult>"
_TEXT = r"([^<&\r\ud800-\udfff]+)"
_END_OF_ONE, _BEGIN_OF_ONE = "</Key></Deleted>", "<Deleted><Key>"
_SPECIAL = re.compile(r"[&<>\r\n]")
_DELETED = re.compile(rf"<Key>{_TEXT}</Key>(?:<VersionId>{_TEXT}</VersionId>)?</Deleted>\s*")


def objects_of(params: Mapping[str, Any]) -> Sequence[Mapping[str, str]] | None:
    """The objects of a call that `Pattern` can write; None for any other."""
    wanted = params.get("Delete")
    if params.keys() != {"Delete"} or not isinstance(wanted, dict) or wanted.keys() != {"Objects"}:
        return None
    objects: Sequence[Mapping[str, str]] = wanted["Objects"]
    if not objects or not (_plain_keys(objects) or all(map(_is_plain, objects))):
        return None
    return objects


def _plain_keys(objects: Sequence[Mapping[str, str]]) -> list[str] | None:
    """The keys where these are all there is, and nothing in them is to be escaped."""
    keys = [item.get("Key", "") for item in objects]
    if sum(map(len, objects)) != len(keys) or not all(keys) or _SPECIAL.search("".join(keys)):
        return None
    return keys


def _plain_items(objects: Sequence[Mapping[str, str]]) -> str | None:
    keys = _plain_keys(objects)
    if keys is None:
        return None
    return f"<Object><Key>{'</Key></Object><Object><Key>'.join(keys)}</Key></Object>"


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

    def request(self, objects: Sequence[Mapping[str, str]]) -> Unsigned:
        items = _plain_items(objects) or "".join(map(_item, objects))
        body = b"".join([self._before, items.encode(), self._after])
        made = {name: make(body) for name, make in self._of_body.items()}
        headers = {**self._sample.headers, **made}
        return replace(self._sample, headers=headers, body=body, body_sha256=_sha256(body))


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
    "x-amz-content-sha256": _sha256,
}


def read_result(body: bytes) -> dict[str, Any] | None:
    """What botocore returns for a DeleteResult; None for a body that it is to read itself."""
    return _read_keys(body) or _read_plain(body) or _read_any(body)


def _read_keys(body: bytes) -> dict[str, Any] | None:
    """As `_read_plain`, where there is nothing but keys, and nothing between them."""
    try:
        head, begin, items = body.decode().partition(_BEGIN_OF_ONE)
    except UnicodeDecodeError:
        return None
    end = _END_OF_ONE + _END
    if not begin or not _HEAD.fullmatch(head) or not items.endswith(end):
        return None
    items = items.removesuffix(end)
    keys = items.split(_END_OF_ONE + _BEGIN_OF_ONE)
    # Four tags stand between two keys, so that none stands within one.
    if items.count("<") != 4 * (len(keys) - 1) or "&" in items or "\r" in items or not all(keys):
        return None
    return {"Deleted": [{"Key": key} for key in keys]}


def _read_plain(body: bytes) -> dict[str, Any] | None:
    """Where all went well and no key has anything to unescape, which is nearly always."""
    head, *items = body.decode("utf-8", "surrogateescape").split("<Deleted>")
    if not items or not _HEAD.fullmatch(head) or not items[-1].endswith(_END):
        return None
    items[-1] = items[-1].removesuffix(_END)
    deleted = []
    for item in items:
        found = _DELETED.fullmatch(item)
        if found is None:
            return None
        key, version_id = found.groups()
        deleted.append({"Key": key, "VersionId": version_id} if version_id else {"Key": key})
    return {"Deleted": deleted}


def _read_any(body: bytes) -> dict[str, Any] | None:
    try:
        root = ET.fromstring(body)  # noqa: S314 - as botocore does
    except ET.ParseError:
        return None
    if _local(root.tag) != "DeleteResult":
        return None
    found: dict[str, Any] = {}
    for item in root:
        name = _LISTS.get(_local(item.tag))
        if name is None:
            return None
        found.setdefault(name, []).append({_local(member.tag): _value(member) for member in item})
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _value(member: ET.Element) -> Any:
    text = member.text or ""
    return text == "true" if _local(member.tag) == "DeleteMarker" else text
