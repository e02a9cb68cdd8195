"""What a storage answers when it lists, read as text in one pass. Pure.

All rows of an answer are written alike: the first says how, and one pattern made from it finds them
all. Where a row is written in another way, an XML parser reads the answer, thirty times as slowly.
"""

import re
import xml.etree.ElementTree as ET  # noqa: S405 - expat, which fetches nothing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from urllib.parse import unquote_plus

from jobs.manifests.listing.listed import Listed

CURRENT, VERSION, MARKER = "Contents", "Version", "DeleteMarker"
_ROOTS = {"ListBucketResult": (CURRENT,), "ListVersionsResult": (VERSION, MARKER)}
_STANDARD = "STANDARD"

_OPENING = re.compile(r"\s*(?:<\?xml\s[^<>]*\?>\s*)?<(\w+)[\s>]")
_ROW = {
    kind: re.compile(rf"<{kind}>(.*?)</{kind}>", re.DOTALL) for kind in (CURRENT, VERSION, MARKER)
}
_TAG = re.compile(r"<[^<>]*>")
_ENTITY = re.compile(r"&(#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7}|\w{1,8})?;?")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_WANTED = (*("Key", "VersionId", "IsLatest", "Size", "ETag", "LastModified", "StorageClass", "ID"),)
_FACTS = (
    *("IsTruncated", "EncodingType", "NextContinuationToken", "ContinuationToken", "KeyCount"),
    *("NextKeyMarker", "NextVersionIdMarker"),
)
_FACT = {name: re.compile(rf"<{name}>([^<]*)</{name}>") for name in _FACTS}


class NoListingError(ValueError):
    """An answer is no listing, or lacks what one must have."""


class KeyNotUtf8Error(NoListingError):
    """The text is the key, URL-encoded."""


@dataclass(frozen=True, slots=True)
class Page:
    """`rows` as the storage sent them. `next` is what it wants to be asked on with, by the names of
    the query: a token, or a key and a version; nothing where it does not say. `answers` is the token that the
    page was asked for with and `counted` the number of its rows, as far as the storage says either.
    """

    rows: list[Listed]
    is_truncated: bool
    next: dict[str, str]
    answers: str = ""
    counted: int | None = None


def read_page(body: bytes) -> Page:
    """Raises NoListingError."""
    try:
        text = body.decode()
        return _scanned(text) or _parsed(text)
    except KeyNotUtf8Error:
        raise
    except (ValueError, OverflowError, ET.ParseError) as error:
        raise NoListingError(str(error)) from error


def _scanned(text: str) -> Page | None:
    """None where it takes a parser to say."""
    opening = _OPENING.match(text)
    kinds = _ROOTS.get(opening[1]) if opening else None
    if opening is None or kinds is None or not text.rstrip().endswith(f"</{opening[1]}>"):
        return None
    facts = {name: _unescaped(found[1]) for name in _FACTS if (found := _FACT[name].search(text))}
    rows = _rows(text, kinds)
    return None if rows is None else _page(rows, facts)


_Row = tuple[str, tuple[str, ...]]
"""The kind of a row, and its texts of _WANTED in that order; empty for what it does not have."""


def _rows(text: str, kinds: tuple[str, ...]) -> list[_Row] | None:
    found: list[tuple[int, _Row]] = []
    for kind in kinds:
        count = sum(text.count(f"<{kind}{end}") for end in "> /")
        first = _ROW[kind].search(text)
        if not count:
            continue
        if first is None:
            return None
        tags = tuple(_TAG.findall(first[1]))
        if any(tag[1] in "!?" for tag in tags):
            return None
        pattern, arrange = _pattern_of(kind, tags)
        rows = [
            (match.start(), (kind, arrange((*match.groups(), ""))))
            for match in pattern.finditer(text)
        ]
        # No text has a "<", so whatever looks like a row is one.
        if len(rows) != count:
            return None
        found = sorted(found + rows) if found else rows
    return [row for _, row in found]


@lru_cache(maxsize=64)
def _pattern_of(
    kind: str, tags: tuple[str, ...]
) -> tuple[re.Pattern[str], Callable[[tuple[str, ...]], tuple[str, ...]]]:
    """For rows with just these tags, and how their texts, with an empty one behind them, are put
    into the order of _WANTED.
    """
    parts, names = [], []
    for tag in tags:
        name = tag[1:-1]
        if name in _WANTED and name not in names:
            names.append(name)
            parts.append(f"{re.escape(tag)}([^<]*)")
        else:
            is_end = name.startswith("/") or name.endswith("/")
            parts.append(re.escape(tag) + (r"\s*" if is_end else "[^<]*"))
    pattern = re.compile(rf"<{kind}>\s*{''.join(parts)}</{kind}>")
    return pattern, itemgetter(*[names.index(name) if name in names else -1 for name in _WANTED])


def _parsed(text: str) -> Page:
    if "<!DOCTYPE" in text:
        raise NoListingError("it has entities of its own")
    # As botocore does: it takes no notice of another encoding that is declared.
    root = ET.fromstring(text.strip().encode(), ET.XMLParser(encoding="utf-8"))  # noqa: S314
    kinds = _ROOTS.get(_local(root))
    if kinds is None:
        raise NoListingError(f"it is a {_local(root)}")
    facts = {_local(one): one.text or "" for one in root if _local(one) in _FACTS}
    rows = []
    for one in root:
        if _local(one) in kinds:
            texts: dict[str, str] = {}
            for part in one.iter():
                texts.setdefault(_local(part), part.text or "")
            cells = tuple(texts.get(name, "").replace("&", "&amp;") for name in _WANTED)
            rows.append((_local(one), cells))
    return _page(rows, facts)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _page(rows: list[_Row], facts: dict[str, str]) -> Page:
    if facts.get("IsTruncated") not in ("true", "false"):
        raise NoListingError("it does not say whether it is whole")
    is_encoded = facts.get("EncodingType", "").lower() == "url"
    next_: dict[str, str] = {}
    if facts.get("NextContinuationToken"):
        next_["continuation-token"] = facts["NextContinuationToken"]
    if facts.get("NextKeyMarker"):
        marker = facts["NextKeyMarker"]
        next_["key-marker"] = unquote_plus(marker, errors="strict") if is_encoded else marker
        next_["version-id-marker"] = facts.get("NextVersionIdMarker", "")
    listed = [_listed(kind, cells, is_encoded=is_encoded) for kind, cells in rows]
    counted = facts.get("KeyCount", "")
    return Page(
        listed,
        facts["IsTruncated"] == "true",
        next_,
        facts.get("ContinuationToken", ""),
        int(counted) if counted.isascii() and counted.isdecimal() else None,
    )


def _listed(kind: str, cells: tuple[str, ...], *, is_encoded: bool) -> Listed:
    key, version_id, is_latest, size, etag, changed, storage_class, owner = cells
    is_marker = kind == MARKER
    if etag.startswith("&quot;"):
        etag = etag[6:].removesuffix("&quot;")
    return Listed(
        _key(key, is_encoded=is_encoded),
        None if kind == CURRENT else _needed(_unescaped(version_id)),
        kind == CURRENT or _needed(is_latest) == "true",
        is_marker,
        0 if is_marker else int(size),
        _unescaped(etag).strip('"'),
        _seconds(changed),
        "" if is_marker else storage_class or _STANDARD,
        _unescaped(owner),
    )


def _key(text: str, *, is_encoded: bool) -> str:
    key = _unescaped(text)
    if is_encoded and ("%" in key or "+" in key):
        try:
            key = unquote_plus(key, errors="strict")
        except UnicodeDecodeError:
            raise KeyNotUtf8Error(key) from None
    if not key or "\0" in key:
        raise NoListingError("a row has no key, or one with a NUL byte")
    return key


def _needed(text: str) -> str:
    if not text:
        raise NoListingError("a version lacks its ID, or whether it is the latest")
    return text


def _seconds(text: str) -> float:
    """Since 1970, of a time as S3 writes it. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _unescaped(text: str) -> str:
    """Raises NoListingError for an entity that XML does not have by itself."""
    return _ENTITY.sub(_sign, text) if "&" in text else text


def _sign(entity: re.Match[str]) -> str:
    name = entity[1]
    if not name or not entity[0].endswith(";"):
        raise NoListingError("an entity is not whole")
    if name.startswith("#"):
        number = int(name[2:], 16) if name.startswith("#x") else int(name[1:])
        if 0xD800 <= number <= 0xDFFF:
            raise NoListingError("half a sign is none")
        return chr(number)
    if name not in _ENTITIES:
        raise NoListingError(f"it has the entity {name}")
    return _ENTITIES[name]
