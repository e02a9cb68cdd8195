"""Connecting storage: a Region, its roles' credentials, buckets of it that other Regions use."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.text import slugify

from jobs import conf
from jobs.choices import AddressingStyle
from jobs.console.forms.typed import TextField
from jobs.console.regions.tested_secret import Tested
from jobs.models import Region, Role, RoleCredentials
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.s3.arns import is_role_arn, parse_s3_uri, role_arn
from jobs.s3.ca_certificates import checked_ca_certificates, holds_private_key

KEPT = "The secret that was tested is kept for ten minutes. Leave this empty to use it."
KEYS, AMBIENT = "keys", "ambient"
EXAMPLE_ARN = "arn:aws:iam::123456789012:role/batch"
_MONO = {"class": "mono-input", "autocomplete": "off", "spellcheck": "false"}


class RegionForm(forms.ModelForm[Region]):
    path_style = forms.BooleanField(
        label="Path-style addressing",
        required=False,
        initial=True,
        help_text="Requests go to endpoint/bucket/key, as most self-hosted storage expects. Without it, the bucket"
        " name becomes part of the host name.",
    )

    class Meta:
        model = Region
        fields = (
            "name",
            "endpoint_url",
            "code",
            "verify_tls",
            "ca_certificate",
            "tags_after_copy",
            "lock_after_copy",
            "manifest_prefix",
            "report_prefix",
        )
        labels = {
            "manifest_prefix": "Default place of manifests",
            "report_prefix": "Default place of completion reports",
        }
        help_texts = {
            "name": "A name by which people will recognise this storage.",
            "endpoint_url": "The address of the S3 API, such as https://s3.example.org:9000",
            "code": "The Region that requests are signed for, exactly as the storage names it: us-east-1, NL,"
            " RegionOne. Use us-east-1 if the storage has no Regions.",
            "verify_tls": "Turn this off only for a test storage: without it, anyone could impersonate the storage.",
            "ca_certificate": "For a private certificate authority, in PEM format. Only this certificate is then trusted for this"
            " storage. Leave empty to use the certificates that the server trusts.",
            "tags_after_copy": "For storage that ignores tags sent with a copy, such as Ceph. The"
            " connection test detects this and turns it on.",
            "lock_after_copy": "For storage that ignores retention and legal hold sent with a copy."
            " The connection test detects this in a bucket with Object Lock and turns it on.",
            "manifest_prefix": "s3://bucket/prefix",
            "report_prefix": "s3://bucket/prefix. Step 3 of Create job suggests it.",
        }
        error_messages = {
            "name": {"required": "Enter a name.", "unique": "Another Region has this name."},
            "endpoint_url": {
                "required": "Enter the endpoint URL.",
                "invalid": "Write the endpoint URL as https://host or https://host:port.",
            },
            "code": {"required": "Enter the Region code."},
        }
        widgets = {
            "endpoint_url": forms.TextInput(attrs=_MONO),
            "code": forms.TextInput(attrs={**_MONO, "class": "mono-input w-sm"}),
            "ca_certificate": forms.Textarea(attrs={**_MONO, "rows": 4}),
            "manifest_prefix": forms.TextInput(attrs=_MONO),
            "report_prefix": forms.TextInput(attrs=_MONO),
        }

    field_order = ("name", "endpoint_url", "code", "path_style")

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **({"auto_id": "%s", "label_suffix": ""} | options))
        if self.instance.pk:
            self.initial["path_style"] = self.instance.addressing_style == AddressingStyle.PATH
            self.fields["code"].help_text += _about_open_jobs(self.instance)
        for operation in registry.OPT_IN:
            self.fields[_allowing(operation)] = forms.BooleanField(
                label=f"Allow {operation.label}",
                required=False,
                initial=self.instance.allows(operation),
                help_text=operation.opt_in,
            )

    @property
    def allowing(self) -> list[BoundField]:
        """A box for each operation that has to be allowed first."""
        return [self[_allowing(operation)] for operation in registry.OPT_IN]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not slugify(name):
            raise forms.ValidationError("The name needs at least one letter or digit.")
        return name

    def clean_endpoint_url(self) -> str:
        return str(self.cleaned_data["endpoint_url"]).rstrip("/")

    def clean_ca_certificate(self) -> str:
        text: str = self.cleaned_data["ca_certificate"]
        if holds_private_key(text):  # it goes no further, and not back to the browser
            self.data = {**self.data, "ca_certificate": ""}
        try:
            return checked_ca_certificates(text, timezone.now())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_manifest_prefix(self) -> str:
        return _place(self.cleaned_data["manifest_prefix"])

    def clean_report_prefix(self) -> str:
        return _place(self.cleaned_data["report_prefix"])

    @property
    def addressing_style(self) -> AddressingStyle:
        path_style = self.cleaned_data["path_style"]
        return AddressingStyle.PATH if path_style else AddressingStyle.VIRTUAL

    def save(self, commit: bool = True) -> Region:
        region = self.instance
        region.addressing_style = self.addressing_style
        region.allowed_operations = [
            operation.name
            for operation in registry.OPT_IN
            if self.cleaned_data[_allowing(operation)]
        ]
        if not region.slug:
            region.slug = free_slug(region.name)
        return super().save(commit)


class CredentialsForm(forms.Form):
    """What a role uses in one Region. A secret is written here and never shown again.

    For a role that has credentials already (`known`), an empty secret keeps the one it has.
    """

    arn = TextField(
        label="IAM role",
        enter="Enter a name for the IAM role.",
        help_text="A name of your choice, such as batch: jobs name the role instead of these keys."
        f" For Amazon S3, enter its ARN: {EXAMPLE_ARN}",
        widget=forms.TextInput(attrs=_MONO),
    )
    kind = forms.ChoiceField(
        label="Credentials",
        choices=[
            (KEYS, "Access key and secret"),
            (AMBIENT, "Those of the server and its workers (environment, instance profile)"),
        ],
        initial=KEYS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose where the credentials come from."},
    )
    access_key_id = TextField(
        label="Access key ID",
        enter="Enter the access key ID.",
        high=128,
        widget=forms.TextInput(attrs=_MONO),
    )
    secret_access_key = TextField(
        label="Secret access key",
        enter="Enter the secret access key.",
        strip=False,
        help_text="Stored encrypted and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    session_token = TextField(
        label="Session token",
        high=4096,
        help_text="Only for temporary credentials.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        known: RoleCredentials | None = None,
        tested: Tested | None = None,
        **options: Any,
    ) -> None:
        """`tested` are secrets that a test of the connection was made with: empty keeps them."""
        initial = _initial_of(known) if known else {"arn": "batch"}
        super().__init__(data, initial=initial, auto_id="%s", label_suffix="", **options)
        self.known = known
        if data is not None and data.get("kind") == AMBIENT:
            self.fields["access_key_id"].required = False
            self.fields["secret_access_key"].required = False
        if known and known.secret_access_key:
            self.fields["secret_access_key"].required = False
        self.tested = tested if tested and data and tested.is_of(data) else None
        if self.tested:
            self.fields["secret_access_key"].required = False
            self.fields["secret_access_key"].help_text = KEPT
        if known:
            self.fields["arn"].disabled = True
            self.fields["secret_access_key"].help_text = "Empty keeps the secret that is stored."

    def clean_arn(self) -> str:
        """A name becomes an ARN, which is what jobs carry."""
        typed: str = self.cleaned_data["arn"].strip()
        if not typed.startswith("arn:"):
            try:
                return role_arn(typed, conf.account_id())
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
        if not is_role_arn(typed):
            raise forms.ValidationError(f"Write the ARN as {EXAMPLE_ARN}.")
        return typed

    def save(self, region: Region) -> RoleCredentials:
        given = self.cleaned_data
        role, _ = Role.objects.get_or_create(arn=given["arn"])
        row = self.known or RoleCredentials.objects.filter(role=role, region=region).first()
        row = row or RoleCredentials(role=role, region=region)
        self.apply(row)
        row.save()
        return row

    def apply(self, row: RoleCredentials) -> None:
        """Into a row that is saved, or only tested."""
        given = self.cleaned_data
        row.ambient = given["kind"] == AMBIENT
        if row.ambient:
            row.access_key_id = row.secret_access_key = row.session_token = ""
            return
        row.access_key_id = given["access_key_id"]
        if self.tested and not given["secret_access_key"]:
            row.secret_access_key = self.tested.secret_access_key
            row.session_token = given["session_token"] or self.tested.session_token
        elif given["secret_access_key"]:
            row.secret_access_key = given["secret_access_key"]
            row.session_token = given["session_token"]
        elif given["session_token"]:
            row.session_token = given["session_token"]


def _allowing(operation: type[Operation]) -> str:
    return f"allow-{operation.name}"


def free_slug(name: str) -> str:
    """From the name, with a number where another Region has that already."""
    base = slugify(name)[:70]
    taken = set(Region.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken or slug == "create":
        slug, number = f"{base}-{number}", number + 1
    return slug


def _about_open_jobs(region: Region) -> str:
    """What a new code means for them; empty where there are none."""
    count = region.jobs.going().count()
    if not count:
        return ""
    whose = "1 job has" if count == 1 else f"{count:,} jobs have"
    return (
        f" {whose} not ended here: with a new code, requests are signed for it within half a minute,"
        " also those of a running job."
    )


def _place(text: str) -> str:
    if text:
        try:
            bucket, prefix = parse_s3_uri(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return f"s3://{bucket}/{prefix}".rstrip("/")
    return ""


def _initial_of(known: RoleCredentials) -> dict[str, str]:
    """Without secrets: what is not sent to the browser cannot leak there."""
    return {
        "arn": known.role.arn,
        "kind": AMBIENT if known.ambient else KEYS,
        "access_key_id": known.access_key_id,
    }
