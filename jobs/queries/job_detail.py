"""What the Status page of a job needs, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs import conf
from jobs.choices import FINISHING, JobStatus
from jobs.models import FailureCause, Job, RateSample
from jobs.queries import progress
from jobs.queries.progress import Bar, Slot
from jobs.queries.sparkline import MAX_POINTS, Sparkline, sparkline
from jobs.queries.words import length

TOP_CAUSES = 3
BEGUN = frozenset(
    {
        JobStatus.ACTIVE,
        JobStatus.PAUSING,
        JobStatus.PAUSED,
        JobStatus.COMPLETE,
        JobStatus.CANCELLED,
        JobStatus.FAILED,
        *FINISHING,
    }
)
POLL_FAST_S = 2
POLL_SLOW_S = 10
SLOW = frozenset({JobStatus.SUSPENDED, JobStatus.READY, JobStatus.PAUSED})


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything of the polled part. Rates are words, per second; `ends_s` is the moment that the
    shown time remaining leads to, in seconds since the epoch, 0 when none is shown.
    """

    total: int | None
    succeeded: int
    failed: int
    remaining: int
    percent: str
    succeeded_percent: str
    failed_percent: str
    bar: Bar
    rate_now: str
    rate_average: str
    active: str
    left: str
    ends_s: int
    stalled: bool
    guard: str
    line: Sparkline | None
    causes: Sequence[FailureCause]
    more_causes: int

    @property
    def done(self) -> int:
        return self.succeeded + self.failed


def poll_every_s(job: Job) -> int:
    """How often the page looks again; 0 for never."""
    if job.is_terminal:
        return 0
    return POLL_SLOW_S if job.status in SLOW else POLL_FAST_S


def active_s(job: Job, now: datetime) -> float:
    running_s = (now - job.active_since).total_seconds() if job.active_since else 0.0
    return job.active_elapsed_s + max(0.0, running_s)


def job_progress(job: Job, *, now: datetime, shown_ends_s: int = 0) -> Progress:
    """Two queries: rates and causes. `shown_ends_s` is the `ends_s` that the reader sees now."""
    causes = list(job.failure_causes.all())
    slots = _slots(job, now)
    spent_s = active_s(job, now)
    running = job.status == JobStatus.ACTIVE
    remaining = max(0, (job.total_tasks or 0) - job.tasks_done)
    recent = progress.rate_now(
        slots, width_s=RateSample.WIDTH_S, now_s=now.timestamp(), active_s=spent_s
    )
    stalled = running and _is_stalled(job, slots, now)
    rest_s = None
    if running and not stalled and not job.waiting_for:
        rest_s = _rest_s(remaining, job.tasks_done, spent_s, recent, now, shown_ends_s)
    end_s = (job.terminated_at or now).timestamp()
    return Progress(
        total=job.total_tasks,
        succeeded=job.tasks_succeeded,
        failed=job.tasks_failed,
        remaining=remaining,
        percent=progress.percent(job.tasks_done, job.total_tasks),
        succeeded_percent=progress.percent(job.tasks_succeeded, job.tasks_done),
        failed_percent=progress.percent(job.tasks_failed, job.tasks_done),
        bar=progress.bar(job.tasks_succeeded, job.tasks_failed, job.total_tasks),
        rate_now=progress.rate_words(recent) if running else "",
        rate_average=progress.rate_words(job.tasks_done / spent_s) if spent_s >= 1 else "",
        active=length(spent_s) if job.started_at else "",
        left=progress.left_words(rest_s, now) if rest_s is not None else "",
        ends_s=int(now.timestamp() + rest_s) if rest_s is not None else 0,
        stalled=stalled and not job.waiting_for,
        guard=_guard(job),
        line=sparkline(slots, width_s=RateSample.WIDTH_S, end_s=end_s),
        causes=causes[:TOP_CAUSES],
        more_causes=max(0, len(causes) - TOP_CAUSES),
    )


def _slots(job: Job, now: datetime) -> list[Slot]:
    """The last quarter of an hour of the run."""
    if not job.started_at:
        return []
    end_s = (job.terminated_at or now).timestamp()
    rows = job.rate_samples.filter(at_s__gte=int(end_s) - (MAX_POINTS + 1) * RateSample.WIDTH_S)
    return [Slot(row.at_s, row.succeeded + row.failed) for row in rows]


def _is_stalled(job: Job, slots: Sequence[Slot], now: datetime) -> bool:
    since = job.active_since or job.created_at
    return progress.is_stalled(slots, now_s=now.timestamp(), active_since_s=since.timestamp())


def _rest_s(
    remaining: int, done: int, spent_s: float, recent: float, now: datetime, shown_ends_s: int
) -> float | None:
    fresh_s = progress.left_s(remaining=remaining, done=done, active_s=spent_s, recent=recent)
    if fresh_s is None:
        return None
    shown_s = shown_ends_s - now.timestamp() if shown_ends_s else None
    return progress.steady_s(fresh_s, shown_s)


def _guard(job: Job) -> str:
    """How far the job is from being stopped for its failures (reference 1.6)."""
    if job.status not in BEGUN or not job.tasks_done:
        return ""
    share = progress.percent(job.tasks_failed, job.tasks_done)
    return (
        f"{share}% failed. The job stops above {conf.failure_percent()}% after"
        f" {conf.failure_floor():,} objects."
    )
