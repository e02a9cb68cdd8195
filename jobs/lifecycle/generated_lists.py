"""What can be wrong with a generator, and what a page finds of its list.

Fields of problems are those of `GeneratorSpec.from_wire`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobs.choices import ManifestFormat
from jobs.errors import ManifestError, Problem
from jobs.lifecycle.connections import storage_for_page
from jobs.manifests.generated.patterns import problems_of
from jobs.manifests.generated.source import rules_of
from jobs.manifests.listing.checking import Lister
from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.places import PrefixOf
from jobs.manifests.rows import Row
from jobs.models import Job, Region, Role
from jobs.operations import registry
from jobs.s3.arns import check_bucket_name, parse_object_arn
from jobs.s3.listing import OBJECTS, VERSIONS
from jobs.s3.template import quote_key
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import CURRENT, DELETE_MARKERS, ListedBucket
from jobs.spec.manifest import ManifestSpec

SAMPLES = 5


def check_generator(spec: GeneratorSpec, operation: str, role_arn: str) -> list[Problem]:
    """All that is wrong with it, as far as it can be told without a look at the storage."""
    problems = [*problems_of(spec), *_buckets(spec), *_owners(spec, role_arn), *_dates(spec)]
    if not spec.sources:
        said = "No key begins with both: the prefixes of the sources and those of the filter exclude each other."
        problems.append(Problem("BatchConsole.Sources", said))
    if spec.more.pins_versions and spec.versions != CURRENT:
        said = (
            "PinCurrentVersions is for current versions. Leave it out: other versions have their IDs in"
            " the list."
        )
        problems.append(Problem("BatchConsole.PinCurrentVersions", said))
    takes_markers = any(
        known.name == operation and known.takes_delete_markers for known in registry.OPERATIONS
    )
    if spec.versions == DELETE_MARKERS and not takes_markers:
        said = (
            "Only Delete objects can do something to delete markers. List versions of another kind."
        )
        problems.append(Problem("BatchConsole.Versions", said))
    return problems


def _buckets(spec: GeneratorSpec) -> list[Problem]:
    named = [("SourceBucket", spec.bucket)]
    named += [
        (f"BatchConsole.Sources[{n}].Bucket", one.bucket)
        for n, one in enumerate(spec.more.sources)
        if n
    ]
    if spec.output:
        named.append(("ManifestOutputLocation.Bucket", spec.output.bucket))
    problems = []
    for field, name in named:
        try:
            check_bucket_name(name)
        except ValueError as error:
            problems.append(Problem(field, str(error)))
    return problems


def _owners(spec: GeneratorSpec, role_arn: str) -> list[Problem]:
    """The only account that is known here is that of the role."""
    account = role_arn.split(":")[4] if role_arn.count(":") > 4 else ""
    named = [("ExpectedBucketOwner", spec.expected_owner)]
    if spec.output:
        named.append(
            ("ManifestOutputLocation.ExpectedManifestBucketOwner", spec.output.expected_owner)
        )
    return [
        Problem(
            field,
            f"{field.rpartition('.')[2]} is {owner}, and the IAM role is of account {account}: who owns a"
            " bucket cannot be asked here. Leave it out, or give the account of the role.",
        )
        for field, owner in named
        if owner is not None and owner != account
    ]


def _dates(spec: GeneratorSpec) -> list[Problem]:
    after, before = spec.filter.created_after, spec.filter.created_before
    if after and before and datetime.fromisoformat(after) >= datetime.fromisoformat(before):
        said = "No object is created after CreatedAfter and before CreatedBefore. Exchange them."
        return [Problem("Filter.CreatedBefore", said)]
    return []


# --- A look at what is listed


def list_first(
    spec: GeneratorSpec, source: ListedBucket, region: Region, role: Role, *, rows: int = 1
) -> list[Listed]:
    """The first that a bucket has, before any filter but the prefix. Within a `page_turn`. Raises
    StorageError.
    """
    storage = storage_for_page(source.bucket, region, role)
    action = VERSIONS if spec.names_versions else OBJECTS
    prefix = source.prefixes[0] if source.prefixes else ""
    lister = Lister(storage.listing, action, PrefixOf(source.bucket, prefix))
    return lister.page({}, rows=rows).rows[:rows]


def without_rules(spec: GeneratorSpec, bucket: str, region: Region, role: Role) -> str:
    """Why nothing of a bucket is eligible for replication, where the list asks for that; "" where
    something may be. As `list_first`.
    """
    if spec.filter.eligible_for_replication is None:
        return ""
    try:
        rules_of(storage_for_page(bucket, region, role), bucket)
    except ManifestError as error:
        return error.message
    return ""


def first_rows(spec: GeneratorSpec, region: Region, role: Role) -> list[Row]:
    """Some of what is listed, as rows of a list. As `list_first`."""
    first = spec.sources[0]
    return [
        Row(first.bucket, quote_key(one.key), one.key, one.version_id)
        for one in list_first(spec, first, region, role, rows=SAMPLES)
        if not one.is_delete_marker
    ]


# --- The saved list


def saved_list(job: Job) -> ManifestSpec | None:
    """The saved list of a generated job as a manifest that another job can use; None where there is
    none.
    """
    descriptor: Mapping[str, Any] = job.generated_manifest
    if not descriptor:
        return None
    location = descriptor["Location"]
    bucket, key = parse_object_arn(location["ObjectArn"])
    return ManifestSpec(
        bucket=bucket,
        key=key,
        etag=location["ETag"],
        fields=(),
        version_id=location.get("ObjectVersionId"),
        format=ManifestFormat(descriptor["Format"]),
    )
