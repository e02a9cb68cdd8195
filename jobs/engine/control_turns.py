"""Whose turn it is to be prepared, finished or cleared away, and when who is at it makes room. Where
nothing of that is due, a worker helps another to prepare a large list.

Control work goes turn by turn among Regions: a worker that is free takes the Region that fewest
workers are at, then the one served longest ago. So a slow storage holds as many workers as nobody
else wants, and the last of them lets go as soon as somebody does.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from jobs import queueing
from jobs.choices import FINISHING, TERMINAL, ChunkState, JobStatus
from jobs.engine.database import now_s
from jobs.errors import QueueUnavailableError
from jobs.models import Chunk, Job, JobQuerySet, ListPart, Region

TURN_S = 5.0
"""A turn ends after so long while hints wait in the queue, which means that no worker is free."""

PREPARED = (JobStatus.NEW, JobStatus.PREPARING)


@dataclass(frozen=True, slots=True)
class Turn:
    """A job of a Region that somebody should take a step with, by the status that it had; `more` when
    others are due besides. With `helps` another worker holds the job, and a part of its list is free.
    """

    job_id: str
    region_id: int
    status: JobStatus
    more: bool
    helps: bool = False


def take_turn() -> Turn | None:
    """The job whose turn it is, None where nothing is due. Who takes it acquires its lease, or finds
    that another worker was quicker and comes back.
    """
    now = now_s()
    due, held = _due(now), _workers_at(now)
    regions = due.values_list("region_id", "region__control_served_s").distinct()
    for region_id, _ in sorted(regions, key=lambda region: (held[region[0]], region[1])):
        if job := _best(due.filter(region_id=region_id), is_held=held[region_id] > 0):
            Region.objects.filter(pk=region_id).update(control_served_s=now)
            more = due.exclude(pk=job.pk).exists()
            return Turn(job.pk, region_id, JobStatus(job.status), more)
    for job in _left(now)[:1]:
        return Turn(job.pk, job.region_id, JobStatus(job.status), more=False)
    return _help(now, held)


def is_help_wanted() -> bool:
    """Whether some job is prepared of which a part is free."""
    return _free_parts(now_s()).exists()


def free_workers() -> int:
    """How many control workers have nothing to do, as far as leases tell."""
    try:
        return queueing.workers_of(queueing.CONTROL) - sum(_workers_at(now_s()).values())
    except QueueUnavailableError:
        return 0


def has_due() -> bool:
    """Whether a turn is to be had."""
    now = now_s()
    return _due(now).exists() or _left(now).exists()


def goes_on(turn: Turn) -> Callable[[], bool]:
    """To be asked now and then by who has taken the turn, from now on: False when it should end,
    for others that wait. Finishing ends by itself, between two files of the report.
    """
    return partial(_may_go_on, turn, time.monotonic() + TURN_S)


def leave_to_clear(job_id: str) -> None:
    """Something was put into work storage for a job that may have ended and been cleared before."""
    Job.objects.filter(pk=job_id, status__in=TERMINAL).update(work_stored=F("work_stored") + 1)
    queueing.call_control()


def is_somebody_waiting() -> bool:
    """Whether hints wait in the queue: a worker that is free would have taken them."""
    try:
        return queueing.waiting_in(queueing.CONTROL) > 0
    except QueueUnavailableError:
        return False


def _help(now: float, held: Counter[int]) -> Turn | None:
    """With the job that the fewest help with, of the Region that the fewest are at."""
    free, helped = _free_parts(now), Counter(job_id for job_id, _ in _helped(now))
    jobs = list(free.order_by().values_list("job_id", "job__region_id"))
    if not jobs:
        return None
    job_id, region_id = min(jobs, key=lambda job: (held[job[1]], helped[job[0]], job[0]))
    return Turn(job_id, region_id, JobStatus.PREPARING, more=len(jobs) > 1, helps=True)


def _may_go_on(turn: Turn, until_s: float) -> bool:
    if not is_somebody_waiting():
        return True
    if turn.status in PREPARED and time.monotonic() > until_s:
        return False
    return not _is_one_too_many(turn)


def _is_one_too_many(turn: Turn) -> bool:
    """Another Region has none, while this one has several: then those that help let go, or else the
    last one of these.
    """
    now = now_s()
    held, helped = _held(now), {region_id for _, region_id in _helped(now)}
    ours = sorted(job_id for job_id, region_id in held if region_id == turn.region_id)
    is_last = len(ours) > 1 and ours[-1] == turn.job_id and turn.region_id not in helped
    if not (turn.helps or is_last):
        return False
    regions = helped | {region_id for _, region_id in held}
    return _due(now).exclude(region_id__in=regions).exists()


def _best(jobs: QuerySet[Job], *, is_held: bool) -> Job | None:
    """Those that wait for nothing, least recently served first; then the one that waited longest
    since its last try, and one at a time: a silent storage takes a while to say nothing.
    """
    plain = jobs.filter(waiting_for="").order_by("control_lease_expires_s", "created_at").first()
    if plain or is_held:
        return plain
    return jobs.exclude(waiting_for="").order_by("waiting_until_s").first()


def _due(now: float) -> QuerySet[Job]:
    """Jobs to prepare, and those to finish of which nobody holds a chunk any more."""
    in_hand = Chunk.objects.filter(
        job=OuterRef("pk"), state=ChunkState.RUNNING, lease_expires_s__gte=now
    )
    to_finish = Q(status__in=FINISHING) & ~Exists(in_hand)
    return _free(now).going().filter(Q(status__in=PREPARED) & ~_left_to_helpers(now) | to_finish)


def _left_to_helpers(now: float) -> Q:
    """All that is still to be read of a list is in others' hands."""
    unread = ListPart.objects.filter(job=OuterRef("pk"), is_read=False)
    free = unread.filter(lease_expires_s__lte=now)
    return Q(is_read=True) & Exists(unread) & ~Exists(free)


def _left(now: float) -> QuerySet[Job]:
    """Jobs whose work storage was not emptied when they ended; nobody waits for that."""
    return _free(now).filter(terminated_at__isnull=False, work_stored__gt=0)


def _free(now: float) -> JobQuerySet:
    return Job.objects.filter(control_lease_expires_s__lte=now, waiting_until_s__lte=now)


def _held(now: float) -> list[tuple[str, int]]:
    """Jobs that somebody prepares or finishes, with their Regions."""
    held = Job.objects.going().filter(
        status__in=(JobStatus.PREPARING, *FINISHING), control_lease_expires_s__gt=now
    )
    return list(held.order_by().values_list("pk", "region_id"))


def _helped(now: float) -> list[tuple[str, int]]:
    """As `_held`, of jobs whose lists somebody reads a part of who does not hold the job."""
    parts = ListPart.objects.filter(is_helped=True, lease_expires_s__gt=now)
    return list(parts.order_by().values_list("job_id", "job__region_id"))


def _workers_at(now: float) -> Counter[int]:
    """How many are at each Region."""
    return Counter(region_id for _, region_id in [*_held(now), *_helped(now)])


def _free_parts(now: float) -> QuerySet[ListPart]:
    """Of jobs that somebody prepares."""
    return ListPart.objects.filter(
        is_read=False,
        is_helped=False,
        lease_expires_s__lte=now,
        job__status=JobStatus.PREPARING,
        job__control_lease_expires_s__gt=now,
        job__waiting_until_s__lte=now,
    )
