"""Rows that name tags or metadata which objects must have, with a value or a glob."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.console.forms.typed import Typed
from jobs.operations.fields import Column, Option, RowsField, Wire
from jobs.spec.pairs import MOST_PAIRS, Pair

IS, LIKE, ANY = "is", "like", "any"
_HOW = (Option(IS, "Is"), Option(LIKE, "Is like"), Option(ANY, "Any"))


class OwnRows(RowsField):
    """Rows that a form writes into the wire form itself, since they stand at several places of it."""

    def write(self, value: Any, wire: Wire) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRows(OwnRows):
    columns: tuple[Column, ...] = (
        Column("key", "Name", "Key"),
        Column("how", "Value", "How", options=_HOW),
        Column("value", "Text", "Value", keeps_spaces=True),
    )
    most: int = MOST_PAIRS
    template: str = ""

    @property
    def first_text(self) -> str:
        return "key"

    def problems(self, rows: Any) -> list[tuple[int, str, str]]:
        return [
            (n, "key", "Enter the name that objects must have.")
            for n, row in enumerate(rows)
            if not row["key"]
        ]


def pair_of(row: Mapping[str, str]) -> Wire:
    """In its wire form."""
    member = {IS: "Value", LIKE: "Glob"}.get(row["how"])
    return {"Key": row["key"]} | ({member: row["value"]} if member else {})


def typed_pairs(name: str, pairs: Iterable[Pair]) -> Typed:
    """What somebody would have typed into the rows of this name."""
    return typed_rows(name, map(_row, pairs))


def typed_rows(name: str, rows: Iterable[Mapping[str, str]]) -> Typed:
    return {f"{name}-{n}-{part}": text for n, row in enumerate(rows) for part, text in row.items()}


def _row(pair: Pair) -> dict[str, str]:
    how = LIKE if pair.glob is not None else IS
    how = ANY if pair.glob is None and pair.value is None else how
    return {"key": pair.key, "how": how, "value": pair.glob or pair.value or ""}
