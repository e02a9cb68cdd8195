"""What kind of list a file's beginning shows, as the recipe that a person is offered. Pure."""

import contextlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from jobs.manifests.converting.encodings import encoding_of
from jobs.manifests.converting.recipe import CR, LF, Column, Keys, Recipe, Separator
from jobs.manifests.converting.records import Record, records
from jobs.manifests.opening import is_bucket_word, is_key_word, is_version_word
from jobs.manifests.problems import ManifestContentError
from jobs.manifests.rows import BUCKET_NAME

LOOKED_AT_ROWS = 1_000
MOST_SHARE_WRONG = 0.1
"""So many rows may have other columns than the rest: they are mended, not taken for another list."""

_UNENCODED = re.compile(r"[\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_COUNT = re.compile(r"\d{1,15}")
_VERSION = re.compile(r"[!-~]{1,1024}")
Rows = Sequence[Record]


def recognise(
    sample: bytes,
    *,
    complete: bool,
    separator: Separator | None = None,
    has_header: bool = False,
) -> Recipe:
    """`sample` is the file's beginning, all of it when `complete`; `separator` is what somebody says
    that parts its columns, `has_header` that the first row names them, whatever it says. Of a file
    that lists nothing the recipe means nothing: see `encodings.why_no_list`.
    """
    encoding = encoding_of(sample)
    text = sample[encoding.mark_bytes :].decode(encoding.name, "ignore")
    plain = Recipe(
        columns=(Column.KEY,),
        separator=Separator.NONE,
        encoding=encoding.name,
        mark_bytes=encoding.mark_bytes,
        line_end=CR if "\r" in text and "\n" not in text else LF,
    )
    lines = _rows(sample, plain, complete=complete)
    if separator is None:
        split = _split(sample, plain, lines, complete=complete)
    else:
        split = _parted_by(separator, plain, lines)
    rows = _rows(sample, split, complete=complete)
    return _with_keys(_with_columns(split, rows, has_header=has_header), rows)


def _rows(sample: bytes, recipe: Recipe, *, complete: bool) -> Rows:
    """Those that can be read, without the blank ones and one that the sample's end may have cut."""
    found: list[Record] = []
    with contextlib.suppress(ManifestContentError):
        for record in islice(records([sample], recipe), LOOKED_AT_ROWS):
            found.append(record)
    if not complete and len(found) < LOOKED_AT_ROWS:
        found = found[:-1]
    return [record for record in found if record.cells]


def _split(sample: bytes, plain: Recipe, lines: Rows, *, complete: bool) -> Recipe:
    """By the first sign that parts all rows alike; else by none."""
    if lines and all(is_uri(record.text.removeprefix('"')) for record in lines):
        return _parted_by(Separator.NONE, plain, lines)
    for separator in (Separator.COMMA, Separator.TAB, Separator.SEMICOLON, Separator.BAR):
        recipe = _parted_by(separator, plain, lines)
        rows = _rows(sample, recipe, complete=complete)
        counts = Counter(len(record.cells) for record in rows)
        columns, alike = counts.most_common(1)[0] if counts else (0, 0)
        if columns < 2 or len(rows) < len(lines) * (1 - MOST_SHARE_WRONG):
            continue
        if alike == len(rows) or (
            alike >= len(rows) * (1 - MOST_SHARE_WRONG) and _name_buckets(rows, columns)
        ):
            return recipe
    return _parted_by(Separator.NONE, plain, lines)


def _parted_by(separator: Separator, plain: Recipe, lines: Rows) -> Recipe:
    if separator is Separator.NONE:
        return replace(plain, quoted=_are_quoted(lines))
    return replace(plain, separator=separator, spaced=_is_spaced(lines, separator.sign))


def _is_spaced(lines: Rows, sign: str) -> bool:
    """Whether a space follows the first separator of each row."""
    firsts = [record.text.partition(sign)[2] for record in lines if sign in record.text]
    return bool(firsts) and all(rest.startswith(" ") for rest in firsts)


def _name_buckets(rows: Rows, columns: int) -> bool:
    """Whether rows begin with one of a few buckets, so that odd ones are faults and not other names."""
    names = {record.cells[0].strip() for record in rows if len(record.cells) == columns}
    return len(names) <= max(3, len(rows) // 10) and all(map(BUCKET_NAME.fullmatch, names))


def _with_columns(recipe: Recipe, rows: Rows, *, has_header: bool) -> Recipe:
    count = Counter(len(record.cells) for record in rows).most_common(1)[0][0] if rows else 1
    named = _named_columns(rows[0]) if len(rows) > 1 and len(rows[0].cells) == count else None
    uris = recipe.separator is Separator.NONE and len(rows) > 1 and is_uri(rows[1].text)
    if named and not uris:
        return replace(recipe, columns=named, header=True)
    body = rows[1:] if has_header else rows
    even = [record.cells for record in body if len(record.cells) == count]
    columns = _guessed_columns([list(cells) for cells in zip(*even, strict=True)])
    return replace(recipe, columns=columns, header=has_header)


def _named_columns(first: Record) -> tuple[Column, ...] | None:
    """From the first row, where it names columns: one of them is the key's."""
    columns: list[Column] = []
    for cell in first.cells:
        column = _column_named("".join(filter(str.isalnum, cell.casefold())))
        columns.append(Column.IGNORE if column in columns else column)
    return tuple(columns) if Column.KEY in columns else None


def _column_named(word: str) -> Column:
    if is_bucket_word(word):
        return Column.BUCKET
    if is_key_word(word):
        return Column.KEY
    return Column.VERSION_ID if is_version_word(word) else Column.IGNORE


def _guessed_columns(cells: list[list[str]]) -> tuple[Column, ...]:
    """By what stands in them: paths, or a bucket and a key, or a key alone."""
    if not cells:
        return (Column.KEY,)
    first, others = cells[0], cells[1:]
    if all(is_uri(cell) for cell in first):
        columns = [Column.URI]
    elif others and _are_buckets(first):
        columns = [Column.BUCKET, Column.KEY]
        others = others[1:]
    else:
        columns = [Column.KEY]
    last = len(others) == 1 and _are_versions(others[0])
    return (*columns, *([Column.VERSION_ID] if last else [Column.IGNORE] * len(others)))


def _are_buckets(cells: list[str]) -> bool:
    """All that are filled; an empty one is a row to be mended."""
    written = [cell.strip() for cell in cells if cell.strip()]
    return bool(written) and all(map(BUCKET_NAME.fullmatch, written))


def _are_versions(cells: list[str]) -> bool:
    """Not sizes, dates or words with spaces; some may be empty."""
    written = [cell for cell in cells if cell]
    counts = bool(written) and all(map(_COUNT.fullmatch, written))
    return not counts and all(_VERSION.fullmatch(cell) for cell in written)


def _with_keys(recipe: Recipe, rows: Rows) -> Recipe:
    """How keys seem to be written. Names with no sign that tells are taken for what such a list
    usually holds: a manifest's are encoded, those of other lists are not.
    """
    place = next(n for n, column in enumerate(recipe.columns) if column in _HOLD_KEYS)
    body = rows[1:] if recipe.header else rows
    keys = [record.cells[place] for record in body if len(record.cells) == len(recipe.columns)]
    bad, escaped = any(map(_UNENCODED.search, keys)), any(map(_ESCAPE.search, keys))
    if bad:
        found = Keys.MIXED if escaped else Keys.NAMED
    elif escaped or Column.BUCKET in recipe.columns:
        found = Keys.ENCODED
    else:
        found = Keys.NAMED
    return replace(recipe, keys=found)


_HOLD_KEYS = (Column.KEY, Column.URI)


def is_uri(text: str) -> bool:
    return text[:5].lower() == "s3://"


def _are_quoted(lines: Rows) -> bool:
    texts = [record.text.strip() for record in lines]
    return bool(texts) and all(len(t) > 1 and t[0] == t[-1] == '"' for t in texts)
