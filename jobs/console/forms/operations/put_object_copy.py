"""Copy."""

from collections.abc import Mapping
from typing import Any

from django import forms

from jobs.console.forms.operations.base import OperationForm
from jobs.console.forms.operations.put_object_tagging import tag_field, typed_tags, wire_tags
from jobs.console.forms.typed import Row, Rows, TextField, Typed, check_bucket_length
from jobs.operations.put_object_copy import CANNED_ACLS, STORAGE_CLASS_LABELS, PutObjectCopy
from jobs.operations.tags import MAX_OBJECT_TAGS
from jobs.s3.arns import bucket_arn, check_bucket_name, parse_bucket_arn

NEW_TAGS = Rows("new_tags", {"key": "Key", "value": "Value"}, MAX_OBJECT_TAGS, "Add tag")
METADATA = Rows("metadata", {"key": "Name", "value": "Value"}, 50, "Add metadata")
KEEP, REPLACE, NONE = "keep", "replace", "none"
_TEXT_FIELDS = {
    "content_type": "ContentType",
    "cache_control": "CacheControl",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "content_language": "ContentLanguage",
}
_FIELDS = {
    "TargetResource": "target_bucket",
    "TargetKeyPrefix": "target_prefix",
    "StorageClass": "storage_class",
    "CannedAccessControlList": "acl",
    "MetadataDirective": "metadata_directive",
    "NewObjectMetadata": "metadata_directive",
    **{f"NewObjectMetadata.{wire}": name for name, wire in _TEXT_FIELDS.items()},
}


class PutObjectCopyForm(OperationForm):
    operation = PutObjectCopy
    template = "console/operations/S3PutObjectCopy.html"
    rows = (METADATA, NEW_TAGS)

    target_bucket = TextField(
        label="Destination bucket", enter="Enter the name of the destination bucket.", high=80
    )
    target_prefix = TextField(
        label="Destination prefix",
        high=1024,
        help_text="A folder in that bucket. Empty means that the copies keep their keys.",
        widget=forms.TextInput(attrs={"class": "mono-input"}),
    )
    storage_class = forms.ChoiceField(
        label="Storage class",
        choices=list(STORAGE_CLASS_LABELS.items()),
        initial="STANDARD",
        error_messages={"required": "Choose a storage class."},
    )
    acknowledged = forms.BooleanField(
        label="I acknowledge that existing objects with the same name will be overwritten",
        error_messages={
            "required": "Tick the box to confirm that existing objects may be overwritten."
        },
    )
    metadata_directive = forms.ChoiceField(
        label="Metadata",
        choices=[(KEEP, "Keep the source's"), (REPLACE, "Replace all metadata")],
        initial=KEEP,
        widget=forms.RadioSelect,
    )
    content_type = TextField(label="Content-Type", high=1024)
    cache_control = TextField(label="Cache-Control", high=1024)
    content_disposition = TextField(label="Content-Disposition", high=1024)
    content_encoding = TextField(label="Content-Encoding", high=1024)
    content_language = TextField(label="Content-Language", high=1024)
    tagging = forms.ChoiceField(
        label="Object tags",
        choices=[
            (KEEP, "Keep the source's"),
            (REPLACE, "Replace all tags"),
            (NONE, "No tags on the copies"),
        ],
        initial=KEEP,
        widget=forms.RadioSelect,
    )
    acl = forms.ChoiceField(
        label="Canned ACL",
        choices=[("", "Not specified"), *[(name, name) for name in CANNED_ACLS]],
        required=False,
    )

    def clean_target_bucket(self) -> str:
        name = str(self.cleaned_data["target_bucket"]).removeprefix("s3://").rstrip("/")
        try:
            check_bucket_name(name)
            check_bucket_length(name)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return name

    def parameters(self) -> dict[str, Any]:
        given = self.cleaned_data
        wire: dict[str, Any] = {
            "TargetResource": bucket_arn(given["target_bucket"]),
            "StorageClass": given["storage_class"],
        }
        if given["target_prefix"]:
            wire["TargetKeyPrefix"] = given["target_prefix"]
        if given["acl"]:
            wire["CannedAccessControlList"] = given["acl"]
        if given["metadata_directive"] == REPLACE:
            wire |= {"MetadataDirective": "REPLACE", "NewObjectMetadata": self._metadata()}
        if given["tagging"] != KEEP:
            replaced = given["tagging"] == REPLACE
            wire["NewObjectTagging"] = wire_tags(self, "new_tags") if replaced else []
        return wire

    def _metadata(self) -> dict[str, Any]:
        texts = {wire: self.cleaned_data[name] for name, wire in _TEXT_FIELDS.items()}
        metadata: dict[str, Any] = {name: text for name, text in texts.items() if text}
        entries = {row["key"]: row["value"] for _, row in self.filled_rows("metadata")}
        return metadata | ({"UserMetadata": entries} if entries else {})

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        self._forgive_what_is_not_used()
        if given.get("tagging") == REPLACE and not self.filled_rows("new_tags"):
            self.add_error("new_tags-0-key", "Enter at least one tag, or choose to set none.")
        self._check_metadata_names()
        return super().clean()

    def _check_metadata_names(self) -> None:
        replaced = self.cleaned_data.get("metadata_directive") == REPLACE
        rows = self.filled_rows("metadata") if replaced else []
        keys = [row["key"].lower() for _, row in rows]
        for n, row in rows:
            if not row["key"]:
                self.add_error(f"metadata-{n}-key", "Enter the name of this metadata.")
            elif keys.count(row["key"].lower()) > 1:
                self.add_error(
                    f"metadata-{n}-key", f'"{row["key"]}" stands here twice. Remove one.'
                )

    def _forgive_what_is_not_used(self) -> None:
        """Values that the chosen directive ignores stay as they are, right or wrong."""
        unused: tuple[str, ...] = ()
        if self.cleaned_data.get("metadata_directive") == KEEP:
            unused += (*_TEXT_FIELDS, "metadata-")
        if self.cleaned_data.get("tagging") != REPLACE:
            unused += ("new_tags-",)
        for name in [name for name in self.errors if name.startswith(unused)] if unused else []:
            del self.errors[name]
            self.cleaned_data[name] = ""

    def field_of(self, path: str) -> str:
        if path.startswith("NewObjectTagging"):
            return tag_field(self, "new_tags", path)
        if path.startswith("NewObjectMetadata.UserMetadata"):
            name = path.partition("[")[2].removesuffix("]")
            rows = [n for n, row in self.filled_rows("metadata") if row["key"] == name]
            return f"metadata-{rows[0] if rows else 0}-key"
        return _FIELDS.get(path, "target_bucket")

    @property
    def tag_rows(self) -> list[Row]:
        return self.rows_of("new_tags")

    @property
    def metadata_rows(self) -> list[Row]:
        return self.rows_of("metadata")

    @classmethod
    def typed_of(cls, parameters: Mapping[str, Any]) -> Typed:
        metadata = parameters.get("NewObjectMetadata") or {}
        tag_set = parameters.get("NewObjectTagging")
        replaced = REPLACE if tag_set else NONE
        typed = {
            "target_bucket": parse_bucket_arn(parameters["TargetResource"]),
            "target_prefix": parameters.get("TargetKeyPrefix", ""),
            "storage_class": parameters.get("StorageClass", "STANDARD"),
            "acl": parameters.get("CannedAccessControlList", ""),
            "metadata_directive": REPLACE if "NewObjectMetadata" in parameters else KEEP,
            "tagging": KEEP if tag_set is None else replaced,
            "acknowledged": "on",
            **{name: metadata.get(wire, "") for name, wire in _TEXT_FIELDS.items()},
        }
        entries = metadata.get("UserMetadata", {}).items()
        typed |= METADATA.write({"key": k, "value": v} for k, v in entries)
        return typed | NEW_TAGS.write(typed_tags(tag_set or []))

    def example(self, key: str) -> str:
        copy = self.operation.parse(self.parameters())
        return f"{key} is copied to s3://{copy.bucket}/{copy.target_key(key)}"

    @property
    def has_more(self) -> bool:
        """Whether "More settings" stands open: something there is set, or wrong."""
        basic = {"target_bucket", "target_prefix", "storage_class", "acknowledged"}
        if self.is_bound and any(name not in basic for name in self.errors):
            return True
        kept = (self.data.get("metadata_directive", KEEP), self.data.get("tagging", KEEP))
        return kept != (KEEP, KEEP) or bool(self.data.get("acl"))
