"""A manifest in S3: a CSV object with a line for each object.

See docs/pages.md, Choosing the manifest.
"""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from jobs.choices import ManifestField
from jobs.console.forms.fields_form import asking
from jobs.console.forms.sources.base import Pairs
from jobs.console.forms.sources.named_object import NamedObjectForm, asked_for
from jobs.console.forms.typed import Typed, storable
from jobs.operations.fields import TextField
from jobs.spec.columns import wrong_columns
from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_list import ListSpec

ENTER = "Enter the path to the manifest object."
PLUS = "plus_is_space"
YES, NO = "yes", "no"
_PLUS_MEANS = {YES: "A space", NO: "A plus"}
_COLUMN = re.compile(r"column-(\d{1,2})\Z")

ASKED = asked_for(
    TextField(
        name="manifest_object",
        label="Manifest object",
        help_text="s3://bucket/key",
        enter=ENTER,
        is_code=True,
        browse="object",
    ),
    TextField(
        name="version_id",
        label="Manifest object version ID",
        help_text="Empty means the newest version.",
        high=1024,
        is_code=True,
    ),
)


@asking(ASKED)
class CsvForm(NamedObjectForm):
    """Column fields `column-0`, `column-1`… are there once rows were read."""

    kind = "csv"
    main = "manifest_object"
    version_field = "version_id"
    enter = ENTER

    plus_is_space = forms.ChoiceField(
        label="+ in keys",
        required=False,
        choices=[("", "Not set"), *_PLUS_MEANS.items()],
        error_messages={"invalid_choice": "Choose what a + stands for."},
    )

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        super().__init__(typed, **options)
        for name in sorted(filter(_COLUMN.match, typed or {}), key=_column_number):
            self.fields[name] = forms.ChoiceField(
                label=f"Column {_column_number(name) + 1}",
                choices=ManifestField.choices,
                error_messages={"invalid_choice": "Choose what this column holds."},
            )

    @classmethod
    def owns(cls, name: str) -> bool:
        return super().owns(name) or _COLUMN.match(name) is not None

    @classmethod
    def typed_from(cls, post: Mapping[str, str]) -> Typed:
        columns = {name: storable(post[name]) for name in post if _COLUMN.match(name)}
        return super().typed_from(post) | columns

    @classmethod
    def typed_of(cls, spec: ListSpec) -> Typed:
        plus = spec.plus_is_space if isinstance(spec, ManifestSpec) else None
        columns = columns_typed([str(field) for field in spec.fields])
        return super().typed_of(spec) | _plus_typed(plus) | columns

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.columns and (wrong := wrong_columns(self.columns)):
            self.add_error("column-0", " ".join(wrong))
        return self.cleaned_data

    @property
    def settled_later(self) -> list[str]:
        return [name for name in self.fields if _COLUMN.match(name) or name == PLUS]

    @property
    def columns(self) -> list[str]:
        """What each column holds, "" for nonsense; empty before rows were read."""
        told = [self.data.get(name, "") for name in self.fields if _COLUMN.match(name)]
        return [name if name in ManifestField.values else "" for name in told]

    @property
    def switch(self) -> bool | None:
        """Whether somebody said that a `+` is a space, or that it is not."""
        return {YES: True, NO: False}.get(self.data.get(PLUS, ""))

    @property
    def has_versions(self) -> bool:
        return super().has_versions or ManifestField.VERSION_ID in self.columns

    def spec(self, etag: str) -> ManifestSpec:
        bucket, key, version_id = self.place()
        return ManifestSpec(
            bucket=bucket,
            key=key,
            etag=etag,
            fields=tuple(ManifestField(name) for name in self.columns),
            version_id=version_id,
            plus_is_space=self.switch,
            **self.kept(),
        )

    def pairs(self) -> Pairs:
        given = self.cleaned_data if self.is_valid() else {}
        return [
            ("Manifest object", given.get("manifest_object")),
            ("Manifest object version ID", given.get("version_id")),
            ("Columns", ", ".join(str(ManifestField(c).label) for c in self.columns if c)),
            ("+ in keys", _PLUS_MEANS.get(self.data.get(PLUS, ""))),
            *self.kept_pairs(),
        ]


def columns_typed(fields: list[str]) -> Typed:
    return {f"column-{n}": name for n, name in enumerate(fields)}


def _plus_typed(is_space: bool | None) -> Typed:
    return {} if is_space is None else {PLUS: YES if is_space else NO}


def _column_number(name: str) -> int:
    return int(name.rpartition("-")[2])
