"""The one door through which every job is made, whoever asks for it."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from jobs import queueing
from jobs.access.actions import Action
from jobs.access.approval import needs_approval
from jobs.access.asking import ANY, creating, of_role, passing_role, plain, tagged, tagging
from jobs.access.decisions import Decision
from jobs.choices import INVENTORIES, JobStatus
from jobs.errors import BatchConsoleError, Problem, ValidationFailedError
from jobs.lifecycle import freezing
from jobs.lifecycle.asked_lists import check_asking
from jobs.lifecycle.capabilities import lacking
from jobs.lifecycle.connected import unconnected
from jobs.lifecycle.generated_lists import check_generator
from jobs.lifecycle.limits import check_limits
from jobs.lifecycle.retrying import check_free
from jobs.lifecycle.search_texts import keep_search_text
from jobs.lifecycle.tagging import check_tags
from jobs.models import Job, JobEvent, JobTag, Region, Role, RoleCredentials, StatusChange
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.spec import paths
from jobs.spec.columns import wrong_columns
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import (
    MAX_DESCRIPTION,
    MAX_PRIORITY,
    MAX_REPORT_PREFIX,
    MAX_SAMPLE,
    MAX_TOKEN,
    JobSpec,
)


class IdempotencyError(BatchConsoleError):
    """This client request token was used for another request. Use a new one."""


def create_job(
    spec: JobSpec,
    *,
    by: Decision,
    now: datetime,
    request: object = None,
    ignored: Sequence[str] = (),
) -> Job:
    """Make a job, or return the one that the same token and request made before
    (docs/batch-operations.md, Creating a job).

    `request` is what the door received, as JSON can say it: two of one token are the same when it is.
    Without it, the token stands for the request. `ignored` are paths of members that nothing here
    knows: the job's activity has them.

    Raises AccessDeniedError, ValidationFailedError with every problem that needs no look at the
    storage, and IdempotencyError.
    """
    _hold(by, spec)
    fingerprint = _fingerprint(request)
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
            job = _insert(_waiting(spec, by), fingerprint, by.actor, now)
            _note_ignored(job, ignored, now)
            by.record(Action.CREATE_JOB, job.pk, after={**plain(creating(spec)), "tags": spec.tags})
            queueing.call_control()
    except IntegrityError:
        # A double click: the other request's row is there now.
        known = Job.objects.get(client_request_token=spec.client_request_token)
        return _same_request(known, fingerprint)
    return job


def _waiting(spec: JobSpec, by: Decision) -> JobSpec:
    """A job that has to be approved waits, whatever its door asked for."""
    if spec.confirmation_required or not needs_approval(by, spec):
        return spec
    return dataclasses.replace(spec, confirmation_required=True)


def _note_ignored(job: Job, ignored: Sequence[str], now: datetime) -> None:
    if ignored:
        said = f"These parts of the request are not known here: {', '.join(ignored)}."[:1024]
        JobEvent.objects.create(job=job, at=now, kind=JobEvent.Kind.IGNORED, after=said)


def _hold(by: Decision, spec: JobSpec) -> None:
    """Raises AccessDeniedError. Using a role and bringing tags are actions of their own."""
    by.hold(Action.CREATE_JOB, ANY, creating(spec))
    by.also(Action.PASS_ROLE, of_role(spec.role_arn), passing_role())
    if spec.tags:
        by.also(Action.PUT_JOB_TAGGING, tagged(spec, by.actor), tagging(spec.tags))


def check_spec(spec: JobSpec, now: datetime) -> list[Problem]:
    """All that is wrong with a job made `now`, by wire path (spec/paths.py), as far as the database and
    the spec can tell.
    """
    problems = [*check_tags(spec.tags), *_check_options(spec), *_check_list(spec)]
    problems += _check_report(spec) + _check_permissions(spec) + check_limits(spec.limits)
    operation = registry.find(spec.operation)
    if operation is None:
        return [*problems, Problem(paths.OPERATION, f'There is no operation "{spec.operation}".')]
    problems += paths.of_operation(spec.operation, _check_operation(operation, spec, now))
    if operation.needs_report and not spec.report.enabled:
        said = f"{operation.label} needs a completion report: what it finds stands there alone."
        problems.append(Problem(paths.REPORT, said))
    refused = refusal_of(operation, Region.objects.filter(pk=spec.region).first())
    return [*problems, Problem(paths.OPERATION, refused)] if refused else problems


def _check_operation(operation: type[Operation], spec: JobSpec, now: datetime) -> list[Problem]:
    """Paths are those within the operation's parameters."""
    try:
        parsed = operation.parse(spec.parameters)
    except ValidationFailedError as error:
        return error.problems
    return [
        *parsed.too_late(now),
        *unconnected(parsed),
        *_check_places(parsed, spec.role_arn),
    ]


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
        said = f"A sample has 1 to {MAX_SAMPLE:,} objects. Enter such a number."
        problems.append(Problem(paths.SAMPLE_ROWS, said))
    if len(spec.description) > MAX_DESCRIPTION:
        said = f"must be {MAX_DESCRIPTION} characters or fewer, not {len(spec.description)}."
        problems.append(Problem(paths.DESCRIPTION, f"{paths.DESCRIPTION} {said}"))
    if not 0 <= spec.priority <= MAX_PRIORITY:
        said = f"{paths.PRIORITY} must be a whole number from 0 to {MAX_PRIORITY}."
        problems.append(Problem(paths.PRIORITY, said))
    if not 1 <= len(spec.client_request_token) <= MAX_TOKEN:
        said = f"{paths.TOKEN} must have 1 to {MAX_TOKEN} characters."
        problems.append(Problem(paths.TOKEN, said))
    return problems


def _check_list(spec: JobSpec) -> list[Problem]:
    if isinstance(spec.manifest, GeneratorSpec):
        found = check_generator(spec.manifest, spec.operation, spec.role_arn)
        return [*paths.of_generator(found), *_check_columns(spec)]
    manifest, problems = spec.manifest, check_asking(spec.manifest, spec.operation)
    if not manifest.bucket or not manifest.key:
        problems.append(Problem(paths.OBJECT, f"{paths.OBJECT} must name an object."))
    if not manifest.etag:
        problems.append(Problem(paths.ETAG, f"{paths.ETAG} is missing."))
    if manifest.format not in INVENTORIES and (wrong := wrong_columns(manifest.fields)):
        problems.append(Problem(paths.FIELDS, " ".join(wrong)))
    if not isinstance(manifest.plus_is_space, bool | None):
        said = "PlusIsSpace must be true or false, or be left out."
        problems.append(Problem(paths.PLUS_IS_SPACE, said))
    return [*problems, *_check_columns(spec)]


def _check_columns(spec: JobSpec) -> list[Problem]:
    """Whether the operation can use them. Those of an inventory are known when it is read
    (manifest_checks.check_columns).
    """
    operation, fields = registry.find(spec.operation), spec.manifest.task_fields
    if operation is None or not fields:
        return []
    try:
        unfit = operation.parse(spec.parameters).unfit_columns(fields)
    except ValidationFailedError:
        return []  # said at its parameters
    return [Problem(paths.FIELDS, unfit)] if unfit else []


def _check_report(spec: JobSpec) -> list[Problem]:
    if spec.report.enabled and not spec.report.bucket:
        return [Problem(paths.REPORT_BUCKET, f"{paths.REPORT_BUCKET} is missing.")]
    if len(spec.report.prefix) > MAX_REPORT_PREFIX:
        said = f"{paths.REPORT_PREFIX} must be {MAX_REPORT_PREFIX} characters or fewer."
        return [Problem(paths.REPORT_PREFIX, said)]
    return []


def _check_permissions(spec: JobSpec) -> list[Problem]:
    region = Region.objects.filter(pk=spec.region).first()
    if region is None:
        return [Problem(paths.REGION, "There is no such Region.")]
    if region.disabled:
        said = f"The Region {region.name} is disabled. Choose another, or ask an administrator."
        return [Problem(paths.REGION, said)]
    if not Role.objects.filter(arn=spec.role_arn).exists():
        return [Problem(paths.ROLE, f'There is no IAM role "{spec.role_arn}".')]
    known = RoleCredentials.objects.filter(role__arn=spec.role_arn, region=spec.region)
    if not known.exists():
        return [Problem(paths.ROLE, "This IAM role has no credentials in the job's Region.")]
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
    if job.request_fingerprint.startswith(_OF_REQUEST) and job.request_fingerprint != fingerprint:
        raise IdempotencyError
    return job


_OF_REQUEST = "request:"
"""Older versions kept a hash of the job that came of a request, which cannot be compared: their tokens
stand for their requests.
"""


def _fingerprint(request: object) -> str:
    text = json.dumps(request, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{_OF_REQUEST}{digest}"[:64]


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
        report_bucket_owner=report.expected_owner,
        created_at=now,
        **dataclasses.asdict(spec.limits),
    )
    JobTag.objects.bulk_create(JobTag(job=job, key=k, value=v) for k, v in spec.tags.items())
    keep_search_text(job)
    StatusChange.objects.create(job=job, at=now, to_status=JobStatus.NEW, actor=actor)
    return job
