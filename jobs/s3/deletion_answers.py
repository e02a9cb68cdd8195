"""Answers to DeleteObjects, read as botocore would.

botocore takes tens of microseconds for each key. What follows is how storages write (Ceph was
tried; of others their source or documentation says so), and is fast; anything else is read with
care, or by botocore.

- All have a declaration or none, a namespace or none, and `Deleted` elements without white space.
- Keys, each with the version that was named, in the order in which they were asked for: MinIO and
  SeaweedFS; in an order of their own: AWS, and Ceph, which deletes several at a time.
- Key, VersionId, DeleteMarker, DeleteMarkerVersionId in this order: Ceph and SeaweedFS; Garage has
  the marker's version without the marker.
- DeleteMarker, DeleteMarkerVersionId, Key, VersionId in this order: MinIO, and AWS as documented.
"""

import re
import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with
from typing import Any

_LISTS = {"Deleted": "Deleted", "Error": "Errors"}
_SPACE = r"[ \t\r\n]*+"
_HEAD = (
    r"(?:<\?xml version=(?:'1\.0'|\"1\.0\")(?: encoding=(?:'(?i:utf-8)'|\"(?i:utf-8)\"))? ?\?>)?"
    rf"{_SPACE}<DeleteResult(?: xmlns=\"https?://[a-z0-9.-]++/doc/[0-9-]++/?\")?>{_SPACE}"
)
_BARE_HEAD = re.compile(_HEAD.encode())
_TEXT_HEAD = re.compile(_HEAD)
_BEGIN, _END = b"<Deleted>", b"</Deleted>"
_LAST = b"</DeleteResult>"
_BLANKS = b" \t\r\n"
_ID = rb"[!-%'-;=?-~]++</DeleteMarkerVersionId>"
_MARKERS = re.compile(
    rb"<DeleteMarker(?:>(?:true|false)</DeleteMarker>(?:<DeleteMarkerVersionId>%b)?+|VersionId>%b)"
    rb"(?=<Key>|</Deleted>)" % (_ID, _ID)
)
"""What an element says besides. Taken out, what is left shows that it did not stand elsewhere."""

_TEXT = r"([^<>&\x00-\x1f\ufffe\uffff]++)"
_MARKER = (
    rf"(?:<DeleteMarker>(true|false)</DeleteMarker>)?+"
    rf"(?:<DeleteMarkerVersionId>{_TEXT}</DeleteMarkerVersionId>)?+"
)
_KEY = rf"<Key>{_TEXT}</Key>(?:<VersionId>{_TEXT}</VersionId>)?+"
_DELETED = re.compile(rf"<Deleted>{_MARKER}{_KEY}{_MARKER}</Deleted>{_SPACE}")


def elements_of(lines: bytes, name: bytes) -> bytes:
    """Elements of that name from keys as XML has them, a line each; after each key may stand a
    carriage return and its version.
    """
    begin = b"<%b><Key>" % name
    end = (b"</VersionId></%b>" if b"\r" in lines else b"</Key></%b>") % name
    inside = lines.replace(b"\r", b"</Key><VersionId>").replace(b"\n", end + begin)
    return begin + inside + end


def says_all_are_gone(lines: bytes, body: bytes) -> bool:
    """Whether the answer says so of `lines` (see `elements_of`), no two of which are the same, and
    nothing else but what became a delete marker. It is compared with such an answer, as whole
    text: it need not be read.
    """
    begin = body.find(_BEGIN)
    if begin < 0 or not _BARE_HEAD.fullmatch(body, 0, begin):
        return False
    expected = elements_of(lines, b"Deleted")
    rest = body[begin:].rstrip(_BLANKS)
    if not rest.endswith(_LAST):
        return False
    found = rest[: -len(_LAST)]
    return found == expected or _are_the_same(_MARKERS.sub(b"", found), expected)


def _are_the_same(found: bytes, expected: bytes) -> bool:
    """Whether elements are the expected, all of which are different, in whichever order."""
    if len(found) != len(expected):
        return False
    ones, others = (
        text.removeprefix(_BEGIN).removesuffix(_END).split(_END + _BEGIN)
        for text in (found, expected)
    )
    return len(ones) == len(others) and set(ones) == set(others)


def read_result(body: bytes) -> dict[str, Any] | None:
    """What botocore returns for a DeleteResult; None for a body that it is to read itself."""
    return _read_deleted(body) or _read_any(body)


def _read_deleted(body: bytes) -> dict[str, Any] | None:
    """Where all went well and nothing has to be unescaped, which is nearly always."""
    try:
        text = body.rstrip(_BLANKS).decode()
    except UnicodeDecodeError:
        return None
    head = _TEXT_HEAD.match(text)
    if head is None:
        return None
    deleted, end = [], head.end()
    while found := _DELETED.match(text, end):
        end = found.end()
        before, before_id, key, version_id, after, after_id = found.groups()
        if (before and after) or (before_id and after_id):
            return None
        item: dict[str, Any] = {"Key": key}
        if version_id:
            item["VersionId"] = version_id
        if marker := before or after:
            item["DeleteMarker"] = marker == "true"
        if marker_id := before_id or after_id:
            item["DeleteMarkerVersionId"] = marker_id
        deleted.append(item)
    return {"Deleted": deleted} if deleted and text[end:] == _LAST.decode() else None


def _read_any(body: bytes) -> dict[str, Any] | None:
    try:
        # As botocore does: it takes no notice of another encoding that is declared.
        root = ET.fromstring(body, ET.XMLParser(encoding="utf-8"))  # noqa: S314
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
