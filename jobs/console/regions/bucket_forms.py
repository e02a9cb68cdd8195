"""Forms about single buckets of a Region."""

from typing import Any

from django import forms

from jobs.console.forms.typed import TextField, check_bucket_length
from jobs.models import Bucket, Region, RoleCredentials
from jobs.s3.arns import check_bucket_name

_MONO = {"autocomplete": "off", "spellcheck": "false"}
_SHORT = {**_MONO, "class": "mono-input w-md"}


class BucketForm(forms.Form):
    """A bucket that belongs to this Region, wherever a job that names it runs."""

    bucket_name = TextField(
        label="Bucket name",
        enter="Enter the name of the bucket.",
        high=80,
        widget=forms.TextInput(attrs=_SHORT),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, auto_id="%s", label_suffix="", **options)

    def clean_bucket_name(self) -> str:
        name = _bucket_name(self.cleaned_data["bucket_name"])
        known = Bucket.objects.select_related("region").filter(name=name).first()
        if known:
            raise forms.ValidationError(
                f"{name} belongs to Region {known.region.name} already. Remove it there first."
            )
        return name


class ProbeForm(forms.Form):
    """In which bucket of a Region to try what its storage can do, and as whom."""

    probe_bucket = TextField(
        label="Bucket to try it in",
        enter="Enter the name of the bucket.",
        high=80,
        help_text="Small objects are written there and removed again; nothing is locked. Where new"
        " objects are locked by default or replicated, nothing is written.",
        widget=forms.TextInput(attrs=_SHORT),
    )
    probe_as: forms.ModelChoiceField[RoleCredentials] = forms.ModelChoiceField(
        label="As IAM role",
        queryset=RoleCredentials.objects.none(),
        empty_label=None,
        error_messages={
            "required": "Choose an IAM role. Add one first where there is none.",
            "invalid_choice": "Choose an IAM role of the list.",
        },
    )

    def __init__(self, data: Any = None, *, region: Region, **options: Any) -> None:
        super().__init__(data, auto_id="%s", label_suffix="", **options)
        known = RoleCredentials.objects.filter(region=region).select_related("role", "region")
        field: Any = self.fields["probe_as"]
        field.queryset = known.order_by("pk")
        field.label_from_instance = lambda row: row.role.arn

    def clean_probe_bucket(self) -> str:
        return _bucket_name(self.cleaned_data["probe_bucket"])


def _bucket_name(name: str) -> str:
    """Raises ValidationError for what cannot be one."""
    try:
        check_bucket_name(name)
        check_bucket_length(name)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error
    return name
