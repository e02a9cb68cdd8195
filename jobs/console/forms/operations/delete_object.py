"""Delete objects: there is nothing to set."""

from collections.abc import Mapping
from typing import Any

from jobs.console.forms.operations.base import OperationForm
from jobs.console.forms.typed import Typed
from jobs.operations.delete_object import DeleteObject


class DeleteObjectForm(OperationForm):
    operation = DeleteObject
    template = "console/operations/S3DeleteObject.html"

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        # Nothing has to be entered before it is right.
        super().__init__({} if typed is None else typed, **options)

    def parameters(self) -> dict[str, Any]:
        return {}

    def field_of(self, path: str) -> str:
        return path

    @classmethod
    def typed_of(cls, parameters: Mapping[str, Any]) -> Typed:
        return Typed({})

    def example(self, key: str) -> str:
        return f"{key} is deleted. Where versions are kept, it gets a delete marker instead."
