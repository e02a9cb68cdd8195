"""Who works, on what, and whether anybody works on a job: decided from what was seen, and tested so."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from jobs.choices import FINISHING, RUNNABLE, ChunkState, JobStatus
from jobs.models import Chunk, Job, JobQuerySet
from jobs.queries.words import counted
from jobs.queueing import CONTROL, RUN, SCHEDULER, Seen

LOST_S = 120.0
"""Silent for so long, a worker does not come back by itself."""

PATIENCE = timedelta(seconds=25)
"""A job that may run and is not taken up for so long says so, whatever the workers look like."""

KINDS: dict[str, str] = {RUN: "Runner", CONTROL: "Control worker", SCHEDULER: "Scheduler"}
PARTS: dict[str, str] = {RUN: "worker", CONTROL: "control", SCHEDULER: "scheduler"}
"""What `manage.py up --only` calls them."""

NEEDED_BY: dict[str, frozenset[JobStatus]] = {
    RUN: frozenset({*RUNNABLE, JobStatus.PAUSING}),
    CONTROL: frozenset({JobStatus.NEW, JobStatus.PREPARING, *FINISHING}),
}
"""Jobs that stand still without such workers."""


@dataclass(frozen=True, slots=True)
class InHand:
    """What a process has of a job: chunks of its list, or with 0 of them the job itself, to prepare
    or finish it.
    """

    job_id: str
    job: str
    region: str
    chunks: int


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """`state` is "Working", "Idle", "Silent" or "Lost"; a scheduler is "Working" as long as it is
    heard of.
    """

    kind: str
    seen: Seen
    state: str
    work: Sequence[InHand]


@dataclass(frozen=True, slots=True)
class Health:
    """`trouble` are sentences about kinds of which none is heard of, each with what to do;
    `waiting` jobs wait for these.
    """

    verdict: str
    trouble: Sequence[str]
    rows: Sequence[WorkerRow]
    waiting: int

    @property
    def is_well(self) -> bool:
        return not self.trouble

    @property
    def tone(self) -> str:
        """As of an alert: a warning where some are silent."""
        return "ok" if all(row.seen.is_heard for row in self.rows) else "warn"


def work_in_hand(visible: JobQuerySet, now_s: float) -> dict[str, list[InHand]]:
    """What processes hold under live leases, by owner; `now_s` is on the database's clock. Two
    queries.
    """
    found: dict[str, list[InHand]] = defaultdict(list)
    held = Chunk.objects.filter(
        job__in=visible.going(), state=ChunkState.RUNNING, lease_expires_s__gte=now_s
    )
    names = ("owner", "job_id", "job__description", "job__region__name")
    groups = held.order_by().values_list(*names).annotate(chunks=Count("pk"))
    for owner, job_id, description, region, chunks in groups.order_by("job_id"):
        found[owner].append(InHand(job_id, _named(job_id, description), region, chunks))
    jobs = (
        visible.going()
        .filter(status__in=NEEDED_BY[CONTROL], control_lease_expires_s__gte=now_s)
        .order_by("pk")
    )
    columns = ("control_owner", "pk", "description", "region__name")
    for owner, job_id, description, region in jobs.values_list(*columns):
        found[owner].append(InHand(job_id, _named(job_id, description), region, 0))
    return dict(found)


def _named(job_id: str, description: str) -> str:
    return description or f"Job {job_id[:8]}"


def health(
    seen: Sequence[Seen], in_hand: Mapping[str, Sequence[InHand]], waiting: Mapping[str, int]
) -> Health:
    """`waiting` says of each queue how many jobs stand still without its workers."""
    rows = [_row(one, in_hand.get(one.owner, ())) for one in seen]
    missing = [queue for queue in KINDS if not heard(seen, queue)]
    heard_of = sum(one.is_heard for one in seen if one.queue != SCHEDULER)
    workers = sum(one.queue != SCHEDULER for one in seen)
    stand_still = sum(waiting.get(queue, 0) for queue in missing)
    verb = "is" if 1 in (heard_of, workers) else "are"
    scheduler = " and the scheduler" if heard(seen, SCHEDULER) and heard_of else ""
    verdict = f"{heard_of} of {counted(workers, 'worker')}{scheduler} {'are' if scheduler else verb} alive."
    if not workers:
        verdict = "No worker is running."
    if stand_still:
        verdict += f" {counted(stand_still, 'job')} {'waits' if stand_still == 1 else 'wait'}."
    elif not missing:
        verdict += " All that is needed runs."
    return Health(verdict, [_missing(seen, queue) for queue in missing], rows, stand_still)


def _row(seen: Seen, work: Sequence[InHand]) -> WorkerRow:
    if not seen.is_heard:
        state = "Lost" if seen.silent_s >= LOST_S else "Silent"
    else:
        state = "Working" if work or seen.queue == SCHEDULER else "Idle"
    return WorkerRow(KINDS[seen.queue], seen, state, work)


def heard(seen: Sequence[Seen], queue: str) -> bool:
    return any(one.queue == queue and one.is_heard for one in seen)


def _missing(seen: Sequence[Seen], queue: str) -> str:
    """Why nobody of that kind works, and what to do."""
    kind = KINDS[queue].lower()
    silent = [one for one in seen if one.queue == queue]
    start = f"manage.py up starts all parts and watches them, manage.py up --only {PARTS[queue]}"
    start += " this one alone."
    if not silent:
        return f"No {kind} is running. Start one: {start}"
    since = counted(int(min(one.silent_s for one in silent)), "second")
    hosts = ", ".join(sorted({one.host for one in silent}))
    return (
        f"No {kind} was heard of for {since}: {counted(len(silent), kind)} on {hosts}"
        f" {'is' if len(silent) == 1 else 'are'} frozen, dead or cut off from Redis."
        f" Start again what does not answer: {start}"
    )


def unattended(
    job: Job, seen: Sequence[Seen], *, is_held: bool, since: datetime, now: datetime
) -> str:
    """Why nobody works on a job that should move, and what to do, as sentences; empty where somebody
    does, or where the job says itself what it waits for. `is_held`: somebody has a live lease on
    it. `since` is when it got its status.
    """
    queue = next((name for name, needs in NEEDED_BY.items() if job.status in needs), "")
    if not queue or job.waiting_for or is_held:
        return ""
    if not heard(seen, queue):
        return f"{_missing(seen, queue)} What is done is kept."
    if job.status == JobStatus.READY and now - since >= PATIENCE:
        waits = counted(int((now - since).total_seconds()), "second")
        return (
            f"No runner has taken this job up for {waits}. Where they are busy with other jobs, it"
            " gets its turn by itself; else look at Worker health and at the workers' logs."
        )
    return ""


def is_held(job: Job, now_s: float) -> bool:
    """Whether somebody has a live lease on the job or on a chunk of it; `now_s` is on the database's
    clock. One query at most.
    """
    if job.control_lease_expires_s >= now_s:
        return True
    held = Chunk.objects.filter(job=job, state=ChunkState.RUNNING, lease_expires_s__gte=now_s)
    return held.exists()


def jobs_that_wait() -> dict[str, int]:
    """How many jobs need the workers of each queue; one query."""
    by_status = dict(
        Job.objects.going()
        .filter(status__in=frozenset().union(*NEEDED_BY.values()))
        .values_list("status")
        .annotate(jobs=Count("*"))
    )
    return {
        queue: sum(by_status.get(status, 0) for status in needs)
        for queue, needs in NEEDED_BY.items()
    }
