"""The settings of one operation as a form: typed values to wire parameters and back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from jobs.console.forms.typed import StepForm, Typed
from jobs.errors import ValidationFailedError
from jobs.operations.base import Operation


class OperationForm(StepForm):
    """Subclasses say how their fields become the operation's parameters, and which field an
    operation's own path belongs to. The operation itself has the last word on what is right.
    """

    operation: ClassVar[type[Operation]]
    template: ClassVar[str]

    def parameters(self) -> dict[str, Any]:
        """The wire structure as JSON, from cleaned values."""
        raise NotImplementedError

    def field_of(self, path: str) -> str:
        """The field that a path such as `TagSet[1].Key` is about."""
        raise NotImplementedError

    @classmethod
    def typed_of(cls, parameters: Mapping[str, Any]) -> Typed:
        """What somebody would have typed to get these parameters; for clones."""
        raise NotImplementedError

    def example(self, key: str) -> str:
        """What happens to one object, as a sentence; empty while that can not be said."""
        raise NotImplementedError

    def parsed(self) -> Operation:
        """Raises ValidationFailedError."""
        return self.operation.parse(self.parameters())

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        try:
            self.parsed()
        except ValidationFailedError as error:
            for problem in error.problems:
                self.add_problem(problem.field, problem.message)
        return self.cleaned_data

    def add_problem(self, path: str, message: str) -> None:
        """At its field, in the words of the page instead of the wire's."""
        name = self.field_of(path)
        field = name if name in self.fields else next(iter(self.fields))
        label = str(self.fields[field].label)
        self.add_error(field, message.replace(path, label, 1) if path else message)
