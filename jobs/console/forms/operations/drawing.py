"""What the template of an operation's form draws: the items of the form with their controls."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.forms.boundfield import BoundField

from jobs.console.forms.typed import Row, StepForm
from jobs.operations.fields import Field, NumberField, RowsField, TextField
from jobs.operations.form import Group, Item, More, Note, When


@dataclass(frozen=True, slots=True)
class Drawn:
    """`kind` is "field", "browse", "rows", "note", "when", "more", "group", or "own" for a field that names
    its template.
    """

    kind: str
    item: Item
    field: BoundField | None = None
    rows: Sequence[Row] = ()
    parts: "Sequence[Drawn]" = ()
    is_open: bool = False

    @property
    def is_optional(self) -> bool:
        return self.field is not None and not self.field.field.required

    @property
    def unit(self) -> str:
        return self.item.unit if isinstance(self.item, NumberField) else ""


def drawn(items: Sequence[Item], form: StepForm, standing_out: Collection[str]) -> list[Drawn]:
    """`standing_out` are the fields that are set or wrong, which nothing may fold away."""
    return [_drawn(item, form, standing_out) for item in items]


def _drawn(item: Item, form: StepForm, standing_out: Collection[str]) -> Drawn:
    match item:
        case Note():
            return Drawn("note", item)
        case When():
            return Drawn("when", item, parts=drawn(item.items, form, standing_out))
        case Group():
            return Drawn("group", item, parts=drawn(item.items, form, standing_out))
        case More():
            parts = drawn(item.items, form, standing_out)
            return Drawn("more", item, parts=parts, is_open=_stands_out(parts, standing_out))
        case RowsField():
            kind = "own" if item.template else "rows"
            return Drawn(kind, item, rows=form.rows_of(item.name))
        case _:
            return Drawn(_kind_of(item), item, field=form[item.name])


def _kind_of(field: Field) -> str:
    if field.template:
        return "own"
    return "browse" if isinstance(field, TextField) and field.browse else "field"


def _stands_out(parts: Sequence[Drawn], standing_out: Collection[str]) -> bool:
    return any(
        part.item.name in standing_out
        if isinstance(part.item, Field)
        else _stands_out(part.parts, standing_out)
        for part in parts
    )
