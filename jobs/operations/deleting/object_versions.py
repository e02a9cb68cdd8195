"""What a bucket keeps of one key: its versions and delete markers."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.operations.storage_clock import Age, age
from jobs.s3.answers import UNCLEAR, Answer
from jobs.services.call import Call
from jobs.spec.target import Target

PAGE = 200
"""Entries: as many as an answer can hold whose keys are as long as may be."""

NULL = "null"
"""The ID of what was written while a bucket kept no versions."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version, or a delete marker. `last_modified` is None where the storage does not say it."""

    version_id: str
    is_marker: bool
    is_latest: bool
    size_bytes: int
    etag: str
    last_modified: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """`entries` are those of exactly one key, newest first. Where `answer` is a refusal there are
    none. `asked_s` and `came_s` are those of the last page, in seconds since 1970.
    """

    entries: Sequence[Entry]
    answer: Answer
    asked_s: float
    came_s: float

    @property
    def latest(self) -> Entry | None:
        """None where there is nothing, or the storage does not say which it is."""
        return next((entry for entry in self.entries if entry.is_latest), None)

    def age(self, entry: Entry, moment_s: float) -> Age:
        """Of the entry, compared with an earlier moment on our clock."""
        return age(
            entry.last_modified, self.answer, moment_s, asked_s=self.asked_s, now_s=self.came_s
        )


def versions_of(target: Target, context: Context) -> Generator[Step, Any, Listed]:
    """All pages of what there is of exactly this key. A storage lists keys in their order, so the
    key itself comes before all longer ones; a page on which it did not is no reason to stop.
    """
    there = context.bucket(target.bucket)
    params: dict[str, Any] = {"Prefix": target.key, "EncodingType": "url", "MaxKeys": PAGE}
    found: list[Entry] = []
    while True:
        asked_s = context.now_s()
        answer: Answer = yield Call(there, "ListObjectVersions", dict(params), is_aside=True)
        if answer.code:
            return Listed((), answer, asked_s, context.now_s())
        page = _page(answer.data)
        found += [entry for key, entry in page if key == target.key]
        if not answer.data.get("IsTruncated") or _is_beyond(page, target.key):
            break
        markers = _next_markers(answer.data)
        if not markers.get("KeyMarker") or markers.items() <= params.items():
            message = "The listing of versions says that it goes on, and not where."
            return Listed((), Answer(502, UNCLEAR, message), asked_s, context.now_s())
        params = {**params, **markers}
    return Listed(_newest_first(found), answer, asked_s, context.now_s())


Page = Sequence[tuple[str, Entry]]


def _page(data: Mapping[str, Any]) -> Page:
    return [
        (_text(data, item.get("Key", "")), _entry(item, is_marker=name == "DeleteMarkers"))
        for name in ("Versions", "DeleteMarkers")
        for item in data.get(name) or ()
    ]


def _entry(item: Mapping[str, Any], *, is_marker: bool) -> Entry:
    return Entry(
        version_id=str(item.get("VersionId") or NULL),
        is_marker=is_marker,
        is_latest=item.get("IsLatest") is True,
        size_bytes=0 if is_marker else int(item.get("Size") or 0),
        etag=str(item.get("ETag") or ""),
        last_modified=item.get("LastModified"),
    )


def _text(data: Mapping[str, Any], written: str) -> str:
    return unquote_plus(written) if data.get("EncodingType") == "url" else written


def _is_beyond(page: Page, key: str) -> bool:
    """Whether the rest of a listing is about other keys."""
    for is_marker in (False, True):
        keys = [name.encode("utf-8", "replace") for name, it in page if it.is_marker is is_marker]
        if keys != sorted(keys):
            return False
    return any(name != key for name, _ in page)


def _next_markers(data: Mapping[str, Any]) -> dict[str, str]:
    markers = {"KeyMarker": _text(data, str(data.get("NextKeyMarker") or ""))}
    if version := data.get("NextVersionIdMarker"):
        markers["VersionIdMarker"] = str(version)
    return markers


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _newest_first(entries: Sequence[Entry]) -> Sequence[Entry]:
    """As it is listed, where two have the same moment."""
    return sorted(
        entries,
        key=lambda entry: (entry.is_latest, entry.last_modified or _LONG_AGO),
        reverse=True,
    )


def counted(entries: Sequence[Entry]) -> str:
    """ "2 versions and 1 delete marker (1,234 bytes)"; "nothing"."""
    markers = sum(entry.is_marker for entry in entries)
    versions = len(entries) - markers
    parts = [
        f"{number:,} {name}{'' if number == 1 else 's'}"
        for number, name in ((versions, "version"), (markers, "delete marker"))
        if number
    ]
    if not parts:
        return "nothing"
    size = sum(entry.size_bytes for entry in entries)
    told = f" ({size:,} {'byte' if size == 1 else 'bytes'})" if versions else ""
    return f"{' and '.join(parts)}{told}"
