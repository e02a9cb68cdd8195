"""Answers to ListObjectsV2, read as botocore would, at a tenth of what it takes.

A dry run reads one for each chunk of its list.
"""

import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

ROOT, CONTENTS = "ListBucketResult", "Contents"
_TEXTS = ("IsTruncated", "EncodingType")
_PARTS = ("Key", "LastModified", "ETag", "Size", "StorageClass")
_OTHERS = frozenset({"ChecksumAlgorithm", "ChecksumType"})


def read_listing(root: ET.Element | None) -> dict[str, Any] | None:
    """Its Contents, IsTruncated and EncodingType ("" for none). None where an object is told in any
    other way than usual, which botocore reads.
    """
    if root is None or not root.tag.endswith(ROOT):
        return None
    space = root.tag[: -len(ROOT)]
    truncated, encoding = [root.findtext(space + name, "") for name in _TEXTS]
    if truncated not in ("true", "false"):
        return None
    names = {space + name: name for name in _PARTS}
    others = {space + name for name in _OTHERS}
    try:
        found = [_object_in(item, names, others) for item in root.iterfind(space + CONTENTS)]
    except (LookupError, ValueError):
        return None
    return {CONTENTS: found, "IsTruncated": truncated == "true", "EncodingType": encoding}


def _object_in(item: ET.Element, names: Mapping[str, str], others: set[str]) -> dict[str, Any]:
    """Raises LookupError and ValueError for what is not as usual."""
    read: dict[str, Any] = {
        names[part.tag]: part.text or "" for part in item if part.tag not in others
    }
    if len(read) + sum(part.tag in others for part in item) != len(item):
        raise ValueError("a member stands there twice")
    if not read["Size"].isdecimal():
        raise ValueError("the size is no number")
    read["Size"] = int(read["Size"])
    read["LastModified"] = _moment(read["LastModified"])
    return read


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime:
    """Many objects of a list were written within the same second. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it does not say of which zone it is")
    return moment
