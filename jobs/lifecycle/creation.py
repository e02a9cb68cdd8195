"""The one door through which every job is made, whoever asks for it."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from jobs import queueing
from jobs.access.actions import Action
from jobs.access.asking import ANY, creating, of_role, passing_role, tagged, tagging
from jobs.access.decisions import Decision
from jobs.choices import INVENTORIES, JobStatus
from jobs.errors import BatchConsoleError, Problem, ValidationFailedError
from jobs.lifecycle import freezing
from jobs.lifecycle.capabilities import lacking
from jobs.lifecycle.connected import unconnected
from jobs.lifecycle.generated_lists import check_generator
from jobs.lifecycle.limits import check_limits
from jobs.lifecycle.retrying import check_free
from jobs.lifecycle.tagging import check_tags
from jobs.models import Job, JobTag, Region, Role, RoleCredentials, StatusChange
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.spec.columns import wrong_columns
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import MAX_DESCRIPTION, MAX_PRIORITY, MAX_SAMPLE, JobSpec


class IdempotencyError(BatchConsoleError):
    """This client request token was used for another request. Use a new one."""


def create_job(spec: JobSpec, *, by: Decision, now: datetime) -> Job:
    """Make a job, or return the one that the same token and request made before
    (docs/batch-operations.md, Creating a job).

    Raises AccessDeniedError, ValidationFailedError with every problem that needs no look at the
    storage, and IdempotencyError.
    """
    _hold(by, spec)
    fingerprint = _fingerprint(spec)
    known = Job.objects.filter(client_request_token=spec.client_request_token).first()
    if known:
        return _same_request(known, fingerprint)
    problems = check_spec(spec, now)
    if problems:
        raise ValidationFailedError(problems)
    try:
        with transaction.atomic():
            _hold(by, spec)
            check_free(spec)
            freezing.check_free(spec, now)
            job = _insert(spec, fingerprint, by.actor, now)
            queueing.call_control()
    except IntegrityError:
        # A double click: the other request's row is there now.
        known = Job.objects.get(client_request_token=spec.client_request_token)
        return _same_request(known, fingerprint)
    return job


def _hold(by: Decision, spec: JobSpec) -> None:
    """Raises AccessDeniedError. Using a role and bringing tags are actions of their own."""
    by.hold(Action.CREATE_JOB, ANY, creating(spec))
    by.also(Action.PASS_ROLE, of_role(spec.role_arn), passing_role())
    if spec.tags:
        by.also(Action.PUT_JOB_TAGGING, tagged(spec), tagging(spec.tags))


def check_spec(spec: JobSpec, now: datetime) -> list[Problem]:
    """All that is wrong with a job made `now`, by field, as far as the database and the spec can tell."""
    problems = [*check_tags(spec.tags), *_check_options(spec), *_check_manifest(spec)]
    problems += _check_report(spec) + _check_permissions(spec) + check_limits(spec.limits)
    try:
        operation = registry.get(spec.operation)
        parsed = operation.parse(spec.parameters)
        problems += [*parsed.too_late(now), *unconnected(parsed)]
        problems += _check_places(parsed, spec.role_arn)
        # Those of an inventory are known when it is read (manifest_checks.check_columns).
        fields = spec.manifest.fields
        if fields and (unfit := parsed.unfit_columns(fields)):
            problems.append(Problem("fields", unfit))
    except ValidationFailedError as error:
        return problems + error.problems
    if operation.needs_report and not spec.report.enabled:
        said = f"{operation.label} needs a completion report: what it finds stands there alone."
        problems.append(Problem("report_enabled", said))
    refused = refusal_of(operation, Region.objects.filter(pk=spec.region).first())
    return [*problems, Problem("operation", refused)] if refused else problems


def refusal_of(
    operation: type[Operation], region: Region | None, buckets: Iterable[str] = ()
) -> str:
    """Why `operation` may not be used in the Region, or on these buckets of it, as a sentence; empty
    when it may.
    """
    if region is None or region.allows(operation):
        return lacking(operation, region, buckets)
    return (
        f"{operation.label} is turned off in the Region {region.name}."
        " An administrator can allow it under Regions."
    )


def _check_options(spec: JobSpec) -> list[Problem]:
    problems = []
    if spec.sample_rows is not None and not 1 <= spec.sample_rows <= MAX_SAMPLE:
        problems.append(
            Problem(
                "sample_rows", f"A sample has 1 to {MAX_SAMPLE:,} objects. Enter such a number."
            )
        )
    if len(spec.description) > MAX_DESCRIPTION:
        problems.append(
            Problem(
                "description",
                f"Description must be {MAX_DESCRIPTION} characters or fewer,"
                f" not {len(spec.description)}.",
            )
        )
    if not 0 <= spec.priority <= MAX_PRIORITY:
        problems.append(
            Problem("priority", f"Priority must be a whole number from 0 to {MAX_PRIORITY}.")
        )
    if not 1 <= len(spec.client_request_token) <= 64:
        problems.append(
            Problem("client_request_token", "The client request token has 1 to 64 characters.")
        )
    return problems


def _check_manifest(spec: JobSpec) -> list[Problem]:
    if isinstance(spec.manifest, GeneratorSpec):
        return check_generator(spec.manifest, spec.operation, spec.role_arn)
    manifest, problems = spec.manifest, []
    if not manifest.bucket or not manifest.key:
        problems.append(Problem("manifest", "Enter the path to the manifest object."))
    if not manifest.etag:
        problems.append(Problem("manifest", "The manifest's ETag is missing. Check the manifest."))
    if manifest.format not in INVENTORIES and (wrong := wrong_columns(manifest.fields)):
        problems.append(Problem("fields", " ".join(wrong)))
    if not isinstance(manifest.plus_is_space, bool | None):
        said = "PlusIsSpace must be true or false, or be left out."
        problems.append(Problem("BatchConsole.PlusIsSpace", said))
    return problems


def _check_report(spec: JobSpec) -> list[Problem]:
    if spec.report.enabled and not spec.report.bucket:
        return [Problem("report_path", "Enter the path to the completion report destination.")]
    if len(spec.report.prefix) > 512:
        return [Problem("report_path", "The report's prefix must be 512 characters or fewer.")]
    return []


def _check_permissions(spec: JobSpec) -> list[Problem]:
    if not Region.objects.filter(pk=spec.region).exists():
        return [Problem("region", "Choose a Region.")]
    if not Role.objects.filter(arn=spec.role_arn).exists():
        return [Problem("role", f'There is no IAM role "{spec.role_arn}". Choose one of the list.')]
    known = RoleCredentials.objects.filter(role__arn=spec.role_arn, region=spec.region)
    if not known.exists():
        return [Problem("role", "This IAM role has no credentials in the job's Region.")]
    return []


def _check_places(operation: Operation, role_arn: str) -> list[Problem]:
    """Regions that the parameters name: they exist, and the role has credentials there."""
    problems = []
    for slug, _ in operation.target_places():
        region = Region.objects.filter(slug=slug).first()
        if region is None:
            sentence = f'There is no Region "{slug}" here. Choose another.'
            problems.append(Problem("TargetRegion", sentence))
        elif not RoleCredentials.objects.filter(role__arn=role_arn, region=region).exists():
            sentence = f"The IAM role {role_arn} has no credentials in Region {region.name}."
            problems.append(Problem("TargetRegion", f"{sentence} Choose another."))
    return problems


def _same_request(job: Job, fingerprint: str) -> Job:
    if job.request_fingerprint != fingerprint:
        raise IdempotencyError
    return job


def _fingerprint(spec: JobSpec) -> str:
    facts = dataclasses.asdict(spec)
    for name in ("dry_run", "sample_rows", "guarded_by"):
        if not facts[name]:
            del facts[name]  # as requests were known before there were dry runs
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _insert(spec: JobSpec, fingerprint: str, actor: User | None, now: datetime) -> Job:
    report = spec.report
    job = Job.objects.create(
        region_id=spec.region,
        role=Role.objects.get(arn=spec.role_arn),
        owner=actor,
        description=spec.description,
        priority=spec.priority,
        operation=spec.operation,
        parameters=registry.get(spec.operation).parse(spec.parameters).to_wire(),
        client_request_token=spec.client_request_token,
        request_fingerprint=fingerprint,
        confirmation_required=spec.confirmation_required,
        dry_run=spec.dry_run,
        sample_rows=spec.sample_rows if spec.dry_run else None,
        guarded_by_id=spec.guarded_by,
        # Failures are what a dry run is to find: they never stop it. Its limits are those of the job.
        canary_settled=spec.dry_run,
        cloned_from_id=spec.cloned_from,
        retry_of_id=spec.retry_of,
        listed_by=spec.manifest.to_wire(),
        report_enabled=report.enabled,
        report_bucket=report.bucket,
        report_prefix=report.prefix,
        report_scope=report.scope,
        created_at=now,
        **dataclasses.asdict(spec.limits),
    )
    JobTag.objects.bulk_create(JobTag(job=job, key=k, value=v) for k, v in spec.tags.items())
    StatusChange.objects.create(job=job, at=now, to_status=JobStatus.NEW, actor=actor)
    return job
