"""A request of CreateJob, as members, to the JobSpec that it describes."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from jobs import conf
from jobs.choices import REPORT_FORMAT, ManifestField, ManifestFormat, ReportScope
from jobs.errors import ValidationFailedError
from jobs.models import Region
from jobs.operations import registry
from jobs.s3.arns import is_role_arn, parse_bucket_arn, parse_object_arn
from jobs.s3control import extension
from jobs.s3control.shapes import EXTENSION, OPERATION
from jobs.spec import paths
from jobs.spec.checking import Checker
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import MAX_DESCRIPTION, MAX_REPORT_PREFIX, MAX_TOKEN, JobSpec
from jobs.spec.manifest import FILTER, PIN, PLUS_IS_SPACE, ManifestSpec, parse_ours
from jobs.spec.object_list import ListSpec
from jobs.spec.report import ReportSpec

MANIFEST, GENERATOR = "Manifest", "ManifestGenerator"
_OWNER = re.compile(r"\d{12}", re.ASCII)


def spec_of(members: Mapping[str, Any], region: Region) -> JobSpec:
    """Raises ValidationFailedError with every problem that this door sees; `create_job` sees the rest."""
    check = Checker()
    ours = extension.parse(members.get(EXTENSION), check)
    token = _required_text(members, paths.TOKEN, MAX_TOKEN, check)
    name, parameters = _operation(members.get(paths.OPERATION), ours, check)
    role_arn = _role(members, check)
    spec = JobSpec(
        region=region.pk,
        operation=name,
        parameters=parameters,
        manifest=_list(members, ours, check),
        report=_report(members.get("Report"), role_arn, check),
        priority=_priority(members, check),
        role_arn=role_arn,
        client_request_token=token_of(token, region),
        description=check.text(
            members.get(paths.DESCRIPTION), paths.DESCRIPTION, high=MAX_DESCRIPTION
        )
        or "",
        tags=tags_of(members.get(paths.TAGS, []), check),
        confirmation_required=_waits(members, ours),
        limits=extension.limits_of(ours, check),
        dry_run=bool(check.flag(ours.get(extension.DRY_RUN), f"{EXTENSION}.{extension.DRY_RUN}")),
        sample_rows=extension.whole(ours.get(extension.SAMPLE_ROWS), paths.SAMPLE_ROWS, check),
    )
    if spec.sample_rows is not None and not spec.dry_run:
        check.say(paths.SAMPLE_ROWS, "Only a dry run can be one of a sample. Set DryRun to true.")
    check.done()
    return spec


def token_of(token: str, region: Region) -> str:
    """Tokens of this door are of their Region, and cannot be those of another door."""
    return f"s3control:{hashlib.sha256(f'{region.slug} {token}'.encode()).hexdigest()}"[:64]


def tags_of(items: list[Mapping[str, str]], check: Checker) -> dict[str, str]:
    tags: dict[str, str] = {}
    for n, item in enumerate(items):
        key = item.get("Key")
        if key is None:
            check.say(f"{paths.TAGS}[{n}].Key", f"{paths.TAGS}[{n}].Key is missing.")
        elif key in tags:
            check.say(f"{paths.TAGS}[{n}].Key", f'The tag "{key}" stands here twice.')
        else:
            tags[key] = item.get("Value", "")
    return tags


def _waits(members: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """A dry run changes nothing, so it asks nobody unless that was asked for."""
    usual = conf.confirmation_required() and ours.get(extension.DRY_RUN) is not True
    return bool(members.get("ConfirmationRequired", usual))


def _required_text(members: Mapping[str, Any], path: str, most: int, check: Checker) -> str:
    """Of the member that a path ends in."""
    value = members.get(path.rpartition(".")[2])
    if value is None:
        check.say(path, f"{path} is missing.")
    return check.text(value, path, high=most) or ""


def _priority(members: Mapping[str, Any], check: Checker) -> int:
    if members.get(paths.PRIORITY) is None:
        check.say(paths.PRIORITY, f"{paths.PRIORITY} is missing.")
    return int(members.get(paths.PRIORITY) or 0)


def _role(members: Mapping[str, Any], check: Checker) -> str:
    arn = _required_text(members, paths.ROLE, 2048, check)
    own = conf.account_id()
    if arn and not is_role_arn(arn):
        check.say(paths.ROLE, f"{paths.ROLE} must look like arn:aws:iam::{own}:role/name.")
    elif arn and arn.split(":")[4] != own:
        said = f"{paths.ROLE} must be of the account {own}, that of this installation."
        check.say(paths.ROLE, f"Cross-account pass role is not allowed. {said}")
    return arn


def _operation(
    aws: Mapping[str, Any] | None, ours: Mapping[str, Any], check: Checker
) -> tuple[str, dict[str, Any]]:
    """Name and parameters. What the model lacks, or a whole operation of ours, is in the extension."""
    path = f"{EXTENSION}.{extension.PARAMETERS}"
    beyond = check.structure(ours.get(extension.PARAMETERS), path)
    for name, value in beyond.items():
        if not isinstance(value, dict):
            check.say(f"{path}.{name}", f"{path}.{name} must be a structure.")
            return "", {}
    both = extension.merged(aws or {}, beyond)
    if len(both) != 1:
        named = ", ".join(both) or "none"
        allowed = ", ".join((*OPERATION, f"or in {path} one of ours"))
        said = f"{paths.OPERATION} must have exactly one operation, and has {named}: {allowed}."
        check.say(paths.OPERATION, said)
        return "", {}
    ((name, parameters),) = both.items()
    if registry.find(name) is None:
        check.say(f"{path}.{name}", f'There is no operation "{name}".')
    return str(name), parameters


def _list(members: Mapping[str, Any], ours: Mapping[str, Any], check: Checker) -> ListSpec:
    given = [name for name in (MANIFEST, GENERATOR) if members.get(name) is not None]
    if len(given) != 1:
        has = "both" if given else "neither"
        said = f"A job has either {MANIFEST} or {GENERATOR}, and this one has {has}."
        check.say(MANIFEST, said)
        return ManifestSpec("", "", "", ())
    extension.check_told(ours, check)
    beside = extension.of_list(ours)
    if given == [MANIFEST]:
        check.only(beside, (PLUS_IS_SPACE, FILTER, PIN), EXTENSION)
        return _manifest(members[MANIFEST], beside, check)
    wire = {GENERATOR: members[GENERATOR]} | ({EXTENSION: beside} if beside else {})
    try:
        return GeneratorSpec.from_wire(wire)
    except ValidationFailedError as error:
        check.problems += paths.of_generator(error.problems)
        return ManifestSpec("", "", "", ())


def _manifest(wire: Mapping[str, Any], ours: Mapping[str, Any], check: Checker) -> ManifestSpec:
    spec, location = wire.get("Spec", {}), wire.get("Location", {})
    form, version = "Manifest.Spec.Format", "Manifest.Location.ObjectVersionId"
    arn = _required_text(location, paths.OBJECT, 2000, check)
    etag = _required_text(location, paths.ETAG, 1024, check)
    if spec.get("Format") is None:
        check.say(form, f"{form} is missing.")
    fields = [
        check.choice(name, f"{paths.FIELDS}[{n}]", ManifestField.values)
        for n, name in enumerate(spec.get("Fields", ()))
    ]
    bucket = key = ""
    try:
        bucket, key = parse_object_arn(arn) if arn else ("", "")
    except ValueError as error:
        check.say(paths.OBJECT, str(error))
    return ManifestSpec(
        bucket=bucket,
        key=key,
        etag=etag.strip('"'),
        fields=tuple(ManifestField(name) for name in fields if name),
        version_id=check.text(location.get("ObjectVersionId"), version, high=2000),
        format=ManifestFormat(
            check.choice(spec.get("Format"), form, ManifestFormat.values) or ManifestFormat.CSV
        ),
        **parse_ours(ours, check),
    )


def _report(wire: Mapping[str, Any] | None, role_arn: str, check: Checker) -> ReportSpec:
    if wire is None or wire.get("Enabled") is None:
        check.say(paths.REPORT, f"{paths.REPORT} is missing: true or false.")
    report = wire or {}
    enabled = bool(report.get("Enabled"))
    for name in ("Bucket", "Format", "ReportScope"):
        if enabled and report.get(name) is None:
            check.say(f"Report.{name}", f"Report.{name} is missing.")
    check.choice(report.get("Format"), "Report.Format", [REPORT_FORMAT])
    scope = check.choice(report.get("ReportScope"), "Report.ReportScope", ReportScope.values)
    arn = check.text(report.get("Bucket"), paths.REPORT_BUCKET, high=128)
    bucket = ""
    try:
        bucket = parse_bucket_arn(arn) if arn else ""
    except ValueError as error:
        check.say(paths.REPORT_BUCKET, str(error))
    prefix = check.text(report.get("Prefix"), paths.REPORT_PREFIX, high=MAX_REPORT_PREFIX) or ""
    return ReportSpec(
        enabled=enabled,
        bucket=bucket,
        prefix=prefix.strip("/"),
        scope=ReportScope(scope or ReportScope.FAILED_TASKS_ONLY),
        expected_owner=_owner(report.get("ExpectedBucketOwner"), check),
    )


def _owner(value: str | None, check: Checker) -> str:
    """Who owns a bucket cannot be asked here: the only account that is known is our own."""
    path, own = "Report.ExpectedBucketOwner", conf.account_id()
    if value is None or value == own:
        return value or ""
    if _OWNER.fullmatch(value):
        said = f"{path} is {value}, and who owns a bucket cannot be asked here. Leave it out, or give {own}."
    else:
        said = f"{path} must be an account of 12 digits."
    check.say(path, said)
    return ""
