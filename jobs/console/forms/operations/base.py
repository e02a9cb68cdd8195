"""The settings of one operation as a form: typed values to wire parameters and back."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.utils import timezone

from jobs.console.forms.operations.controls import control_of, rows_of, shows_of
from jobs.console.forms.operations.drawing import Drawn, drawn
from jobs.console.forms.typed import StepForm, Typed
from jobs.errors import ValidationFailedError
from jobs.lifecycle.connected import unconnected
from jobs.operations.base import Operation
from jobs.operations.fields import ChoiceField, Field, RowsField


class OperationForm(StepForm):
    """Made of what the operation says of its form, see `form_of`. The operation itself has the
    last word on what is right.
    """

    operation: ClassVar[type[Operation]]

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        if not self.operation.form.fields:
            typed = typed or {}  # nothing has to be entered before it is right
        if typed is not None:
            typed = _initial_choices(self.operation) | typed
        super().__init__(typed, **options)
        self.order_fields([n for f in self.operation.form.fields for n in self._controls_of(f)])

    def _controls_of(self, field: Field) -> list[str]:
        """Of rows those of all cells."""
        if isinstance(field, RowsField):
            return [name for name in self.fields if name.startswith(f"{field.name}-")]
        return [field.name]

    def parameters(self) -> dict[str, Any]:
        """The wire structure as JSON, from cleaned values."""
        return self.operation.form.to_wire(self._values())

    def _values(self) -> dict[str, Any]:
        return {
            field.name: [row for _, row in self.filled_rows(field.name)]
            if isinstance(field, RowsField)
            else self.cleaned_data.get(field.name)
            for field in self.operation.form.fields
        }

    @classmethod
    def typed_of(cls, parameters: Mapping[str, Any]) -> Typed:
        """What somebody would have typed to get these parameters; for clones."""
        return cls.operation.form.typed_of(parameters)

    def parsed(self) -> Operation:
        """Raises ValidationFailedError."""
        return self.operation.parse(self.parameters())

    def clean(self) -> dict[str, Any]:
        self._forgive_what_is_not_used()
        for field in self.operation.form.used(self._values()):
            if isinstance(field, RowsField):
                self._check_rows(field)
        if self.errors:
            return self.cleaned_data
        try:
            parsed = self.parsed()
            problems = [*parsed.too_late(timezone.now()), *unconnected(parsed)]
        except ValidationFailedError as error:
            problems = error.problems
        for problem in problems:
            self.add_problem(problem.field, problem.message)
        return self.cleaned_data

    def _forgive_what_is_not_used(self) -> None:
        """Values that another choice ignores stay as they are, right or wrong."""
        form = self.operation.form
        used = form.used(self._values())
        unused = [name for f in form.fields if f not in used for name in self._controls_of(f)]
        for name in unused:
            if name in self.errors:
                del self.errors[name]
                self.cleaned_data[name] = ""

    def _check_rows(self, field: RowsField) -> None:
        filled = self.filled_rows(field.name)
        if field.enter and not filled and not self._is_wrong(field):
            self.add_error(f"{field.name}-0-{field.first_text}", field.enter)
        for n, part, message in field.problems([row for _, row in filled]):
            self.add_error(f"{field.name}-{filled[n][0]}-{part}", message)

    def _is_wrong(self, field: Field) -> bool:
        return any(name in self.errors for name in self._controls_of(field))

    def add_problem(self, path: str, message: str) -> None:
        """At its field, in the words of the page instead of the wire's."""
        name = self.field_of(path)
        field = name if name in self.fields else next(iter(self.fields))
        label = str(self.fields[field].label)
        self.add_error(field, message.replace(path, label, 1) if path else message)

    def field_of(self, path: str) -> str:
        """The control that a path such as `TagSet[1].Key` is about; the operation's own where it
        is about none.
        """
        field, inside = self.operation.form.at(path) or (None, "")
        if field is None:
            return f"operation-{self.operation.name}"
        if not isinstance(field, RowsField):
            return field.name
        filled = self.filled_rows(field.name)  # the operation counts these, the page counts all
        n, part = field.cell_at(inside, [row for _, row in filled])
        return f"{field.name}-{filled[n][0] if filled else 0}-{part}"

    @property
    def parts(self) -> list[Drawn]:
        return drawn(self.operation.form.items, self, self._standing_out())

    def _standing_out(self) -> set[str]:
        """Fields that are wrong, or count and have another value than at first."""
        if not self.is_bound:
            return set()
        form = self.operation.form
        changed = {field.name for field in form.used(self.data) if self._is_changed(field)}
        return changed | {field.name for field in form.fields if self._is_wrong(field)}

    def _is_changed(self, field: Field) -> bool:
        if isinstance(field, RowsField):
            rows = self.rows_named(field.name)
            return any(map(rows.is_filled, rows.read(self.data)))
        initial = self.fields[field.name].initial
        return str(self.data.get(field.name, "")) != str("" if initial is None else initial)


def _initial_choices(operation: type[Operation]) -> Typed:
    """What is chosen where a draft does not say: a choice that came after it was saved."""
    return {
        field.name: field.initial
        for field in operation.form.fields
        if isinstance(field, ChoiceField)
    }


def form_of(operation: type[Operation]) -> type[OperationForm]:
    fields = operation.form.fields
    shows = shows_of(operation.form.items)
    controls = {
        field.name: control_of(field, shows.get(field.name, {}))
        for field in fields
        if not isinstance(field, RowsField)
    }
    rows = tuple(rows_of(field) for field in fields if isinstance(field, RowsField))
    about = {"operation": operation, "rows": rows}
    form = type(f"{operation.__name__}Form", (OperationForm,), {**controls, **about})
    return cast(type[OperationForm], form)
