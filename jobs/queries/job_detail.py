"""What the Status page of a job needs, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from jobs.choices import JobStatus
from jobs.models import FailureCause, Job, RateSample
from jobs.queries import progress
from jobs.queries.progress import MAX_POINTS, Slot, Span
from jobs.queries.waiting import Waiting, waiting_of

TOP_CAUSES = 3
CHANGES_SEEN = 200
"""More than a job has of them in a quarter of an hour, as a rule."""

POLL_FAST_S = 2
POLL_SLOW_S = 10
SLOW = frozenset({JobStatus.SUSPENDED, JobStatus.PAUSED})
"""Not Ready: whoever just chose Run job wants to see it start (docs/pages.md, Live regions)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything of the polled part. Rates are tasks per second, None where none can be said.

    `read_rows` and `looked_up_objects` are those of a list that is prepared, of all its parts.
    `ends_s` is the moment that the shown time remaining leads to, in seconds since the epoch, 0
    when none is shown.
    """

    remaining: int
    rate_now: float | None
    rate_average: float | None
    active_s: float | None
    left_s: float | None
    ends_s: int
    stalled: bool
    guard_percent: int
    guard_floor: int
    rates: Sequence[float | None]
    causes: Sequence[FailureCause]
    waiting: Waiting | None
    read_rows: int
    looked_up_objects: int

    @property
    def more_causes(self) -> int:
        """How many there are beside the most frequent ones."""
        return max(0, len(self.causes) - TOP_CAUSES)

    @property
    def rates_span_s(self) -> int:
        return len(self.rates) * RateSample.WIDTH_S

    @property
    def rate_low(self) -> float:
        return min(self._known_rates, default=0.0)

    @property
    def rate_high(self) -> float:
        """Never below the rate that is said of this moment."""
        return max([*self._known_rates, self.rate_now or 0.0])

    @property
    def rate_last(self) -> float | None:
        return self.rates[-1] if self.rates else None

    @property
    def _known_rates(self) -> list[float]:
        return [rate for rate in self.rates if rate is not None]


def poll_every_s(job: Job) -> int:
    """How often the page looks again; 0 for never."""
    if job.is_terminal:
        return 0
    return POLL_SLOW_S if job.status in SLOW else POLL_FAST_S


def active_s(job: Job, now: datetime) -> float:
    running_s = (now - job.active_since).total_seconds() if job.active_since else 0.0
    return job.active_elapsed_s + max(0.0, running_s)


def job_progress(job: Job, *, now: datetime, shown_ends_s: int = 0) -> Progress:
    """Two queries: rates and causes; one more while a list is prepared, for a job whose tasks may wait,
    and for one that did nothing for a while. `shown_ends_s` is the `ends_s` that the reader sees now.
    """
    causes = list(job.failure_causes.all())
    slots = _slots(job, now)
    spent_s = active_s(job, now)
    running = job.status == JobStatus.ACTIVE
    recent = recent_rate(job, slots, now)
    waiting = waiting_of(job)
    stalled = running and not (job.waiting_for or waiting) and _is_stalled(job, slots, now)
    read_rows, looked_up = _prepared(job)
    rest_s = None if stalled or job.waiting_for or waiting else rest_of(job, recent, now)
    if rest_s is not None:
        shown_s = shown_ends_s - now.timestamp() if shown_ends_s else None
        steady_s = progress.steady_s(rest_s, shown_s)
        is_new = steady_s != shown_s
        rest_s = progress.common_s(rest_s, now.timestamp()) if is_new else steady_s
    return Progress(
        remaining=remaining(job),
        rate_now=recent,
        rate_average=job.tasks_done / spent_s if spent_s >= 1 else None,
        active_s=spent_s if job.started_at else None,
        left_s=rest_s,
        ends_s=round(now.timestamp() + rest_s) if rest_s is not None else 0,
        stalled=stalled,
        guard_percent=job.failure_percent,
        guard_floor=job.failure_floor,
        rates=_rates(job, slots, now),
        causes=causes,
        waiting=waiting,
        read_rows=read_rows,
        looked_up_objects=looked_up,
    )


def _prepared(job: Job) -> tuple[int, int]:
    """Rows, and objects that were asked for, with those of parts that are not joined to the list yet."""
    if job.total_tasks is not None:
        return job.prepared_rows, job.looked_up_objects
    parts = job.parts.aggregate(rows=Sum("prepared_rows"), asked=Sum("looked_up_objects"))
    return job.prepared_rows + (parts["rows"] or 0), job.looked_up_objects + (parts["asked"] or 0)


def remaining(job: Job) -> int:
    return max(0, (job.total_tasks or 0) - job.tasks_done)


def recent_rate(job: Job, slots: Sequence[Slot], now: datetime) -> float | None:
    """None unless the job is Active."""
    if job.status != JobStatus.ACTIVE:
        return None
    return progress.rate_now(
        slots, width_s=RateSample.WIDTH_S, now_s=now.timestamp(), active_s=active_s(job, now)
    )


def rest_of(job: Job, recent: float | None, now: datetime) -> float | None:
    """Seconds that remain, if they can be told."""
    if recent is None:
        return None
    return progress.left_s(
        remaining=remaining(job),
        done=job.tasks_done,
        active_s=active_s(job, now),
        recent=recent,
    )


def _end_s(job: Job, now: datetime) -> float:
    return (job.terminated_at or now).timestamp()


def _slots(job: Job, now: datetime) -> list[Slot]:
    """The last quarter of an hour of the run."""
    since_s = int(_end_s(job, now)) - (MAX_POINTS + 1) * RateSample.WIDTH_S
    rows = job.rate_samples.filter(at_s__gte=since_s)
    return [Slot(row.at_s, row.succeeded + row.failed) for row in rows]


def _rates(job: Job, slots: Sequence[Slot], now: datetime) -> list[float | None]:
    width_s, end_s = RateSample.WIDTH_S, _end_s(job, now)
    found = progress.rates(slots, width_s=width_s, end_s=end_s)
    if all(found):
        return found
    pauses = _pauses(job, end_s)
    return progress.rates(slots, width_s=width_s, end_s=end_s, pauses=pauses)


def _pauses(job: Job, end_s: float) -> list[Span]:
    """When the job did not run, of its last changes of status; one query."""
    newest = job.status_changes.order_by("-id").values_list("to_status", "at")[:CHANGES_SEEN]
    changes = [(status, at.timestamp()) for status, at in reversed(newest)]
    ends = [*(at_s for _, at_s in changes[1:]), end_s]
    return [
        (at_s, until_s)
        for (status, at_s), until_s in zip(changes, ends, strict=True)
        if status == JobStatus.PAUSED
    ]


def _is_stalled(job: Job, slots: Sequence[Slot], now: datetime) -> bool:
    since = job.active_since or job.created_at
    return progress.is_stalled(slots, now_s=now.timestamp(), active_since_s=since.timestamp())
