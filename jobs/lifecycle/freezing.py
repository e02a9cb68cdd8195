"""The list of a dry run that is kept for the job which runs it: whether there is one, and until when
(docs/batch-operations.md, The frozen list).
"""

from dataclasses import replace
from datetime import datetime

from django.db.models import F, Q, QuerySet

from jobs import conf
from jobs.choices import TERMINAL, JobStatus, ReportScope
from jobs.errors import Problem, ValidationFailedError
from jobs.models import Job
from jobs.spec import paths
from jobs.spec.job import MAX_DESCRIPTION, JobSpec, LimitsSpec

NOT_KEPT = "The list of this dry run is no longer kept."
NOT_WHOLE = "A part of the list of this dry run is gone from work storage."


def kept_until(now: datetime) -> datetime:
    """How long the list of a dry run that ends `now` is kept at most."""
    return now + conf.LIST_LIFETIME


def why_not(dry_run: Job, now: datetime) -> str:
    """Why the list of a dry run cannot be run for real, in a sentence; empty when it can."""
    if not dry_run.dry_run:
        return "This job is no dry run."
    if dry_run.status not in TERMINAL:
        return "The dry run has not ended yet."
    if dry_run.status != JobStatus.COMPLETE:
        return "The dry run did not come to its end, so it has not looked at every object."
    if dry_run.lost_rows:
        return NOT_WHOLE
    if real := real_job_of(dry_run):
        return f"Job {real.short_id} runs the list of this dry run already."
    if dry_run.list_kept_until is None or dry_run.list_kept_until <= now:
        return f"{NOT_KEPT} It is kept for {conf.LIST_LIFETIME.days} days at most."
    return ""


def real_job_of(dry_run: Job) -> Job | None:
    """The job that runs the list, or ran some of it; one that ended before its first task does not
    count.
    """
    jobs = dry_run.real_jobs.exclude(status__in=TERMINAL, started_at=None)
    return jobs.order_by("created_at").first()


def check_free(spec: JobSpec, now: datetime) -> None:
    """To be called in the transaction that makes the job of `spec`, which may have no guard.

    Raises ValidationFailedError. The dry run's row is locked, so that two persons at once do not
    make two jobs.
    """
    if spec.guarded_by is None:
        return
    dry_run = Job.objects.select_for_update().filter(pk=spec.guarded_by).first()
    refused = why_not(dry_run, now) if dry_run else "There is no such dry run."
    if dry_run and not refused and (spec.operation, spec.parameters) != rehearsed(dry_run):
        refused = "The dry run rehearsed another operation, or other settings of it."
    if refused:
        raise ValidationFailedError([Problem(paths.GUARDED_BY, refused)])


def rehearsed(dry_run: Job) -> tuple[str, dict[str, object]]:
    return dry_run.operation, dry_run.parameters


def spec_of(dry_run: Job, scope: ReportScope) -> JobSpec:
    """The job that runs the list of a dry run. One job for each state of what was made of it, so
    that a double click makes one.
    """
    report = dry_run.report_spec
    return JobSpec(
        region=dry_run.region_id,
        operation=dry_run.operation,
        parameters=dry_run.parameters,
        manifest=dry_run.manifest,
        report=replace(report, scope=scope),
        priority=dry_run.priority,
        role_arn=dry_run.role.arn,
        client_request_token=f"real.{dry_run.pk}.{dry_run.real_jobs.count()}",
        description=dry_run.description[:MAX_DESCRIPTION],
        tags={tag.key: tag.value for tag in dry_run.tags.all()},
        limits=_limits_of(dry_run),
        guarded_by=dry_run.pk,
    )


def _limits_of(job: Job) -> LimitsSpec:
    return LimitsSpec(
        requests_per_s=job.requests_per_s,
        in_flight=job.in_flight,
        failure_floor=job.failure_floor,
        failure_percent=job.failure_percent,
        canary_tasks=job.canary_tasks,
        canary_percent=job.canary_percent,
    )


def let_go(now: datetime) -> None:
    """Lists that were kept long enough, or were run, are cleared away by the next control worker.
    Of use at any time, also twice at once.
    """
    over = Q(list_kept_until__lte=now) | Q(real_jobs__started_at__isnull=False)
    for keys in iter(lambda: _some(_kept().filter(over)), []):
        # As when something is put there after a job's end (engine.control_turns).
        Job.objects.filter(pk__in=keys).update(
            list_kept_until=None, work_stored=F("work_stored") + 1
        )


def _kept() -> QuerySet[Job]:
    return Job.objects.filter(list_kept_until__isnull=False)


def _some(jobs: QuerySet[Job]) -> list[str]:
    return list(jobs.values_list("pk", flat=True)[:100])
