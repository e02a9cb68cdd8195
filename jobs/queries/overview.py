"""What the Overview shows, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from jobs.choices import ASKING, GAVE_UP, JobStatus, PauseCause
from jobs.models import Job, JobQuerySet, RateSample, Region
from jobs.queries import progress, words
from jobs.queries.job_detail import recent_rate, rest_of
from jobs.queries.job_list import JobRow, job_rows
from jobs.queries.progress import Slot
from jobs.queries.regions import UNREACHABLE, RegionState, region_states
from jobs.queries.set_aside import Aside

SHOWN = 5
NEEDS_SHOWN = 10
RECENT = timedelta(hours=24)
NOTHING = Aside()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person. `kind` is "confirm", "canary", "storage", "failed",
    "failures" or "region".
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
class Overview:
    """`set_aside` is how many needs are left out for that."""

    needs: Sequence[Need]
    needs_total: int
    set_aside: int
    running: Sequence[Running]
    running_total: int
    finished: Sequence[JobRow]
    regions: Sequence[RegionState]

    @property
    def has_jobs(self) -> bool:
        return bool(self.needs_total or self.set_aside or self.running_total or self.finished)


def overview(visible: JobQuerySet, now: datetime, aside: Aside = NOTHING) -> Overview:
    """Ten queries over the `visible` jobs."""
    states = region_states(Region.objects.all())
    lost, lost_aside = _split(_unreachable(states), lambda region: region.pk in aside.regions)
    waiting, waiting_aside = _split(_jobs_in_need(visible, now), lambda one: one[0] in aside.jobs)
    moving = visible.going().exclude(status=JobStatus.SUSPENDED)
    running = list(moving.select_related("region").order_by("-priority", "created_at")[:SHOWN])
    ended = visible.filter(terminated_at__isnull=False).select_related("region")
    return Overview(
        needs=[*map(_region_need, lost), *_job_needs(visible, waiting[:NEEDS_SHOWN], now)],
        needs_total=len(waiting) + len(lost),
        set_aside=len(waiting_aside) + len(lost_aside),
        running=_running(running, now),
        running_total=moving.count(),
        finished=job_rows(ended.order_by("-terminated_at")[:SHOWN], now=now),
        regions=states,
    )


def needs_set_aside(visible: JobQuerySet, now: datetime, aside: Aside) -> list[Need]:
    """What would need somebody, had they not set it aside."""
    states = region_states(Region.objects.filter(pk__in=aside.regions))
    own = visible.filter(pk__in=aside.jobs)
    return [
        *map(_region_need, _unreachable(states)),
        *_job_needs(visible, _jobs_in_need(own, now), now),
    ]


def _unreachable(states: Sequence[RegionState]) -> list[Region]:
    return [one.region for one in states if one.word == UNREACHABLE]


def _split(found: Sequence[T], is_aside: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    return [one for one in found if not is_aside(one)], [one for one in found if is_aside(one)]


def _job_needs(
    visible: JobQuerySet, waiting: Sequence[tuple[str, datetime]], now: datetime
) -> list[Need]:
    keys = [job_id for job_id, _ in waiting]
    jobs = visible.select_related("region").in_bulk(keys)
    return [_job_need(jobs[key], now) for key in keys if key in jobs]


def _jobs_in_need(visible: JobQuerySet, now: datetime) -> list[tuple[str, datetime]]:
    """With since when, the newest first. Small queries that an index answers, since one with "or" reads
    all jobs.
    """
    asks = visible.going().filter(
        Q(status=JobStatus.SUSPENDED) | Q(status=JobStatus.PAUSED, paused_cause__in=ASKING)
    )
    lately = visible.filter(terminated_at__gte=now - RECENT)
    failed = lately.filter(status=JobStatus.FAILED)
    found = [
        *asks.values_list("pk", Coalesce("suspended_at", "created_at")),
        *failed.values_list("pk", "terminated_at"),
        *_with_failures(lately.filter(status=JobStatus.COMPLETE, tasks_failed__gt=0)),
    ]
    return sorted(found, key=lambda one: one[1], reverse=True)


def _with_failures(completed: QuerySet[Job]) -> Iterator[tuple[str, datetime]]:
    """Those with failed objects that no retry lists: retries tell themselves how they end."""
    retries = Job.objects.filter(retry_of__in=completed.values("pk")).exclude(status__in=GAVE_UP)
    retried = dict(retries.values_list("retry_of").annotate(tasks=Sum("total_tasks")))
    for job_id, failed, at in completed.values_list("pk", "tasks_failed", "terminated_at"):
        if at and failed > (retried.get(job_id) or 0):
            yield job_id, at


def _job_need(job: Job, now: datetime) -> Need:
    if job.status == JobStatus.SUSPENDED:
        sentence = f"“{job}” awaits confirmation: {words.counted(job.total_tasks or 0, 'object')}."
        return Need("confirm", sentence, words.expiry(job, now), job=job)
    if job.status == JobStatus.PAUSED and job.paused_cause == PauseCause.STORAGE:
        sentence = (
            f"“{job}” is paused: the storage does not keep what it accepts. Continue or cancel?"
        )
        return Need("storage", sentence, job.paused_reason, job=job)
    if job.status == JobStatus.PAUSED:
        sentence = f"“{job}” is paused: its first objects failed too often. Continue or cancel?"
        return Need("canary", sentence, words.canary_found(job), job=job)
    if job.status == JobStatus.FAILED:
        return Need("failed", f"“{job}” failed.", job.failure_reason, job=job)
    failed = words.counted(job.tasks_failed, "object")
    if job.dry_run:
        return Need("failures", f"The dry run “{job}” found that {failed} would fail.", job=job)
    return Need("failures", f"“{job}” completed, but {failed} failed.", job=job)


def _region_need(region: Region) -> Need:
    return Need("region", f"Region {region} is unreachable.", region.check_error, region=region)


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
