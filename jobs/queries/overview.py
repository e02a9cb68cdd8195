"""What the Overview shows, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from jobs.choices import GAVE_UP, TERMINAL, JobStatus, PauseCause
from jobs.models import Job, RateSample, Region
from jobs.queries import progress, words
from jobs.queries.job_detail import recent_rate, rest_of
from jobs.queries.job_list import JobRow, job_rows
from jobs.queries.progress import Slot

SHOWN = 5
NEEDS_SHOWN = 10
RECENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person. `kind` is "confirm", "canary", "failed", "failures" or
    "region".
    """

    kind: str
    sentence: str
    note: str = ""
    job: Job | None = None
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A job that moves; `rate` in tasks per second and `left_s` are None when unknown."""

    row: JobRow
    rate: float | None
    left_s: float | None


@dataclass(frozen=True, slots=True)
class RegionState:
    """`state` is "Reachable", "Unreachable" or "Not tested"."""

    region: Region
    state: str


@dataclass(frozen=True, slots=True)
class Overview:
    needs: Sequence[Need]
    needs_total: int
    running: Sequence[Running]
    running_total: int
    finished: Sequence[JobRow]
    regions: Sequence[RegionState]

    @property
    def has_jobs(self) -> bool:
        return bool(self.needs_total or self.running_total or self.finished)


def overview(now: datetime) -> Overview:
    """Seven queries."""
    regions = list(Region.objects.all())
    waiting, moving = _jobs_in_need(now), _moving_jobs()
    unreachable = [_region_need(region) for region in regions if region.check_error]
    jobs = waiting.select_related("region").order_by("-suspended_at", "-created_at")
    running = list(moving.select_related("region").order_by("-priority", "created_at")[:SHOWN])
    ended = Job.objects.filter(status__in=TERMINAL).select_related("region")
    return Overview(
        needs=unreachable + [_job_need(job, now) for job in jobs[:NEEDS_SHOWN]],
        needs_total=waiting.count() + len(unreachable),
        running=_running(running, now),
        running_total=moving.count(),
        finished=job_rows(ended.order_by("-terminated_at")[:SHOWN], now=now),
        regions=[_region_state(region) for region in regions],
    )


def _jobs_in_need(now: datetime) -> QuerySet[Job]:
    lately = Q(terminated_at__gte=now - RECENT)
    return Job.objects.filter(
        Q(status=JobStatus.SUSPENDED)
        | Q(status=JobStatus.PAUSED, paused_cause=PauseCause.CANARY)
        | (lately & Q(status=JobStatus.FAILED))
        | (lately & Q(status=JobStatus.COMPLETE, tasks_failed__gt=_retried()))
    )


def _retried() -> Coalesce:
    """How many objects of a job are listed by retries of it, which tell themselves how they end."""
    retries = Job.objects.filter(retry_of=OuterRef("pk")).exclude(status__in=GAVE_UP).order_by()
    listed = retries.values("retry_of").annotate(tasks=Sum("total_tasks")).values("tasks")
    return Coalesce(Subquery(listed), 0)


def _moving_jobs() -> QuerySet[Job]:
    return Job.objects.exclude(status__in=[*TERMINAL, JobStatus.SUSPENDED])


def _job_need(job: Job, now: datetime) -> Need:
    if job.status == JobStatus.SUSPENDED:
        sentence = f"“{job}” awaits confirmation: {words.counted(job.total_tasks or 0, 'object')}."
        return Need("confirm", sentence, words.expiry(job, now), job=job)
    if job.status == JobStatus.PAUSED:
        sentence = f"“{job}” is paused: its first objects failed too often. Go on or cancel?"
        return Need("canary", sentence, words.canary_found(job), job=job)
    if job.status == JobStatus.FAILED:
        return Need("failed", f"“{job}” failed.", job.failure_reason, job=job)
    failed = words.counted(job.tasks_failed, "object")
    return Need("failures", f"“{job}” completed, but {failed} failed.", job=job)


def _region_need(region: Region) -> Need:
    return Need("region", f"Region {region} is unreachable.", region.check_error, region=region)


def _region_state(region: Region) -> RegionState:
    if region.checked_at is None:
        return RegionState(region, "Not tested")
    state = "Unreachable" if region.check_error else "Reachable"
    return RegionState(region, state)


def _running(jobs: Sequence[Job], now: datetime) -> list[Running]:
    slots = _slots(jobs, now)
    return [_running_row(row, slots.get(row.job.pk, []), now) for row in job_rows(jobs, now=now)]


def _slots(jobs: Sequence[Job], now: datetime) -> Mapping[str, list[Slot]]:
    since_s = int(now.timestamp()) - progress.RECENT_S - RateSample.WIDTH_S
    found: dict[str, list[Slot]] = defaultdict(list)
    for sample in RateSample.objects.filter(job__in=jobs, at_s__gte=since_s):
        found[sample.job_id].append(Slot(sample.at_s, sample.succeeded + sample.failed))
    return found


def _running_row(row: JobRow, slots: Sequence[Slot], now: datetime) -> Running:
    rate = recent_rate(row.job, slots, now)
    return Running(row, rate, None if row.job.waiting_for else rest_of(row.job, rate, now))
