"""What Merge object tags asks for, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.fields import Column, RowsField, TagsField, TextField
from jobs.operations.form import Form, More, Note
from jobs.operations.tags import MAX_KEY, MAX_OBJECT_TAGS, MAX_VALUE

FORM = Form(
    (
        TagsField(
            name="set_tags",
            label="Tags to add or change",
            path="TagSet",
            help_text="Each object gets these tags and keeps all others.",
        ),
        RowsField(
            name="removed",
            label="Tags to remove",
            path="RemoveTags",
            help_text="Whatever value they have.",
            columns=(Column("key", "Key", "Key"),),
            most=MAX_OBJECT_TAGS,
            add="Add key",
        ),
        RowsField(
            name="renamed",
            label="Tags to rename",
            path="RenameTags",
            help_text="Values stay. An object that has both tags fails, and its tags stay as they are.",
            columns=(Column("key", "Key", "Key"), Column("new_key", "New key", "NewKey")),
            most=MAX_OBJECT_TAGS,
            add="Add rename",
        ),
        More(
            "Only where a tag has a value",
            (
                Note("Objects that do not have this tag with this value are left as they are."),
                TextField(name="only_key", label="Key", path="OnlyIf.Key", high=MAX_KEY),
                TextField(name="only_value", label="Value", path="OnlyIf.Value", high=MAX_VALUE),
            ),
        ),
        Note(
            "The tags are read and written anew: what somebody else changes between these two calls"
            " is lost."
        ),
    )
)

EXAMPLES: tuple[Mapping[str, Any], ...] = (
    {"TagSet": [{"Key": "team", "Value": "blue"}]},
    {
        "TagSet": [{"Key": "team", "Value": "b c+ü/="}],
        "RemoveTags": [{"Key": "tmp"}, {"Key": "draft"}],
        "RenameTags": [{"Key": "old", "NewKey": "new"}],
    },
    {"RemoveTags": [{"Key": "tmp"}], "OnlyIf": {"Key": "env", "Value": "test"}},
)
