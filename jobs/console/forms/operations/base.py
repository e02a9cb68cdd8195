"""The settings of one operation as a form: typed values to wire parameters and back."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.utils import timezone

from jobs.console.forms.fields_form import FieldsForm, asking
from jobs.console.forms.typed import Typed
from jobs.errors import ValidationFailedError
from jobs.lifecycle.connected import unconnected
from jobs.operations.base import Operation


class OperationForm(FieldsForm):
    """Made of what the operation says of its form, see `form_of`. The operation itself has the
    last word on what is right.
    """

    operation: ClassVar[type[Operation]]

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        if not self.operation.form.fields:
            typed = typed or {}  # nothing has to be entered before it is right
        super().__init__(typed, **options)

    @classmethod
    def typed_of(cls, parameters: Mapping[str, Any]) -> Typed:
        """What somebody would have typed to get these parameters; for clones."""
        return cls.operation.form.typed_of(parameters)

    def parsed(self) -> Operation:
        """Raises ValidationFailedError."""
        return self.operation.parse(self.wire())

    def clean(self) -> dict[str, Any]:
        self.check_fields()
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

    @property
    def at_none(self) -> str:
        return f"operation-{self.operation.name}"


def form_of(operation: type[Operation]) -> type[OperationForm]:
    form = type(f"{operation.__name__}Form", (OperationForm,), {"operation": operation})
    return asking(operation.form)(cast(type[OperationForm], form))
