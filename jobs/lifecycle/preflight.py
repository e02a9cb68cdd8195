"""What can be wrong with a job that only a look at the storage shows.

Problems carry wire paths, as those of `creation.check_spec` do. Each is one sentence for a person.
"""

from datetime import datetime

from jobs.errors import Problem, StorageError, StorageUnavailableError
from jobs.lifecycle.ahead import FOUND, UNTOLD, Ahead, Line
from jobs.lifecycle.connections import (
    credentials_of,
    region_of,
    storage_for_page,
    storage_in_region,
)
from jobs.lifecycle.generated_lists import first_rows, list_first, without_rules
from jobs.lifecycle.page_turns import page_turn
from jobs.lifecycle.permission_checks import check_permissions
from jobs.lifecycle.samples import sample_rows
from jobs.manifests.generated.refusals import list_permission
from jobs.manifests.opened import encryption_problem
from jobs.manifests.rows import Row
from jobs.models import Region, Role
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.s3.default_rules import RETAINS, retains
from jobs.s3.storage import ObjectFacts, Storage, describe
from jobs.spec import paths
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_list import ListSpec
from jobs.spec.report import ReportSpec

_NO_LIST = frozenset({"403", "AccessDenied"})


def preflight(spec: JobSpec, *, write_test: bool) -> list[Problem]:
    """Live checks of a spec in which `creation.check_spec` found nothing.

    With `write_test` a small object is written to the report's destination and deleted again;
    without it nothing in the storage changes.
    """
    region = Region.objects.get(pk=spec.region)
    role = Role.objects.get(arn=spec.role_arn)
    operation = registry.get(spec.operation).parse(spec.parameters)
    try:
        with page_turn():
            return [
                *check_list(spec.manifest, region, role, write_test=write_test),
                *check_targets(operation, region, role),
                *check_report(spec.report, region, role, write_test=write_test),
            ]
    except StorageError as error:
        return [Problem(paths.OBJECT, error.message)]


def look_ahead(spec: JobSpec, now: datetime) -> Ahead:
    """All that can be found out before a job is made: as `preflight` with its write test, then
    whether the role may do what the operation does. What is not answered in time is not told.
    """
    region = Region.objects.get(pk=spec.region)
    role = Role.objects.get(arn=spec.role_arn)
    operation = registry.get(spec.operation).parse(spec.parameters)
    ahead = Ahead()
    try:
        with page_turn():
            ahead.problems += check_list(spec.manifest, region, role, write_test=True)
            ahead.problems += check_targets(operation, region, role)
            ahead.problems += check_report(spec.report, region, role, write_test=True)
            if not ahead.problems:
                ahead.lines += _look_at_report(spec.report, region, role)
                rows = _rows(spec.manifest, region, role, ahead)
                ahead.lines += check_permissions(operation, rows, region, role, now)
    except StorageError as error:
        ahead.problems.append(Problem(paths.OBJECT, error.message))
    return ahead


def _look_at_report(report: ReportSpec, region: Region, role: Role) -> list[Line]:
    """After a write test that found nothing wrong."""
    if not report.enabled:
        return []
    what = f"s3:PutObject on {report.bucket}"
    if _locks_by_default(storage_for_page(report.bucket, region, role), report.bucket):
        said = "New objects there are locked by default, so nothing was written to try it."
        return [Line(UNTOLD, what, said)]
    said = "A small object was written at the place of the completion report."
    return [Line(FOUND, what, said)]


def _rows(manifest: ListSpec, region: Region, role: Role, ahead: Ahead) -> list[Row]:
    """Samples of the list. What the storage does not answer in time is not told."""
    if isinstance(manifest, GeneratorSpec):
        return _listed_rows(manifest, region, role, ahead)
    place = place_of(manifest.bucket, manifest.key, manifest.version_id)
    what = f"s3:GetObject on {manifest.bucket}"
    rows: list[Row] = []
    try:
        storage = storage_for_page(manifest.bucket, region, role)
        facts = storage.head_object(manifest.bucket, manifest.key, manifest.version_id)
        rows = sample_rows(storage, manifest, facts.size_bytes)
        ahead.lines.insert(0, Line(FOUND, what, "The manifest can be read."))
    except StorageUnavailableError as error:
        ahead.lines.insert(0, Line(UNTOLD, what, sentence(error, place)))
    except StorageError as error:
        ahead.problems.append(Problem(paths.OBJECT, sentence(error, place)))
    return rows


def _listed_rows(spec: GeneratorSpec, region: Region, role: Role, ahead: Ahead) -> list[Row]:
    what = f"{list_permission(spec)} on {spec.sources[0].bucket}"
    try:
        rows = first_rows(spec, region, role)
    except StorageError as error:
        ahead.lines.insert(0, Line(UNTOLD, what, sentence(error, spec.place, verb="list")))
        return []
    ahead.lines.insert(0, Line(FOUND, what, "The objects can be listed."))
    return rows


def check_list(
    manifest: ListSpec, region: Region, role: Role, *, write_test: bool
) -> list[Problem]:
    """Of a manifest, that it can be read; of a generator, that its buckets can be listed, and the list be
    saved.
    """
    if not isinstance(manifest, GeneratorSpec):
        return check_manifest(manifest, region, role)
    return paths.of_generator(
        [
            *check_listed(manifest, region, role),
            *check_output(manifest, region, role, write_test=write_test),
        ]
    )


def check_listed(spec: GeneratorSpec, region: Region, role: Role) -> list[Problem]:
    """The buckets are there and may be listed."""
    problems = []
    for number, source in enumerate(spec.sources):
        field = "SourceBucket" if not number else f"BatchConsole.Sources[{number}].Bucket"
        try:
            with page_turn():
                list_first(spec, source, region, role)
                if said := without_rules(spec, source.bucket, region, role):
                    problems.append(Problem("Filter.EligibleForReplication", said))
        except StorageError as error:
            said = bucket_sentence(error, source.bucket)
            if error.code in _NO_LIST:
                said = (
                    f'The IAM role may not list the bucket "{source.bucket}" ({error.code}). Allow it'
                    f" {list_permission(spec)}, or choose another role."
                )
            problems.append(Problem(field, said))
    return problems


def check_output(
    spec: GeneratorSpec, region: Region, role: Role, *, write_test: bool
) -> list[Problem]:
    """The place where the list is saved."""
    output = spec.output
    if not spec.saves or output is None:
        return []
    try:
        with page_turn():
            storage = storage_for_page(output.bucket, region, role)
            check_there(storage, output.bucket)
            if write_test and not _locks_by_default(storage, output.bucket):
                storage.check_writable(output.bucket, output.prefix)
    except StorageError as error:
        if error.code in {"404", "NoSuchBucket"}:
            said = bucket_sentence(error, output.bucket)
        else:
            place = place_of(output.bucket, output.prefix).rstrip("/")
            said = sentence(error, place, verb="write to")
        return [Problem("ManifestOutputLocation.Bucket", said)]
    return []


def check_manifest(manifest: ManifestSpec, region: Region, role: Role) -> list[Problem]:
    """The object is readable, is what the ETag says, and is encrypted so that it may be used."""
    place = place_of(manifest.bucket, manifest.key, manifest.version_id)
    try:
        facts = look_at(manifest.bucket, manifest.key, manifest.version_id, region, role)
    except StorageError as error:
        return [Problem(paths.OBJECT, sentence(error, place))]
    if facts.etag != manifest.etag:
        return [Problem(paths.ETAG, f"{place} was changed after you checked it. Check it again.")]
    refused = encryption_problem(facts, place, manifest.format)
    return [Problem(paths.OBJECT, refused)] if refused else []


def look_at(
    bucket: str, key: str, version_id: str | None, region: Region, role: Role
) -> ObjectFacts:
    """Raises StorageError."""
    with page_turn():
        return storage_for_page(bucket, region, role).head_object(bucket, key, version_id)


def check_targets(operation: Operation, region: Region, role: Role) -> list[Problem]:
    """The buckets that the operation writes exist, as far as the role may see that."""
    problems = []
    for bucket in operation.target_buckets():
        try:
            with page_turn():
                check_there(storage_for_page(bucket, region, role), bucket)
        except StorageError as error:
            problems.append(Problem("TargetResource", bucket_sentence(error, bucket)))
    return paths.of_operation(operation.name, problems + _check_places(operation, role))


def _check_places(operation: Operation, role: Role) -> list[Problem]:
    """Buckets in Regions that the parameters name."""
    problems = []
    for region, bucket in operation.target_places():
        try:
            with page_turn():
                storage_in_region(region, role).check_bucket(bucket)
        except StorageError as error:
            is_region = error.code in ("NoCredentials", "NoSuchRegion")
            said = (
                f"{error.message} Choose another." if is_region else bucket_sentence(error, bucket)
            )
            problems.append(Problem("TargetRegion" if is_region else "TargetResource", said))
    return problems


def check_report(
    report: ReportSpec, region: Region, role: Role, *, write_test: bool
) -> list[Problem]:
    if not report.enabled:
        return []
    try:
        with page_turn():
            storage = storage_for_page(report.bucket, region, role)
            check_there(storage, report.bucket)
            if write_test and not _locks_by_default(storage, report.bucket):
                storage.check_writable(report.bucket, report.prefix)
    except StorageError as error:
        return [Problem(paths.REPORT_BUCKET, _report_sentence(error, report))]
    return []


def check_there(storage: Storage, bucket: str) -> None:
    """Raises StorageError for a bucket that does not exist, or that nobody answers for. A role that
    may not list it may often do all that a job does, so that is no refusal.
    """
    try:
        storage.check_bucket(bucket)
    except StorageError as error:
        if error.code not in _NO_LIST:
            raise


def _locks_by_default(storage: Storage, bucket: str) -> bool:
    """What is written there could not be removed again."""
    answer = storage.look_at_bucket(bucket, RETAINS)
    return not answer.code and retains(answer.data)


def check_role(region: Region, role: Role, buckets: list[str]) -> list[Problem]:
    """The role has credentials wherever these buckets lie."""
    problems = []
    for there in {region_of(bucket, region) for bucket in buckets} - {region}:
        try:
            credentials_of(role, there)
        except StorageError as error:
            problems.append(Problem(paths.ROLE, error.message))
    return problems


def place_of(bucket: str, key: str, version_id: str | None = None) -> str:
    """ "s3://bucket/key", with its version where one is named."""
    place = f"s3://{bucket}/{key}"
    return f"{place} (version {version_id})" if version_id else place


def bucket_sentence(error: StorageError, bucket: str) -> str:
    if error.code in {"404", "NoSuchBucket"}:
        return f'The bucket "{bucket}" does not exist. Check its name and the Region.'
    if error.code in {"403", "AccessDenied"}:
        return f'The IAM role may not use the bucket "{bucket}" (AccessDenied). Choose another.'
    return sentence(error, f"s3://{bucket}", verb="use")


def sentence(error: StorageError, place: str, *, verb: str = "read") -> str:
    if error.code == "NoCredentials":
        return f"{error.message} Choose another IAM role."
    return describe(error, place=place, verb=verb)


def _report_sentence(error: StorageError, report: ReportSpec) -> str:
    if error.code in {"404", "NoSuchBucket"}:
        return bucket_sentence(error, report.bucket)
    return sentence(error, place_of(report.bucket, report.prefix).rstrip("/"), verb="write to")
