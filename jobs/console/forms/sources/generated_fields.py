"""What is asked for a list that is made by listing. Paths are those of the generator's wire form, by
which a problem finds its field.
"""

from dataclasses import dataclass
from typing import Any

from jobs.console.forms.sources.pair_rows import OwnRows, PairRows
from jobs.operations.fields import (
    ChoiceField,
    Column,
    Field,
    MomentField,
    NumberField,
    Option,
    SwitchField,
    TextField,
    Wire,
    options_of,
)
from jobs.operations.form import Form, Group, More, When
from jobs.spec.encryption_filter import MEMBERS
from jobs.spec.generator_extension import ALL, CURRENT, DELETE_MARKERS, NONCURRENT

STARTS, ENDS, HOLDS, GLOB, EXPRESSION = "starts", "ends", "contains", "glob", "expression"
SAVING = ("saves", "saved_path", "saved_encryption", "saved_key")
PINNED = "Pinned"
"""Of the choice of versions: current ones, listed with the versions that they have then."""

LARGEST_BYTES = 50 * 1024**4

STORAGE_CLASSES = {
    "STANDARD": "Standard",
    "STANDARD_IA": "Standard-IA",
    "ONEZONE_IA": "One Zone-IA",
    "INTELLIGENT_TIERING": "Intelligent-Tiering",
    "GLACIER_IR": "Glacier Instant Retrieval",
    "GLACIER": "Glacier Flexible Retrieval",
    "DEEP_ARCHIVE": "Glacier Deep Archive",
}
STATUSES = {
    "COMPLETED": "Completed",
    "FAILED": "Failed",
    "REPLICA": "Replica",
    "NONE": "Never replicated",
}
ENCRYPTIONS = dict(zip(MEMBERS, ("SSE-S3", "SSE-KMS", "DSSE-KMS", "SSE-C", "None"), strict=True))
VERSIONS = {
    CURRENT: "Current versions",
    PINNED: "Current versions, pinned",
    ALL: "All versions",
    NONCURRENT: "Noncurrent versions only",
    DELETE_MARKERS: "Delete markers only",
}
HOW_KEY = {
    STARTS: "Starts with",
    ENDS: "Ends with",
    HOLDS: "Contains",
    GLOB: "Is like (* and ?)",
    EXPRESSION: "Matches (regular expression)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(SwitchField):
    """As `OwnRows`."""

    def write(self, value: Any, wire: Wire) -> None:
        pass


class _Path(TextField):
    """Written by `generated_wire`."""

    def write(self, value: Any, wire: Wire) -> None:
        pass


class _Choice(ChoiceField):
    """As `_Path`."""

    def write(self, value: Any, wire: Wire) -> None:
        pass


def ticks(prefix: str, labels: dict[str, str]) -> tuple[Field, ...]:
    return tuple(Tick(name=f"{prefix}-{name}", label=label) for name, label in labels.items())


class KeyRows(OwnRows):
    def problems(self, rows: Any) -> list[tuple[int, str, str]]:
        """A key can match one regular expression; that one can have alternatives."""
        several = [n for n, row in enumerate(rows) if row["how"] == EXPRESSION]
        said = "Use one regular expression: alternatives go between | signs."
        return [(n, "text", said) for n in several[1:]]


_NAMES = KeyRows(
    name="key_filters",
    label="Object key",
    help_text="Conditions of one kind: any must match. Different kinds: all must match. Matching is"
    " case-sensitive.",
    columns=(
        Column("how", "Condition", "How", options=options_of(HOW_KEY)),
        Column("text", "Text", "Text", keeps_spaces=True),
    ),
    most=100,
    add="Add condition",
)

_TIMES: tuple[Field, ...] = (
    MomentField(name="created_after", label="Created after", path="Filter.CreatedAfter",
                help_text="The time is UTC."),
    MomentField(name="created_before", label="Created before", path="Filter.CreatedBefore",
                help_text="The time is UTC."),
)  # fmt: skip

_SIZES: tuple[Field, ...] = (
    NumberField(name="larger_than", label="Larger than", unit="bytes", high=LARGEST_BYTES,
                path="Filter.ObjectSizeGreaterThanBytes"),
    NumberField(name="smaller_than", label="Smaller than", unit="bytes", high=LARGEST_BYTES,
                path="Filter.ObjectSizeLessThanBytes"),
)  # fmt: skip

_ENCRYPTION = (
    ChoiceField(
        name="encryption",
        label="Encryption",
        path="Filter.MatchAnyObjectEncryption",
        help_text="Listings do not include it: each object that passes the other filters is checked.",
        options=(Option("", "Any"), *options_of(ENCRYPTIONS)),
    ),
    When(
        "encryption",
        ("SSE-KMS", "DSSE-KMS"),
        (TextField(name="encryption_key", label="KMS key ARN", is_code=True),),
    ),
    When(
        "encryption",
        ("SSE-KMS",),
        (
            ChoiceField(
                name="bucket_key",
                label="S3 Bucket Key",
                options=(Option("", "Any"), *options_of({"on": "Used", "off": "Not used"})),
            ),
        ),
    ),
)

_FILTERS = More(
    "Filters",
    (
        _NAMES,
        Group("", _TIMES),
        Group("", _SIZES),
        Group("Storage class", ticks("class", STORAGE_CLASSES), "If none is selected, all match."),
        *_ENCRYPTION,
        Group(
            "Replication status",
            ticks("status", STATUSES),
            "If none is selected, all match. Each object that passes the other filters is checked individually.",
        ),
        _Choice(
            name="eligible",
            label="Replication configuration",
            help_text="What an enabled replication rule of the bucket covers, in all its versions, or what none"
            " covers.",
            path="Filter.EligibleForReplication",
            options=(
                Option("", "Any"),
                Option("on", "Only what it covers"),
                Option("off", "Only what it does not cover"),
            ),
        ),
        PairRows(name="tags", label="Object tags", path="BatchConsole.Tags", add="Add tag",
                 help_text="An object must have all of them. Each object that passes the other filters"
                 " is checked."),
        PairRows(name="metadata", label="Object metadata", path="BatchConsole.Metadata",
                 add="Add metadata", help_text="As tags, by names without x-amz-meta-."),
    ),
)  # fmt: skip

_SAVING = (
    SwitchField(
        name="saves",
        label="Save the generated list as a manifest",
        help_text="An inventory-like manifest.json with data files, which other jobs can use.",
    ),
    When(
        "saves",
        ("on",),
        (
            TextField(
                name="saved_path",
                label="Path to the saved list",
                path="ManifestOutputLocation",
                help_text="s3://bucket/prefix",
                enter="Enter the path to save the list at.",
                is_code=True,
                browse="folder",
            ),
            ChoiceField(
                name="saved_encryption",
                label="Encryption of the saved list",
                options=(
                    Option("", "What the bucket does"),
                    *options_of({"SSE-S3": "SSE-S3", "SSE-KMS": "SSE-KMS"}),
                ),
            ),
            When(
                "saved_encryption",
                ("SSE-KMS",),
                (
                    TextField(
                        name="saved_key",
                        label="KMS key ID",
                        enter="Enter the ID of the KMS key.",
                        is_code=True,
                    ),
                ),
            ),
        ),
    ),
)


ASKED = Form(
    (
        _Path(
            name="source",
            label="Source",
            path="SourceBucket",
            help_text="s3://bucket for a whole bucket, s3://bucket/prefix for keys that start with the prefix. End a"
            " folder with /.",
            enter="Enter the bucket, or the bucket and a prefix.",
            is_code=True,
            browse="folder",
        ),
        More(
            "More buckets and prefixes",
            (
                OwnRows(
                    name="more_sources",
                    label="More sources",
                    path="BatchConsole.Sources",
                    columns=(Column("path", "Source", "Path"),),
                    most=99,
                    add="Add source",
                ),
            ),
        ),
        _Choice(
            name="versions",
            label="Versions",
            path="BatchConsole.Versions",
            options=options_of(VERSIONS),
            initial=CURRENT,
            choose="Choose which versions to list.",
        ),
        _FILTERS,
        *_SAVING,
        More(
            "Account of the bucket",
            (
                TextField(
                    name="expected_owner",
                    label="Expected bucket owner",
                    path="ExpectedBucketOwner",
                    help_text="The account ID that the bucket must belong to: that of the IAM role.",
                    high=12,
                    is_code=True,
                ),
            ),
        ),
    )
)
