"""What Move asks for besides what Copy does, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.copying import put_object_copy_examples, put_object_copy_form
from jobs.operations.fields import ChoiceField, Option
from jobs.operations.form import Form, Note

SOURCE_VERSION = "SourceVersion"
MARKER, DELETE = "MARKER", "DELETE"
SOURCE_VERSIONS = (MARKER, DELETE)
LABELS = {
    MARKER: "Stays below a delete marker",
    DELETE: "Is deleted for good",
}

FORM = Form(
    (
        *put_object_copy_form.FORM.items,
        ChoiceField(
            name="source_version",
            label="Source version, in buckets with versioning",
            path=SOURCE_VERSION,
            options=(
                Option(
                    MARKER, "Stays below a delete marker: the source can be brought back", sets={}
                ),
                Option(DELETE, "Is deleted for good: exactly the version that was copied"),
            ),
            initial=MARKER,
            choose="Choose what becomes of the source version.",
            is_radio=True,
        ),
        Note(
            "Each source is deleted only after its copy was looked at, and only if it still is what was"
            " copied. In buckets without versioning it cannot be brought back: the copy is what is left."
        ),
    )
)

_PLAINEST = put_object_copy_examples.EXAMPLES[0]
EXAMPLES: tuple[Mapping[str, Any], ...] = (
    *put_object_copy_examples.EXAMPLES,
    {**_PLAINEST, SOURCE_VERSION: DELETE},
)
