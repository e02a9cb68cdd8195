"""The settings of an operation as a page shows them: fields, what is said between them, and which
of them count only when something else was chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.operations.fields import ON, ChoiceField, Field, SwitchField, Typed, Wire


@dataclass(frozen=True, slots=True)
class Note:
    text: str


@dataclass(frozen=True, slots=True)
class When:
    """Items that count while the field `of` has one of `values`, a ticked box the value "on". They
    follow that field at once, so that whoever draws them needs no script to hide them.
    """

    of: str
    values: tuple[str, ...]
    items: "tuple[Item, ...]"


@dataclass(frozen=True, slots=True)
class More:
    """Folded away until something in it is set, or wrong."""

    summary: str
    items: "tuple[Item, ...]"


@dataclass(frozen=True, slots=True)
class Group:
    """Fields below a heading of their own; without one they stand side by side."""

    legend: str
    items: "tuple[Item, ...]"
    help_text: str = ""


Item = Field | Note | When | More | Group


@dataclass(frozen=True, slots=True)
class Form:
    """Raises ValueError where it does not fit together."""

    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("Two fields have the same name.")
        _check_order(self.items)

    @property
    def fields(self) -> list[Field]:
        """In the order of the page."""
        return list(_fields_of(self.items, None))

    def used(self, values: Mapping[str, Any]) -> list[Field]:
        """Those that count with these values."""
        return list(_fields_of(self.items, values))

    def to_wire(self, values: Mapping[str, Any]) -> Wire:
        """`values` by the names of the fields; those of rows are lists of texts by column."""
        wire: Wire = {}
        for field in self.used(values):
            field.write(values.get(field.name), wire)
        return wire

    def typed_of(self, wire: Mapping[str, Any]) -> Typed:
        """What somebody would have typed to get these parameters, as far as there are fields."""
        typed: Typed = {}
        for field in self.fields:
            typed |= field.typed_of(wire)
        return typed

    def at(self, path: str) -> tuple[Field, str] | None:
        """The field that a path such as `TagSet[1].Key` is about, and the path inside of it."""
        for field in self.fields:
            inside = path.removeprefix(field.path) if field.path else path
            if inside != path and (not inside or inside[0] in ".["):
                return field, inside
        member = path.partition(".")[0].partition("[")[0]
        for field in self.fields:
            options = field.options if isinstance(field, ChoiceField) else ()
            if any(member in (option.sets or ()) for option in options):
                return field, ""
        return None


def _fields_of(items: Sequence[Item], values: Mapping[str, Any] | None) -> Iterator[Field]:
    """All of them where there are no values."""
    for item in items:
        if isinstance(item, Field):
            yield item
        elif not isinstance(item, Note) and _counts(item, values):
            yield from _fields_of(item.items, values)


def _counts(item: When | More | Group, values: Mapping[str, Any] | None) -> bool:
    if isinstance(item, More | Group) or values is None:
        return True
    value = values.get(item.of)
    return (ON if value is True else value) in item.values


def _check_order(items: Sequence[Item]) -> None:
    above: Field | None = None
    for item in items:
        if isinstance(item, When):
            if above is None or above.name != item.of or set(item.values) - _values_of(above):
                raise ValueError(f"What depends on {item.of} does not follow such a field.")
        else:
            above = item if isinstance(item, Field) else None
        if isinstance(item, When | More | Group):
            _check_order(item.items)


def _values_of(field: Field) -> set[str]:
    if isinstance(field, ChoiceField):
        return {option.value for option in field.options}
    return {ON} if isinstance(field, SwitchField) else set()
