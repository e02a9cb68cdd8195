"""What a storage of a test holds and is asked, and the words of its answers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from xml.sax.saxutils import escape

FIRST, OURS, ANEW = "first", "ours", "anew"
"""Who wrote a version: it was there before, the call of a task wrote it, somebody else did later."""

HOUR_S = 3600.0
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Version:
    version_id: str
    content: bytes
    changed_s: float
    origin: str
    tags: Pairs = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    encryption: str = ""
    kms_key: str = ""
    retention: tuple[str, str] = ("", "")
    hold: str = ""
    storage_class: str = ""
    restored_days: str = ""
    acl: str = "private"
    is_marker: bool = False

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content).hexdigest()}"'


@dataclass(frozen=True)
class Asked:
    """A request. `nth` counts those of this action about this key, `overall` those of this action,
    both from 1; `items` are the keys and versions that DeleteObjects names.
    """

    action: str
    bucket: str
    key: str
    version_id: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    nth: int = 1
    overall: int = 1
    items: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Result:
    status: int = 200
    body: bytes = b""
    headers: Pairs = ()


def refusal(status: int, code: str, message: str = "It is so.", more: str = "") -> Result:
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}</Error>"
    return Result(status, DECLARED + body.encode(), (("Content-Type", "application/xml"),))


DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def result(root: str, inner: str, *headers: tuple[str, str]) -> Result:
    body = DECLARED + f"<{root}>{inner}</{root}>".encode()
    return Result(200, body, (("Content-Type", "application/xml"), *headers))


def deleted_item(key: str, version_id: str = "") -> str:
    version = f"<VersionId>{version_id}</VersionId>" if version_id else ""
    return f"<Deleted><Key>{escape(key)}</Key>{version}</Deleted>"


def tags_in(body: bytes) -> Pairs:
    text = body.decode()
    names, texts = all_between(text, "Key"), all_between(text, "Value")
    return tuple(zip(names, texts, strict=True))


def between(body: bytes, name: str) -> str:
    return (all_between(body.decode(), name) or [""])[0]


def all_between(text: str, name: str) -> list[str]:
    pieces = text.split(f"<{name}>")[1:]
    return [piece.partition(f"</{name}>")[0] for piece in pieces]


def metadata_in(headers: Mapping[str, str]) -> dict[str, str]:
    begin = "x-amz-meta-"
    return {n.removeprefix(begin): text for n, text in headers.items() if n.startswith(begin)}


def facts_of(version: Version) -> Pairs:
    mode, until = version.retention
    facts = {
        "ETag": version.etag,
        "Last-Modified": formatdate(version.changed_s, usegmt=True),
        "x-amz-object-lock-mode": mode,
        "x-amz-object-lock-retain-until-date": until,
        "x-amz-object-lock-legal-hold": version.hold,
        "x-amz-storage-class": version.storage_class,
        "x-amz-restore": 'ongoing-request="true"' if version.restored_days else "",
        **{f"x-amz-meta-{name}": text for name, text in version.metadata.items()},
    }
    given = tuple((name, text) for name, text in facts.items() if text)
    return given + version_of(version) + encryption_of(version)


def version_of(version: Version) -> Pairs:
    return (("x-amz-version-id", version.version_id),) if version.version_id else ()


def encryption_of(version: Version) -> Pairs:
    name = "x-amz-server-side-encryption"
    key = ((f"{name}-aws-kms-key-id", version.kms_key),) if version.kms_key else ()
    return ((name, version.encryption), *key) if version.encryption else ()
