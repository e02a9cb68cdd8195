"""What objects are asked for that no list tells: tags and metadata, by name and value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from jobs.spec.checking import Checker, given

MOST_PAIRS = 20
MOST_EXPRESSION = 1024


@dataclass(frozen=True, slots=True)
class Pair:
    """A tag or a piece of metadata that an object has, by its exact value or by a glob; with neither any
    value will do. `key` of metadata is without x-amz-meta-, and in small letters.
    """

    key: str
    value: str | None = None
    glob: str | None = None

    @classmethod
    def parse(cls, item: Any, field: str, check: Checker) -> Self:
        wire = check.structure(item, field)
        check.only(wire, ("Key", "Value", "Glob"), field)
        key = check.text(wire.get("Key"), f"{field}.Key", high=1024)
        if key is None and wire.get("Key") is None:
            check.say(f"{field}.Key", f"{field}.Key is missing.")
        value = check.text(wire.get("Value"), f"{field}.Value", low=0, high=2048)
        glob = check.text(wire.get("Glob"), f"{field}.Glob", high=MOST_EXPRESSION)
        if value is not None and glob is not None:
            check.say(f"{field}.Glob", f"{field} must have Value or Glob, not both.")
        return cls(key or "", value, glob)

    @classmethod
    def from_wire(cls, wire: Mapping[str, str]) -> Self:
        """Of what `to_wire` made."""
        return cls(wire["Key"], wire.get("Value"), wire.get("Glob"))

    def to_wire(self) -> dict[str, Any]:
        return given({"Key": self.key, "Value": self.value, "Glob": self.glob})


def pairs_of(value: Any, field: str, check: Checker, *, lower: bool = False) -> tuple[Pair, ...]:
    if value is None:
        return ()
    items = check.items(value, field)
    if not 1 <= len(items) <= MOST_PAIRS:
        check.say(field, f"{field} must have 1 to {MOST_PAIRS} entries, not {len(items):,}.")
    found = [Pair.parse(item, f"{field}[{n}]", check) for n, item in enumerate(items[:MOST_PAIRS])]
    return (
        tuple(Pair(one.key.lower(), one.value, one.glob) for one in found)
        if lower
        else tuple(found)
    )
