"""Rows of a filter's result as blocks for the frozen list, each row checked as in any list."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests.frozen_list import BUCKET, KEY, NUL, BucketsOfBlock, Frozen, Rows, frozen
from jobs.manifests.keys import AS_WRITTEN, KeyRules
from jobs.manifests.layout import layout_of
from jobs.manifests.left_out import DELETE_MARKERS
from jobs.manifests.lines import MAX_LINE_BYTES
from jobs.manifests.plain_text import look_at
from jobs.manifests.rows import Row, row_parser
from jobs.manifests.source import Checkpoint, Place, RowBlock
from jobs.manifests.sql.frames import Cells

_BARE = (ManifestField.BUCKET, ManifestField.KEY)
_VERSIONED = (*_BARE, ManifestField.VERSION_ID)


@dataclass(frozen=True, slots=True)
class Keys:
    """How the keys of a result read. With `are_plain` they are no URL-encoding, and are encoded once."""

    rules: KeyRules = AS_WRITTEN
    are_plain: bool = False

    def encoded(self, cells: Cells) -> Cells:
        if not self.are_plain:
            return cells
        return [cells[0], [quote(key, safe="/") for key in cells[1]], *cells[2:]]


@dataclass(slots=True)
class Waiting:
    """Rows of several parts until there are enough for a block; each has its place, and `ats` say in
    which part it is. `kept` counts all rows that went into blocks, since the list's beginning.
    """

    keys: Keys
    rows_per_block: int
    kept: int = 0
    skipped: int = 0
    _cells: Cells = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)
    _places: list[Place] = field(default_factory=list)
    _ats: list[Checkpoint] = field(default_factory=list)

    def feed(self, cells: Cells, rows: list[int], places: list[Place], at: Checkpoint) -> None:
        if self._cells:
            for mine, new in zip(self._cells, cells, strict=True):
                mine.extend(new)
        else:
            self._cells = cells
        self._rows += rows
        self._places += places
        self._ats += [at] * len(rows)

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a row nor a number to be told."""
        return not self._rows and not self.skipped

    def full(self) -> Iterator[RowBlock]:
        while len(self._rows) >= self.rows_per_block:
            count = self.rows_per_block
            yield self._block(count, self._ats[count - 1], self._rows[count - 1])

    def cut_short(self, behind: Checkpoint, place: Place) -> RowBlock:
        """What waits, and the part with which the list goes on; the block may have no rows."""
        if self._rows:
            return self._block(len(self._rows), behind, 0)
        checkpoint = {"at": behind, "row": 0, "kept": self.kept}
        empty = Frozen(b"", 0, (BUCKET, KEY), NUL)
        return RowBlock(empty, place, checkpoint, {}, self._taken())

    def _block(self, count: int, at: Checkpoint, row: int) -> RowBlock:
        self.kept += count
        block = block_of(
            [column[:count] for column in self._cells],
            self._places[:count],
            {"at": at, "row": row, "kept": self.kept},
            self.keys,
            self._taken(),
        )
        self._cells = [column[count:] for column in self._cells]
        del self._rows[:count], self._places[:count], self._ats[:count]
        return block

    def _taken(self) -> dict[str, int]:
        skipped, self.skipped = self.skipped, 0
        return counted_markers(skipped)


def counted_markers(rows: int) -> dict[str, int]:
    return {DELETE_MARKERS: rows} if rows else {}


def block_of(
    cells: Cells,
    places: list[Place],
    checkpoint: Checkpoint,
    keys: Keys,
    skipped: dict[str, int] | None = None,
) -> RowBlock:
    """`cells` are buckets, keys and, where the result has them, version IDs. Raises ManifestError for
    the first row that no list may have.
    """
    found, buckets = _checked(keys.encoded(cells), places, keys.rules)
    placed = {name: (n, places[index]) for name, (n, index) in buckets.items()}
    return RowBlock(found, places[0], checkpoint, placed, skipped or {}, at=places.__getitem__)


def _checked(cells: Cells, places: list[Place], rules: KeyRules) -> tuple[Frozen, BucketsOfBlock]:
    fields = _VERSIONED if len(cells) == 3 else _BARE
    text = "".join([f"{line}\n" for line in map(",".join, zip(*cells, strict=True))]).encode()
    plain = look_at(text, layout_of(fields), most_line_bytes=MAX_LINE_BYTES, rules=rules)
    if plain and len(plain.ends) == len(places):
        return plain.cut(0, len(places))
    rows = [
        _parsed(row, place, row_parser(fields, rules))
        for place, row in zip(places, zip(*cells, strict=True), strict=True)
    ]
    buckets = [row.bucket for row in rows]
    counted = Counter(buckets)
    return frozen(Rows.of(rows)), {name: (n, buckets.index(name)) for name, n in counted.items()}


def _parsed(row: tuple[str, ...], place: Place, parse: Callable[[bytes, int], Row]) -> Row:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in row).encode()
    try:
        return parse(line, place.line)
    except ManifestError as error:
        message = error.message.replace(f"Line {place.line} ", f"{place} ", 1)
        raise ManifestError(error.code, message, line=place.line, file=place.file) from None
