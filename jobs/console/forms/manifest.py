"""Step 1: where the objects lie and where the list of them is.

See docs/pages.md, Choosing the manifest.
"""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from jobs.choices import ManifestField, ManifestFormat
from jobs.console.forms.typed import (
    StepForm,
    TextField,
    Typed,
    check_bucket_length,
    storable,
)
from jobs.models import Region, Role, RoleCredentials
from jobs.s3.arns import parse_s3_uri
from jobs.spec.columns import wrong_columns

_COLUMN = re.compile(r"column-(\d{1,2})\Z")


class ManifestForm(StepForm):
    """Column fields `column-0`, `column-1`… are there once rows were read."""

    region = forms.ModelChoiceField(
        queryset=Region.objects.all(),
        to_field_name="slug",
        label="Region",
        empty_label="Choose a Region",
        help_text="For Copy, choose the Region of the destination. For everything else, the Region"
        " of the objects.",
        error_messages={
            "required": "Choose a Region.",
            "invalid_choice": "This Region is not there any more. Choose another.",
        },
    )
    format = forms.ChoiceField(
        label="Manifest format",
        choices=ManifestFormat.choices,
        initial=ManifestFormat.CSV,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the format of the manifest."},
    )
    manifest_object = TextField(
        label="Manifest object",
        enter="Enter the path to the manifest object.",
        help_text="s3://bucket/key",
        widget=forms.TextInput(attrs={"class": "mono-input"}),
    )
    version_id = TextField(
        label="Manifest object version ID",
        high=1024,
        help_text="Empty means the newest version.",
        widget=forms.TextInput(attrs={"class": "mono-input"}),
    )
    read_as = forms.ModelChoiceField(
        queryset=Role.objects.filter(credentials__isnull=False).distinct(),
        to_field_name="arn",
        required=False,
        label="Read the manifest as",
        help_text="The IAM role with whose credentials this page looks at the manifest. Step 3"
        " starts with the same role for the job.",
        empty_label="The Region's first IAM role",
        error_messages={
            "invalid_choice": "This IAM role is not there any more. Choose another.",
        },
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
    def typed_from(cls, post: Mapping[str, str]) -> Typed:
        columns = {name: storable(post[name]) for name in post if _COLUMN.match(name)}
        return super().typed_from(post) | columns

    def clean_manifest_object(self) -> str:
        path: str = self.cleaned_data["manifest_object"]
        try:
            bucket, key = parse_s3_uri(path)
            check_bucket_length(bucket)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        if not key or key.endswith("/"):
            raise forms.ValidationError(
                f"s3://{bucket}/{key} is no object. Enter the path to the manifest object."
            )
        return f"s3://{bucket}/{key}"

    def clean(self) -> dict[str, Any]:
        region, role = self.cleaned_data.get("region"), self.cleaned_data.get("read_as")
        if region and "read_as" in self.cleaned_data and role_for(region, role) is None:
            self.add_error("read_as", no_role(region, role))
        if self.columns and (wrong := wrong_columns(self.columns)):
            self.add_error("column-0", " ".join(wrong))
        return self.cleaned_data

    @property
    def columns(self) -> list[str]:
        """What each column holds, "" for nonsense; empty before rows were read."""
        told = [self.data.get(name, "") for name in self.fields if _COLUMN.match(name)]
        return [name if name in ManifestField.values else "" for name in told]

    def role(self) -> Role | None:
        """Who looks at the manifest."""
        region = self.cleaned_data.get("region")
        return role_for(region, self.cleaned_data.get("read_as")) if region else None


def role_for(region: Region, wanted: Role | None) -> Role | None:
    """`wanted`, or the Region's first role; None where that has no credentials there."""
    known = RoleCredentials.objects.filter(region=region).select_related("role")
    if wanted:
        known = known.filter(role=wanted)
    first = known.order_by("pk").first()
    return first.role if first else None


def no_role(region: Region, wanted: Role | None) -> str:
    if wanted:
        return f"{wanted.arn} has no credentials in Region {region.name}. Choose another IAM role."
    return f"No IAM role has credentials in Region {region.name}. An Admin adds them under Regions."


def _column_number(name: str) -> int:
    return int(name.rpartition("-")[2])
