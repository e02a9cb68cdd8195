"""A conversion as a person should see it before it is made: its first rows, before and after. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from jobs.manifests.converting.convert import Counts, Line, converted
from jobs.manifests.converting.recipe import Recipe
from jobs.manifests.converting.records import Record, records
from jobs.manifests.keys import decode_key
from jobs.manifests.problems import ManifestContentError

ROWS_SHOWN = 10
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """A row before and after; `key` is the key that the job then acts on."""

    line: int
    before: str
    after: str
    key: str


@dataclass(slots=True)
class Shown:
    """`counts` are of what was read, `complete` or not. `error` says why the conversion would stop."""

    complete: bool
    pairs: list[Pair] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    error: str = ""
    cells: list[list[str]] = field(default_factory=list)
    """The first rows as they are taken apart, a header included: what columns are chosen by."""


def show(sample: bytes, recipe: Recipe, *, complete: bool) -> Shown:
    """`sample` is the list's beginning, all of it when `complete`. Raises nothing for content."""
    shown = Shown(complete)
    whole = sample if complete else _whole_lines(sample, recipe)
    try:
        shown.cells = [record.cells for record in islice(_written(whole, recipe), 3)]
        if problem := recipe.problem():
            shown.error = problem
            return shown
        for record, line in converted([whole], recipe, shown.counts):
            if len(shown.pairs) < ROWS_SHOWN:
                shown.pairs.append(_pair(record, line))
    except ManifestContentError as error:
        shown.error = error.message
    if complete and not shown.counts.rows and not shown.error:
        shown.error = "The list names no object."
    return shown


def _written(sample: bytes, recipe: Recipe) -> Iterator[Record]:
    return (record for record in records([sample], recipe) if record.cells)


def _whole_lines(sample: bytes, recipe: Recipe) -> bytes:
    """Up to the last line end: what follows was cut by the sample's end."""
    end = recipe.line_end.encode(recipe.encoding)
    place = sample.rfind(end)
    while place > 0 and (place - recipe.mark_bytes) % len(end):
        place = sample.rfind(end, 0, place + len(end) - 1)
    return sample[: place + len(end)] if place >= 0 else sample


def _pair(record: Record, line: Line) -> Pair:
    before = record.text
    return Pair(record.line, _short(before), _short(line.text), _short(decode_key(line.raw_key)))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
