"""Which form shows the settings of which operation, and how step 2 groups them."""

from dataclasses import dataclass

from jobs.choices import OperationGroup, Risk
from jobs.console.forms.operations.base import OperationForm, form_of
from jobs.operations.base import Operation
from jobs.operations.registry import OPERATIONS

FORMS: dict[str, type[OperationForm]] = {op.name: form_of(op) for op in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Choice:
    """One operation as step 2 offers it; a template would call the operation's class."""

    name: str
    label: str
    does: str
    risk: Risk

    @classmethod
    def of(cls, operation: type[Operation]) -> "Choice":
        return cls(operation.name, operation.label, operation.does, operation.risk)


GROUPS: list[tuple[str, list[Choice]]] = [
    (str(group.label), found)
    for group in OperationGroup
    if (found := [Choice.of(operation) for operation in OPERATIONS if operation.group == group])
]
"""Headings with what is below them, in the order of the page."""

FIRST = GROUPS[0][1][0].name
