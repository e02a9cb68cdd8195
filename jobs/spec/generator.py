"""A list of objects that is made by listing buckets: ManifestGenerator in its wire form.

See docs/manifests.md, Generated lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import ManifestField
from jobs.spec.checking import Checker, given
from jobs.spec.generator_extension import ALL, CURRENT, Extension, ListedBucket
from jobs.spec.manifest_output import ManifestOutput, parse_owner
from jobs.spec.names import bucket_arn, parse_bucket
from jobs.spec.object_filter import KeyNames, ObjectFilter

GENERATOR, EXTENSION = "ManifestGenerator", "BatchConsole"
_ONLY = "S3JobManifestGenerator"
_MEMBERS = (
    *("ExpectedBucketOwner", "SourceBucket", "ManifestOutputLocation", "Filter"),
    "EnableManifestOutput",
)


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """`saves`: the list is saved at `output` as well. `more` is what AWS does not have."""

    bucket: str
    saves: bool = False
    output: ManifestOutput | None = None
    filter: ObjectFilter = ObjectFilter()
    expected_owner: str | None = None
    more: Extension = Extension()

    @property
    def format(self) -> str:
        """By which its source is found."""
        return GENERATOR

    @property
    def etag(self) -> str:
        """It is no object, and cannot be changed by anybody."""
        return ""

    @property
    def version_id(self) -> None:
        return None

    @property
    def filter_sql(self) -> str:
        """Over what its other filters leave."""
        return self.more.filter_sql

    @property
    def versions(self) -> str:
        """Which versions are listed. Of what is to be replicated AWS lists all, too."""
        usual = ALL if self.filter.eligible_for_replication else CURRENT
        return self.more.versions or usual

    @property
    def fields(self) -> tuple[ManifestField, ...]:
        """The columns of the list."""
        fields = (ManifestField.BUCKET, ManifestField.KEY)
        return (*fields, ManifestField.VERSION_ID) if self.names_versions else fields

    @property
    def task_fields(self) -> tuple[ManifestField, ...]:
        return self.fields

    @property
    def names_versions(self) -> bool:
        return self.versions != CURRENT or self.more.pins_versions

    @property
    def asks_objects(self) -> bool:
        """It asks them itself, while it lists."""
        return False

    @property
    def pins_versions(self) -> bool:
        return self.more.pins_versions

    @property
    def names(self) -> KeyNames:
        """AWS's and ours."""
        return self.filter.names.with_more(self.more.names)

    @property
    def sources(self) -> tuple[ListedBucket, ...]:
        """What is listed: of each bucket prefixes of which none begins with another, so that no object
        is listed twice.
        """
        asked = self.more.sources or (ListedBucket(self.bucket),)
        return tuple(
            ListedBucket(one.bucket, _apart(_common(one.prefixes, self.names.prefixes)))
            for one in asked
            if _common(one.prefixes, self.names.prefixes) is not None
        )

    @property
    def place(self) -> str:
        """The first bucket, with its prefix where it has only one."""
        first = self.sources[:1] or (ListedBucket(self.bucket),)
        prefixes = first[0].prefixes
        return f"s3://{first[0].bucket}/{prefixes[0] if len(prefixes) == 1 else ''}"

    def to_wire(self) -> dict[str, Any]:
        """{"ManifestGenerator": ...} as CreateJob has it, and "BatchConsole" beside it."""
        generator = {
            "ExpectedBucketOwner": self.expected_owner,
            "SourceBucket": bucket_arn(self.bucket),
            "ManifestOutputLocation": self.output.to_wire() if self.output else None,
            "Filter": self.filter.to_wire() or None,
            "EnableManifestOutput": self.saves,
        }
        wire: dict[str, Any] = {GENERATOR: {_ONLY: given(generator)}}
        if more := self.more.to_wire():
            wire[EXTENSION] = more
        return wire

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Raises ValidationFailedError with every problem. Fields are paths within
        S3JobManifestGenerator ("Filter.CreatedAfter"), those of ours begin with "BatchConsole".
        """
        check = Checker()
        outer = check.structure(wire, GENERATOR)
        union = check.structure(outer.get(GENERATOR), GENERATOR)
        check.only(union, (_ONLY,), GENERATOR)
        inner = check.structure(union.get(_ONLY), _ONLY)
        check.only(inner, _MEMBERS)
        spec = cls._parse(inner, outer.get(EXTENSION), check)
        check.done()
        return spec

    @classmethod
    def _parse(cls, wire: Mapping[str, Any], extension: Any, check: Checker) -> Self:
        output = None
        if wire.get("ManifestOutputLocation") is not None:
            place = "ManifestOutputLocation"
            output = ManifestOutput.parse(wire[place], place, check)
        saves = check.flag(wire.get("EnableManifestOutput"), "EnableManifestOutput")
        if saves is None and wire.get("EnableManifestOutput") is None:
            check.say("EnableManifestOutput", "EnableManifestOutput is missing: true or false.")
        if saves and output is None:
            check.say(
                "ManifestOutputLocation", "Say where the list is to be saved, or do not save it."
            )
        bucket = parse_bucket(wire.get("SourceBucket"), "SourceBucket", check)
        more = Extension.parse(extension, EXTENSION, check)
        if more.sources and more.sources[0].bucket != bucket:
            field = f"{EXTENSION}.Sources[0].Bucket"
            check.say(field, f'The first of the sources must be the SourceBucket, "{bucket}".')
        return cls(
            bucket=bucket,
            saves=bool(saves),
            output=output,
            filter=ObjectFilter.parse(wire.get("Filter"), "Filter", check),
            expected_owner=parse_owner(
                wire.get("ExpectedBucketOwner"), "ExpectedBucketOwner", check
            ),
            more=more,
        )


def _common(own: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...] | None:
    """Prefixes of the keys that begin with any of both; () for all keys, None for none."""
    if not own or not asked:
        return own or asked
    longer = [
        max(one, other, key=len)
        for one in own
        for other in asked
        if one.startswith(other) or other.startswith(one)
    ]
    return tuple(longer) or None


def _apart(prefixes: tuple[str, ...] | None) -> tuple[str, ...]:
    """Without those that begin with another; in the order of their bytes."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes or ()), key=str.encode):
        if not (kept and prefix.startswith(kept[-1])):
            kept.append(prefix)
    return tuple(kept)
