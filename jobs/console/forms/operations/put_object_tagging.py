"""Replace all object tags."""

from collections.abc import Mapping
from typing import Any

from jobs.console.forms.operations.base import OperationForm
from jobs.console.forms.typed import Row, Rows, Typed
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.operations.tags import MAX_OBJECT_TAGS

TAG_SET = Rows("new_tags", {"key": "Key", "value": "Value"}, MAX_OBJECT_TAGS, "Add tag")


class PutObjectTaggingForm(OperationForm):
    operation = PutObjectTagging
    template = "console/operations/S3PutObjectTagging.html"
    rows = (TAG_SET,)

    def parameters(self) -> dict[str, Any]:
        return {"TagSet": wire_tags(self, "new_tags")}

    def field_of(self, path: str) -> str:
        return tag_field(self, "new_tags", path)

    @property
    def tag_rows(self) -> list[Row]:
        return self.rows_of("new_tags")

    @classmethod
    def typed_of(cls, parameters: Mapping[str, Any]) -> Typed:
        return TAG_SET.write(typed_tags(parameters.get("TagSet", [])))

    def example(self, key: str) -> str:
        tags = ", ".join(f"{tag['Key']}={tag['Value']}" for tag in self.parameters()["TagSet"])
        return f"{key} gets exactly {tags}. Any other tag it has now is removed." if tags else ""


def wire_tags(form: OperationForm, rows: str) -> list[dict[str, str]]:
    return [{"Key": row["key"], "Value": row["value"]} for _, row in form.filled_rows(rows)]


def typed_tags(tag_set: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag.get("Value", "")} for tag in tag_set]


def tag_field(form: OperationForm, rows: str, path: str) -> str:
    """`TagSet[1].Key` counts filled rows only; the page counts all."""
    number, part = path.partition("[")[2].partition("]")[::2]
    if not number.isdecimal():
        return f"{rows}-0-key"
    n, _ = form.filled_rows(rows)[int(number)]
    return f"{rows}-{n}-{'value' if part == '.Value' else 'key'}"
