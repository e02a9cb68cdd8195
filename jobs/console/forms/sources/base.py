"""One kind of object list as a form of step 1: typed values to the spec of the list and back.

Names of fields are those of one page, whatever its kind is, so that a draft keeps side by side what
was typed for each.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from jobs.console.forms.fields_form import FieldsForm
from jobs.console.forms.typed import Typed, check_bucket_length
from jobs.models import Region, Role, RoleCredentials
from jobs.s3.arns import parse_s3_uri
from jobs.spec.object_list import ListSpec

SHARED = ("region", "read_as")
Pairs = list[tuple[str, Any]]


class SourceForm(FieldsForm):
    """`kind` is its name in drafts, `main` the field that names the list, which all that is wrong
    with the list itself belongs to. `noun` is how sentences call such a list. `page` is the name of the page
    that makes a list which has no form here, and `missing` what is said while there is none.
    """

    kind: ClassVar[str]
    main: ClassVar[str]
    page: ClassVar[str] = ""
    noun: ClassVar[str] = "manifest"
    rows_noun: ClassVar[str] = "Rows"
    row_noun: ClassVar[str] = "row"
    row_nouns: ClassVar[str] = "rows"
    read_whole: ClassVar[str] = "Read to the end"
    before_look: ClassVar[str] = (
        "Choose a Region, enter the path and check the manifest: its first rows, its size and what is"
        " wrong with it appear here."
    )

    region = forms.ModelChoiceField(
        queryset=Region.objects.filter(disabled=False),
        to_field_name="slug",
        label="Region",
        empty_label="Choose a Region",
        help_text="For Copy, choose the Region of the destination. For everything else, the Region"
        " of the objects.",
        error_messages={
            "required": "Choose a Region.",
            "invalid_choice": "This Region no longer exists. Choose another.",
        },
    )
    read_as = forms.ModelChoiceField(
        queryset=Role.objects.filter(credentials__isnull=False).distinct(),
        to_field_name="arn",
        required=False,
        label="Read as",
        help_text="The IAM role whose credentials this page uses to read the list. Step 3 starts"
        " with the same role for the job.",
        empty_label="The Region's first IAM role",
        error_messages={
            "invalid_choice": "This IAM role no longer exists. Choose another.",
        },
    )

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        super().__init__(typed, **options)
        self.order_fields(["region", *(name for name in self.fields if name not in SHARED)])

    @classmethod
    def owns(cls, name: str) -> bool:
        """Whether a typed value belongs to this form, shared ones included."""
        return name in cls.base_fields or any(name.startswith(f"{rows.name}-") for rows in cls.rows)

    @classmethod
    def place_of(cls, typed: Mapping[str, str]) -> list[str]:
        """What a look at the list depends on, as it was typed."""
        own = {n: typed[n].strip() for n in typed if n in cls.base_fields and n != "read_as"}
        for rows in cls.rows:
            own |= rows.write(row for row in rows.read(typed) if rows.is_filled(row))
        return [cls.kind, *sorted(f"{name}={text}" for name, text in own.items() if text)]

    @classmethod
    def named_in(cls, typed: Mapping[str, str]) -> str:
        """What the list is called where there is little room; empty while nothing was typed."""
        return typed.get(cls.main, "").strip()

    @classmethod
    def typed_of(cls, spec: ListSpec) -> Typed:
        """What somebody would have typed to get this list."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        self.check_fields()
        region, role = self.cleaned_data.get("region"), self.cleaned_data.get("read_as")
        if region and "read_as" in self.cleaned_data and role_for(region, role) is None:
            self.add_error("read_as", no_role(region, role))
        return self.cleaned_data

    @property
    def missing(self) -> str:
        return ""

    @property
    def may_look(self) -> bool:
        """All that a look at the list needs is right, other fields may be wrong still."""
        wrong = set(self.errors) - set(self.settled_later)
        return self.is_bound and not wrong and self.role() is not None

    @property
    def settled_later(self) -> list[str]:
        """Fields that are right or wrong only by what a look shows."""
        return []

    def role(self) -> Role | None:
        """Who looks at the list."""
        region = self.cleaned_data.get("region")
        return role_for(region, self.cleaned_data.get("read_as")) if region else None

    def shown_path(self) -> str:
        """What is looked at, for a sentence about it; of a form that `may_look`."""
        return str(self.cleaned_data[self.main])

    def spec(self, etag: str) -> ListSpec:
        """Of a form in which nothing is wrong; `etag` is what was seen of the list's object."""
        raise NotImplementedError

    def pairs(self) -> Pairs:
        """What Review says of the list, of the form as far as it is right."""
        raise NotImplementedError

    @property
    def has_versions(self) -> bool:
        """Whether the rows name versions, as far as the form knows."""
        return False


def object_path(path: str, what: str) -> str:
    """A path as "s3://bucket/key" has it, of an object. Raises ValidationError."""
    try:
        bucket, key = parse_s3_uri(path)
        check_bucket_length(bucket)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error
    if not key or key.endswith("/"):
        raise forms.ValidationError(f"s3://{bucket}/{key} is no object. {what}")
    return f"s3://{bucket}/{key}"


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
