"""A form made of fields that are data (jobs/operations/fields.py): typed values to wire members and
back, and what a template draws.
"""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from jobs.console.forms.operations.controls import control_of, rows_of, shows_of
from jobs.console.forms.operations.drawing import Drawn, drawn
from jobs.console.forms.typed import StepForm, Typed
from jobs.operations.fields import ChoiceField, Field, RowsField
from jobs.operations.form import Form

F = TypeVar("F", bound="FieldsForm")


class FieldsForm(StepForm):
    """Made of what is `asked`, see `asking`. Further controls may stand before them."""

    asked: ClassVar[Form]

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        if typed is not None:
            typed = _initial_choices(self.asked) | typed
        super().__init__(typed, **options)
        self.order_fields([n for f in self.asked.fields for n in self.controls_of(f)])

    def controls_of(self, field: Field) -> list[str]:
        """Of rows those of all cells."""
        if isinstance(field, RowsField):
            return [name for name in self.fields if name.startswith(f"{field.name}-")]
        return [field.name]

    def wire(self) -> dict[str, Any]:
        """The wire structure as JSON, from cleaned values."""
        return self.asked.to_wire(self.values())

    def values(self) -> dict[str, Any]:
        return {
            field.name: [row for _, row in self.filled_rows(field.name)]
            if isinstance(field, RowsField)
            else self.cleaned_data.get(field.name)
            for field in self.asked.fields
        }

    def check_fields(self) -> None:
        """What Django does not look at; for `clean`."""
        self._forgive_what_is_not_used()
        for field in self.asked.used(self.values()):
            if isinstance(field, RowsField):
                self._check_rows(field)

    def _forgive_what_is_not_used(self) -> None:
        """Values that another choice ignores stay as they are, right or wrong."""
        used = self.asked.used(self.values())
        unused = [n for f in self.asked.fields if f not in used for n in self.controls_of(f)]
        for name in unused:
            if name in self.errors:
                del self.errors[name]
                self.cleaned_data[name] = ""

    def _check_rows(self, field: RowsField) -> None:
        filled = self.filled_rows(field.name)
        if field.enter and not filled and not self.is_wrong(field):
            self.add_error(f"{field.name}-0-{field.first_text}", field.enter)
        for n, part, message in field.problems([row for _, row in filled]):
            self.add_error(f"{field.name}-{filled[n][0]}-{part}", message)

    def is_wrong(self, field: Field) -> bool:
        return any(name in self.errors for name in self.controls_of(field))

    def add_problem(self, path: str, message: str) -> None:
        """At its field, in the words of the page instead of the wire's."""
        name = self.field_of(path)
        field = name if name in self.fields else next(iter(self.fields))
        label = str(self.fields[field].label)
        self.add_error(field, message.replace(path, label, 1) if path else message)

    @property
    def at_none(self) -> str:
        """The control of a problem that is about none of the fields."""
        return next(iter(self.fields))

    def field_of(self, path: str) -> str:
        """The control that a path such as `TagSet[1].Key` is about."""
        field, inside = self.asked.at(path) or (None, "")
        if field is None:
            return self.at_none
        if not isinstance(field, RowsField):
            return field.name
        filled = self.filled_rows(field.name)  # who has the path counts these, the page counts all
        n, part = field.cell_at(inside, [row for _, row in filled])
        return f"{field.name}-{filled[n][0] if filled else 0}-{part}"

    @property
    def parts(self) -> list[Drawn]:
        return drawn(self.asked.items, self, self._standing_out())

    def _standing_out(self) -> set[str]:
        """Fields that are wrong, or count and have another value than at first."""
        if not self.is_bound:
            return set()
        changed = {field.name for field in self.asked.used(self.data) if self._is_changed(field)}
        return changed | {field.name for field in self.asked.fields if self.is_wrong(field)}

    def _is_changed(self, field: Field) -> bool:
        if isinstance(field, RowsField):
            rows = self.rows_named(field.name)
            return any(map(rows.is_filled, rows.read(self.data)))
        initial = self.fields[field.name].initial
        return str(self.data.get(field.name, "")) != str("" if initial is None else initial)


def _initial_choices(asked: Form) -> Typed:
    """What is chosen where a draft does not say: a choice that came after it was saved."""
    return {field.name: field.initial for field in asked.fields if isinstance(field, ChoiceField)}


def asking(asked: Form) -> Callable[[type[F]], type[F]]:
    """Gives the form that is decorated these fields."""
    shows = shows_of(asked.items)
    controls = {
        field.name: control_of(field, shows.get(field.name, {}))
        for field in asked.fields
        if not isinstance(field, RowsField)
    }
    rows = tuple(rows_of(field) for field in asked.fields if isinstance(field, RowsField))

    def decorate(form: type[F]) -> type[F]:
        form.asked, form.rows = asked, rows
        form.base_fields = form.declared_fields = {**form.base_fields, **controls}
        return form

    return decorate
