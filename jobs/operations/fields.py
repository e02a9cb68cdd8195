"""What an operation asks a person for, as data. Each field says how its value goes into the wire
parameters and comes out of them; how it looks is the doors' business.

A value is a text, a whole number or True, and for rows a list of texts by column. Typed values are
what somebody would have typed to get it: flat texts by the name of the control.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jobs.operations import wire as wires
from jobs.s3.arns import bucket_arn, parse_bucket_arn

Row = Mapping[str, str]
Wire = dict[str, Any]
Typed = dict[str, str]
ON = "on"
"""What a browser sends for a ticked box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`path` is its wire member, empty for what stays here. `template` draws the field where it
    needs more than its kind has, from `field` (or `rows`).
    """

    name: str
    label: str
    path: str = ""
    help_text: str = ""
    template: str = ""

    def to_wire(self, value: Any) -> Any:
        return value

    def from_wire(self, member: Any) -> str:
        return str(member)

    def write(self, value: Any, wire: Wire) -> None:
        """An empty value is no member."""
        if self.path and value is not None and value != "":
            wires.put(wire, self.path, self.to_wire(value))

    def typed_of(self, wire: Mapping[str, Any]) -> Typed:
        member = wires.get(wire, self.path) if self.path else None
        return {self.name: "" if member is None else self.from_wire(member)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(Field):
    """One line. `enter` asks for it where it is empty; without that it may be. `browse` is what
    Browse S3 looks for ("bucket", "folder", "object").
    """

    high: int = 2048
    enter: str = ""
    is_code: bool = False
    browse: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketField(TextField):
    """A bucket's name, on the wire its ARN."""

    high: int = 80
    browse: str = "bucket"

    def to_wire(self, value: Any) -> Any:
        return bucket_arn(value)

    def from_wire(self, member: Any) -> str:
        return parse_bucket_arn(member)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField(Field):
    """A whole number of `unit` ("days")."""

    low: int = 0
    high: int
    unit: str = ""
    initial: int | None = None
    enter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentField(Field):
    """A date and a time in UTC, such as 2030-01-02T03:04."""

    enter: str = ""

    def to_wire(self, value: Any) -> Any:
        return f"{datetime.fromisoformat(value).isoformat()}Z"

    def from_wire(self, member: Any) -> str:
        return datetime.fromisoformat(member).astimezone(UTC).replace(tzinfo=None).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchField(Field):
    """True or absent. `must` is what is said while it is not ticked and has to be."""

    must: str = ""

    def write(self, value: Any, wire: Wire) -> None:
        if self.path and value:
            wires.put(wire, self.path, True)

    def typed_of(self, wire: Mapping[str, Any]) -> Typed:
        is_on = bool(self.must) or (self.path and wires.get(wire, self.path) is True)
        return {self.name: ON} if is_on else {}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. It stands on the wire as `value`, or as the members that it `sets`. `where` is
    the member by whose presence it is known again, if neither tells.
    """

    value: str
    label: str
    sets: Mapping[str, Any] | None = None
    where: str = ""

    def is_in(self, wire: Mapping[str, Any]) -> bool:
        if self.sets is not None:
            return wires.holds(wire, self.sets)
        return bool(self.where) and wires.get(wire, self.where) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField(Field):
    """A list to choose from, or radio buttons. `choose` asks for it; without that it may be empty.

    Where more than one option is in the wire parameters, the last one is what was chosen.
    """

    options: tuple[Option, ...]
    initial: str = ""
    choose: str = ""
    is_radio: bool = False

    def write(self, value: Any, wire: Wire) -> None:
        option = next((option for option in self.options if option.value == value), None)
        if option and option.sets is not None:
            wires.merge(wire, option.sets)
        elif option and option.value and self.path:
            wires.put(wire, self.path, option.value)

    def typed_of(self, wire: Mapping[str, Any]) -> Typed:
        member = wires.get(wire, self.path) if self.path else None
        chosen = [option.value for option in self.options if option.is_in(wire)]
        return {self.name: str(member or "") or (chosen or [self.initial])[-1]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionField(Field):
    """One of the installation's Regions, on the wire its slug. `own` stands for none."""

    own: str


def options_of(labels: Mapping[str, str]) -> tuple[Option, ...]:
    """From values and their labels."""
    return tuple(Option(value, label) for value, label in labels.items())


@dataclass(frozen=True, slots=True)
class Column:
    """A cell of each row: `path` within the row's structure. With `options` it is a list to choose
    from. A text is stripped unless it `keeps_spaces`.
    """

    name: str
    label: str
    path: str
    options: tuple[Option, ...] = ()
    keeps_spaces: bool = False
    may_be_absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsField(Field):
    """A list of structures, a row for each; `add` stands on the button. `enter` is what is said
    while there is none and there has to be one. A row whose texts are empty is none.
    """

    columns: tuple[Column, ...]
    most: int
    add: str
    enter: str = ""

    @property
    def first_text(self) -> str:
        """The column in which a row begins to be one."""
        return next(column.name for column in self.columns if not column.options)

    def write(self, value: Any, wire: Wire) -> None:
        if value:
            wires.put(wire, self.path, [self._structure_of(row) for row in value])

    def _structure_of(self, row: Row) -> Wire:
        structure: Wire = {}
        for column in self.columns:
            if row[column.name] or not column.may_be_absent:
                wires.put(structure, column.path, row[column.name])
        return structure

    def rows_of(self, wire: Mapping[str, Any]) -> list[Typed]:
        return [
            {column.name: str(wires.get(item, column.path) or "") for column in self.columns}
            for item in wires.get(wire, self.path) or ()
        ]

    def typed_of(self, wire: Mapping[str, Any]) -> Typed:
        return {
            f"{self.name}-{n}-{part}": text
            for n, row in enumerate(self.rows_of(wire))
            for part, text in row.items()
        }

    def problems(self, rows: Sequence[Row]) -> list[tuple[int, str, str]]:
        """Row, column and sentence of what the operation would not notice."""
        return []

    def cell_at(self, inside: str, rows: Sequence[Row]) -> tuple[int, str]:
        """Row and column of a path behind the field's own, such as `[1].Key`."""
        number, _, rest = inside.partition("[")[2].partition("]")
        names = [column.name for column in self.columns if rest == f".{column.path}"]
        is_row = number.isdecimal() and int(number) < len(rows)
        return int(number) if is_row else 0, (names or [self.first_text])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsField(RowsField):
    columns: tuple[Column, ...] = (
        Column("key", "Key", "Key"),
        Column("value", "Value", "Value", keeps_spaces=True),
    )
    most: int = 10
    add: str = "Add tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataField(RowsField):
    """Names and values, on the wire a mapping; upper and lower case make no two names."""

    columns: tuple[Column, ...] = (
        Column("key", "Name", ""),
        Column("value", "Value", "", keeps_spaces=True),
    )
    most: int = 50
    add: str = "Add metadata"

    def write(self, value: Any, wire: Wire) -> None:
        if value:
            wires.put(wire, self.path, {row["key"]: row["value"] for row in value})

    def rows_of(self, wire: Mapping[str, Any]) -> list[Typed]:
        entries = wires.get(wire, self.path) or {}
        return [{"key": name, "value": text} for name, text in entries.items()]

    def problems(self, rows: Sequence[Row]) -> list[tuple[int, str, str]]:
        names = [row["key"].lower() for row in rows]
        found = []
        for n, row in enumerate(rows):
            if not row["key"]:
                found.append((n, "key", "Enter the name of this metadata."))
            elif names.count(row["key"].lower()) > 1:
                found.append((n, "key", f'"{row["key"]}" is entered twice. Remove one.'))
        return found

    def cell_at(self, inside: str, rows: Sequence[Row]) -> tuple[int, str]:
        name = inside.partition("[")[2].removesuffix("]")
        found = [n for n, row in enumerate(rows) if row["key"] == name]
        return (found or [0])[0], "key"
