"""What a `+` in a key stands for, where nobody said it: itself, or a space.

Inventories and programs that encode as forms do write a space as `+`; others leave a plus as it is. A
list does not say which, but the bucket may: see docs/manifests.md, Plus signs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from jobs.choices import ManifestFormat, Risk
from jobs.errors import StorageError
from jobs.manifests.frozen_list import VERSION_ID, Frozen, taken_apart
from jobs.manifests.keys import decode_key, spaced
from jobs.manifests.presence import Presence, presence
from jobs.manifests.problems import ProblemKind, RowFaultError, quoted
from jobs.manifests.rows import Row
from jobs.s3.storage import Storage
from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_list import ListSpec

SWITCH = '"+ is a space"'
SPREAD = 3
"""The first `+` is asked about, the third, the ninth and so on: of a thousand million that is twenty."""

HARMFUL = frozenset({Risk.DESTRUCTIVE, Risk.IRREVERSIBLE})
"""Operations of such a risk are never run on a guess."""


@dataclass(frozen=True, slots=True)
class BothReadings:
    """Of one key with a `+`: what it is with the switch off and on, and whether there is such an object."""

    bucket: str
    raw_key: str
    off: str
    on: str
    off_is: Presence
    on_is: Presence

    @property
    def is_only_the_other(self) -> bool:
        """Nobody who left the switch alone meant this."""
        return self.off_is is Presence.ABSENT and self.on_is is Presence.THERE

    def needs_answer(self, *, is_destructive: bool) -> bool:
        """Whether nothing may run before somebody said what a `+` stands for."""
        return self.is_only_the_other or (is_destructive and self._may_hit_another)

    @property
    def _may_hit_another(self) -> bool:
        """Both are there, or one of them cannot be seen."""
        both = self.off_is is Presence.THERE and self.on_is is Presence.THERE
        return both or Presence.HIDDEN in (self.off_is, self.on_is)


def is_open(manifest: ListSpec) -> bool:
    """Whether it may hold a `+` of which nobody said what it stands for."""
    return (
        isinstance(manifest, ManifestSpec)
        and manifest.format == ManifestFormat.CSV
        and manifest.plus_is_space is None
    )


def both_readings(row: Row, ask: Callable[[str], Presence]) -> BothReadings:
    """Of a row that was read with the switch off; `ask` tells of a key of its bucket."""
    other = decode_key(spaced(row.raw_key))
    return BothReadings(row.bucket, row.raw_key, row.key, other, ask(row.key), ask(other))


def look(row: Row, storage: Callable[[str], Storage]) -> BothReadings:
    """Raises StorageUnavailableError."""
    try:
        found = storage(row.bucket)
    except StorageError:
        return both_readings(row, lambda key: Presence.HIDDEN)
    ask = partial(_presence, found, row)
    return both_readings(row, ask)


def _presence(storage: Storage, row: Row, key: str) -> Presence:
    return presence(storage, row.bucket, key, row.version_id)


def asked_about(block: Frozen, seen: int) -> tuple[list[tuple[int, Row]], int]:
    """Rows of a block with their places in it, a few spread over all that have a `+` in their key, and
    how many signs there are; `seen` were before. A key with several is as likely as others with few.
    """
    if b"+" not in block.text:
        return [], 0
    text, rows = block.text, None
    if VERSION_ID in block.fields:
        # A version ID may have one, too.
        rows = taken_apart(block)
        text = "\n".join([*rows.raw_keys, ""]).encode()
    signs = text.count(b"+")
    numbers = _few(seen, seen + signs)
    if not numbers:
        return [], signs
    rows = rows or taken_apart(block)
    places = {text.count(b"\n", 0, _sign(text, number - seen)) for number in numbers}
    return [(place, rows.row(place)) for place in sorted(places)], signs


def _sign(text: bytes, number: int) -> int:
    """Where the sign of that number stands, counted from 1."""
    place = -1
    for _ in range(number):
        place = text.find(b"+", place + 1)
    return place


def _few(above: int, most: int) -> list[int]:
    number, few = 1, []
    while number <= most:
        if number > above:
            few.append(number)
        number *= SPREAD
    return few


def unsaid(readings: BothReadings) -> RowFaultError:
    """Why nothing may run before somebody said what a `+` stands for."""
    off = f"with {SWITCH} off it is {quoted(readings.off)}, which {readings.off_is}"
    on = f"with it on it is {quoted(readings.on)}, which {readings.on_is}"
    return RowFaultError(
        ProblemKind.PLUS_SIGN,
        f"names the key {quoted(readings.raw_key)}: {off}; {on}.",
        f"Say which is meant: set {SWITCH} (BatchConsole.PlusIsSpace) for this manifest to true or false.",
    )
