"""Answers to reads of which a dry run makes one for every object, read at a glance. Pure.

Only the shape that nearly all storages write, whole and in plain letters. All else is read with care
(`parsing`): what is read here has to be what that reads, which a test compares.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Glance = Callable[[bytes], Mapping[str, Any] | None]
"""The data of an answer of 200 with this body, which proves itself; None where it has to be read with care."""

MOST_BYTES = 16 * 1024
"""Ten tags of full length have 5 KB."""

_SPACE = rb"[ \t\r\n]*+"
_TEXT = rb"[ !#-%'-;=?-~\"]*+"
_TAG = (
    rb"<Tag>%(space)b<Key>(?P<key>%(text)b)</Key>%(space)b<Value>(?P<value>%(text)b)</Value>"
    rb"%(space)b</Tag>%(space)b"
) % {b"space": _SPACE, b"text": _TEXT}
_TAG_OF_MANY = _TAG.replace(b"?P<key>", b"?:").replace(b"?P<value>", b"?:")
_TAGGING = re.compile(
    rb"%(space)b(?:<\?xml version=(?:\"1\.0\"|'1\.0') encoding=(?:\"(?i:utf-8)\"|'(?i:utf-8)')\?>)?+"
    rb"%(space)b<Tagging(?: xmlns=\"http://s3\.amazonaws\.com/doc/2006-03-01/\")?+>"
    rb"%(space)b<TagSet>%(space)b((?:%(tag)b)*+)</TagSet>%(space)b</Tagging>%(space)b"
    % {b"space": _SPACE, b"tag": _TAG_OF_MANY}
)
_PAIRS = re.compile(_TAG)


def glance_of(action: str) -> Glance | None:
    """How answers to `action` are read at a glance; None where none are."""
    return _tags if action == "GetObjectTagging" else None


def _tags(body: bytes) -> Mapping[str, Any] | None:
    if len(body) > MOST_BYTES:
        return None
    whole = _TAGGING.fullmatch(body)
    if whole is None:
        return None
    pairs = _PAIRS.findall(whole[1])
    return {"TagSet": [{"Key": key.decode(), "Value": value.decode()} for key, value in pairs]}
