"""What a generated list can ask for here and not at AWS: members of the extension "BatchConsole"."""

from dataclasses import dataclass
from typing import Any, Self

from jobs.spec.checking import Checker, given
from jobs.spec.manifest import FILTER, SQL, sql_of
from jobs.spec.names import bucket_arn, parse_bucket
from jobs.spec.object_filter import KeyNames, texts_of
from jobs.spec.pairs import MOST_EXPRESSION, Pair, pairs_of

CURRENT, ALL, NONCURRENT, DELETE_MARKERS = "Current", "All", "Noncurrent", "DeleteMarkers"
VERSIONS = (CURRENT, ALL, NONCURRENT, DELETE_MARKERS)
MOST_NAMES = 100
MOST_SOURCES = 100
_MEMBERS = (
    *("Sources", "KeyNameConstraint", "Globs", "RegularExpression", "Tags", "Metadata"),
    *("Versions", "PinCurrentVersions", FILTER),
)


@dataclass(frozen=True, slots=True)
class ListedBucket:
    """With no prefixes the whole bucket."""

    bucket: str
    prefixes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: Any, field: str, check: Checker) -> Self:
        wire = check.structure(value, field)
        check.only(wire, ("Bucket", "Prefixes"), field)
        bucket = parse_bucket(wire.get("Bucket"), f"{field}.Bucket", check)
        return cls(bucket, _several(wire.get("Prefixes"), f"{field}.Prefixes", check))

    def to_wire(self) -> dict[str, Any]:
        return given({"Bucket": bucket_arn(self.bucket), "Prefixes": list(self.prefixes) or None})


@dataclass(frozen=True, slots=True)
class Extension:
    """`sources` stand in the place of the whole source bucket. `names` are more texts for AWS's
    KeyNameConstraint; of `globs` a key matches any, as a whole. All of `tags` and `metadata` must be
    there. `versions` is one of VERSIONS, None for what is usual. With `pins_versions` current objects are
    listed with the versions that they have then. `filter_sql` is one SELECT over what was listed, "" to keep
    all of it.
    """

    sources: tuple[ListedBucket, ...] = ()
    names: KeyNames = KeyNames()
    globs: tuple[str, ...] = ()
    expression: str | None = None
    tags: tuple[Pair, ...] = ()
    metadata: tuple[Pair, ...] = ()
    versions: str | None = None
    pins_versions: bool = False
    filter_sql: str = ""

    @classmethod
    def parse(cls, value: Any, field: str, check: Checker) -> Self:
        wire = check.structure(value, field)
        check.only(wire, _MEMBERS, field)
        kept = check.structure(wire.get(FILTER), f"{field}.{FILTER}")
        check.only(kept, (SQL,), f"{field}.{FILTER}")

        def at(name: str) -> tuple[Any, str]:
            return wire.get(name), f"{field}.{name}"

        return cls(
            sources=_sources(*at("Sources"), check),
            names=KeyNames.parse(*at("KeyNameConstraint"), check, most=MOST_NAMES),
            globs=_several(*at("Globs"), check),
            expression=check.text(*at("RegularExpression"), high=MOST_EXPRESSION),
            tags=pairs_of(*at("Tags"), check),
            metadata=pairs_of(*at("Metadata"), check, lower=True),
            versions=check.choice(*at("Versions"), VERSIONS),
            pins_versions=bool(check.flag(*at("PinCurrentVersions"))),
            filter_sql=sql_of(kept.get(SQL), f"{field}.{FILTER}.{SQL}", check),
        )

    def to_wire(self) -> dict[str, Any]:
        members = {
            "Sources": [one.to_wire() for one in self.sources] or None,
            "KeyNameConstraint": self.names.to_wire() or None,
            "Globs": list(self.globs) or None,
            "RegularExpression": self.expression,
            "Tags": [one.to_wire() for one in self.tags] or None,
            "Metadata": [one.to_wire() for one in self.metadata] or None,
            "Versions": self.versions,
            "PinCurrentVersions": self.pins_versions or None,
            FILTER: {SQL: self.filter_sql} if self.filter_sql else None,
        }
        return given(members)


def _sources(value: Any, field: str, check: Checker) -> tuple[ListedBucket, ...]:
    if value is None:
        return ()
    items = check.items(value, field)
    if not 1 <= len(items) <= MOST_SOURCES:
        check.say(field, f"{field} must name 1 to {MOST_SOURCES} buckets, not {len(items):,}.")
    found = [
        ListedBucket.parse(item, f"{field}[{n}]", check)
        for n, item in enumerate(items[:MOST_SOURCES])
    ]
    names = [one.bucket for one in found]
    for n, name in enumerate(names):
        if name and name in names[:n]:
            check.say(
                f"{field}[{n}].Bucket",
                f'The bucket "{name}" is entered twice. Enter all its prefixes in one place.',
            )
    return tuple(found)


def _several(value: Any, field: str, check: Checker) -> tuple[str, ...]:
    if value is None:
        return ()
    items = check.items(value, field)
    if not 1 <= len(items) <= MOST_NAMES:
        check.say(field, f"{field} must hold 1 to {MOST_NAMES} texts, not {len(items):,}.")
    return texts_of(items[:MOST_NAMES], field, check)
