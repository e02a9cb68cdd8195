"""A look at a list that is made by listing: the first matches, and a count that grows look by look."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.generated import GeneratedForm
from jobs.console.wizard.found import SIZES, Found, problem
from jobs.console.wizard.looks import sql_filter
from jobs.console.wizard.looks.reading import page_reading
from jobs.manifests.frozen_list import Rows, taken_apart
from jobs.manifests.generated.looked_up import calls_per_object
from jobs.manifests.generated.refusals import nothing_matches
from jobs.manifests.generated.source import wanted
from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.listed import Keeps, Listed
from jobs.manifests.listing.places import all_of_bucket
from jobs.manifests.source import ListAnewError, RowBlock
from jobs.models import Region, Role
from jobs.spec.generator import GeneratorSpec

LOOK_S = 1.5
"""So long one look lists, and the next one goes on where it stopped."""

ANEW = (
    "This storage lists out of order, so the list is read anew, page by page. It is counted from the"
    " beginning."
)
SEES_ALL = "The SQL filter looks at all rows together: how many it keeps is known once the job has prepared."
_FIRST_PAGE_S = 2.5
SHOWN = 10
_BLOCK_ROWS = 100_000
_SAMPLE_ROWS = 1_000


def look(found: Found, form: SourceForm, region: Region, role: Role, known: Found | None) -> None:
    """Goes on where a look at the same list stopped. Raises StorageError, ManifestError."""
    spec = cast(GeneratedForm, form).spec("")
    seen = _Seen(found)
    if known and known.place == found.place and known.checkpoint is not None:
        seen.go_on_from(known)
    until_s = time.monotonic() + LOOK_S

    def is_over() -> bool:
        """A page is waited for longer: without scripts nobody looks again by itself."""
        return time.monotonic() >= until_s + (0 if seen.pages else _FIRST_PAGE_S)

    reading = page_reading(region, role, _BLOCK_ROWS, is_over)
    with sql_filter.chosen(found, spec, reading) as also:
        if also is None:
            return
        until_s = time.monotonic() + LOOK_S
        asked = wanted(spec, reading, also)
        asked = dataclasses.replace(asked, keeps=seen.noting(asked.keeps))
        try:
            blocks = listed_blocks(asked, reading, found.checkpoint)
            _list(found, seen, blocks, is_over, len(asked.places))
        except ListAnewError as error:
            seen.begin_anew(error.checkpoint)
    if found.blocking:
        return
    _say(found, spec, seen, sees_all=bool(spec.filter_sql) and also is all_of_bucket)
    if seen.begins_anew:
        found.count_note = ANEW


def _list(
    found: Found,
    seen: "_Seen",
    blocks: Iterator[RowBlock],
    is_over: Callable[[], bool],
    places: int,
) -> None:
    with contextlib.closing(blocks):  # type: ignore[type-var]
        for block in blocks:
            seen.count(block.buckets, block.skipped)
            found.checkpoint = block.checkpoint
            if is_over() and not _is_end(block.checkpoint, places):
                return
    found.checkpoint = None


def _is_end(checkpoint: Any, places: int) -> bool:
    """Nothing of the last place is left, so that going on costs nothing."""
    return bool(checkpoint["place"] == places - 1 and checkpoint["within"].get("spans") == [])


def some_rows(form: SourceForm, found: Found, region: Region, role: Role) -> tuple[Rows, int]:
    """The first ones that are listed. Raises StorageError, ManifestError."""
    reading = page_reading(region, role, _SAMPLE_ROWS, lambda: True)
    asked = wanted(cast(GeneratedForm, form).spec(""), reading)
    with contextlib.closing(listed_blocks(asked, reading)) as blocks:  # type: ignore[type-var]
        for block in blocks:
            if block.rows.rows:
                rows = taken_apart(block.rows)
                every = max(1, len(rows) // 100)
                return Rows.of([rows.row(n) for n in range(0, len(rows), every)]), len(rows)
    return Rows([], [], [], []), 0


@dataclasses.dataclass(slots=True)
class _Seen:
    found: Found
    total: int = 0
    skipped: int = 0
    pages: int = 0
    begins_anew: bool = False

    def go_on_from(self, known: Found) -> None:
        self.found.rows, self.found.buckets = known.rows, dict(known.buckets)
        self.found.checkpoint = known.checkpoint
        self.total = known.rows_estimated or 0
        self.skipped, self.found.looks = known.skipped, known.looks + 1
        self.found.listed_bytes, self.found.sql = known.listed_bytes, known.sql

    def begin_anew(self, checkpoint: Any) -> None:
        """With the next look; what was seen so far may come again."""
        self.found.rows, self.found.buckets, self.found.listed_bytes = [], {}, 0
        self.total, self.skipped = 0, 0
        self.found.checkpoint, self.begins_anew = checkpoint, True

    def noting(self, keeps_of: Callable[[str], Keeps]) -> Callable[[str], Keeps]:
        """The same, and what is kept first goes to the rows that are shown."""

        def noting_of(bucket: str) -> Keeps:
            keeps = keeps_of(bucket)

            def noted(page: list[Listed]) -> list[Listed]:
                self.pages += 1
                kept = keeps(page)
                self.found.listed_bytes += sum(one.size_bytes for one in kept)
                room = SHOWN - len(self.found.rows)
                self.found.rows += [_row(bucket, one) for one in kept[: max(0, room)]]
                return kept

            return noted

        return noting_of

    def count(self, buckets: dict[str, Any], skipped: Any) -> None:
        for bucket, (rows, _) in buckets.items():
            self.found.buckets[bucket] = self.found.buckets.get(bucket, 0) + rows
            self.total += rows
        self.skipped += sum(skipped.values())


def _row(bucket: str, one: Listed) -> dict[str, Any]:
    moment = datetime.fromtimestamp(one.last_modified_s, UTC)
    return {
        "bucket": bucket,
        "key": one.key,
        "version_id": one.version_id,
        "size_bytes": None if one.is_delete_marker else one.size_bytes,
        "modified": moment.isoformat(),
    }


def _say(found: Found, spec: GeneratorSpec, seen: _Seen, *, sees_all: bool) -> None:
    """`sees_all`: an SQL filter does, so that all of these may or may not be kept."""
    calls = calls_per_object(spec)
    found.has_version_ids = spec.names_versions
    found.skipped = seen.skipped
    if found.checkpoint is None and not calls and not sees_all:
        found.rows_exact = seen.total
    else:
        found.rows_estimated = seen.total
        found.bound = "least" if found.checkpoint is not None else "most"
        found.count_note = "Listing is not at its end." if found.bound == "least" else ""
    if calls:
        found.count_note += (
            f" Each of them is asked while the job prepares ({', '.join(calls)}), and only those that"
            " pass belong to the list."
        )
        found.bound = "most" if found.bound == "most" else "so far"
        requests = seen.total * len(calls)
        found.facts.append(["Requests to ask them", f"{requests:,}"])
    if sees_all:
        found.count_note += f" {SEES_ALL}"
        found.bound = "most" if found.bound == "most" else "so far"
    if seen.total:
        found.facts.append([SIZES, _size(found)])
    if seen.skipped:
        said = f"{seen.skipped:,}, listed only for an operation that deletes"
        found.facts.append(["Delete markers", said])
    if found.checkpoint is None and not seen.total:
        nothing = nothing_matches(spec).message
        found.problems.append(
            problem("empty", "Nothing matches", nothing, "", blocking=True, count=1)
        )


def _size(found: Found) -> str:
    about = "" if found.rows_exact is not None else f"{found.about} "
    return f"{about}{found.listed_bytes:,} bytes".strip()
