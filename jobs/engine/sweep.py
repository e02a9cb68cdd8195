"""What keeps everything moving when a hint was lost or a worker died: looks at the database
every few seconds and hints again. Safe to run twice at once.
"""

from datetime import datetime

from django.db.models import QuerySet

from jobs import conf, queueing
from jobs.choices import FINISHING, RUNNABLE, TERMINAL, ChunkState, JobStatus
from jobs.engine import choosing, claims
from jobs.engine.closing import close_if_ended
from jobs.engine.database_clock import now_s
from jobs.errors import QueueUnavailableError
from jobs.lifecycle import commands
from jobs.lifecycle.expiry import expire_suspended
from jobs.models import Chunk, Job

FAR_S = 60.0
"""More than any worker waits for anything."""


def sweep(*, now: datetime) -> None:
    """Expire what waited too long, and hint to workers at whatever should be going on."""
    _mind_the_clock()
    expire_suspended(now)
    _close_ended(now)
    _take_turns(now)
    try:
        # While hints wait there, more of the same would only pile up.
        if queueing.waiting_in(queueing.CONTROL) == 0:
            _call_control()
    except QueueUnavailableError:
        return
    if choosing.jobs_with_work():
        queueing.call_runners()


def _mind_the_clock() -> None:
    """Nothing is set so far ahead, unless the database's clock was ahead then and is right now: a
    machine that started without the time, or that was put back to yesterday. What a dead worker
    held would be held until then. Who lives extends its leases before they end.
    """
    now = now_s()
    far_s = now + conf.lease_s() + FAR_S
    going = Job.objects.exclude(status__in=TERMINAL)
    chunks = Chunk.objects.filter(job__in=going, state=ChunkState.RUNNING)
    for rows, field in (
        (chunks, "lease_expires_s"),
        (going, "control_lease_expires_s"),
        (going, "waiting_until_s"),
    ):
        far = rows.filter(**{f"{field}__gt": far_s})
        if far.exists():  # a look alone keeps nobody from writing
            far.update(**{field: now + conf.lease_s()})


def _close_ended(now: datetime) -> None:
    """Jobs whose last worker died between its last record and what should have followed."""
    going = Job.objects.filter(status__in=(JobStatus.ACTIVE, JobStatus.PAUSING))
    for job_id, status in going.values_list("pk", "status"):
        if status == JobStatus.PAUSING:
            claims.take_from_dead(job_id)
        close_if_ended(job_id, now=now)


def _take_turns(now: datetime) -> None:
    """Where all workers are busy with long tasks of one job, no other would notice its turn."""
    jobs = Job.objects.filter(status__in=(*RUNNABLE, JobStatus.PAUSED)).order_by()
    for region_id in jobs.values_list("region_id", flat=True).distinct():
        commands.take_turns(region_id, now=now)


def _call_control() -> None:
    free = Job.objects.filter(control_lease_expires_s__lte=now_s(), waiting_until_s__lte=now_s())
    for job_id in _due(free.filter(status__in=(JobStatus.NEW, JobStatus.PREPARING))):
        queueing.call("prepare_job", job_id)
    for job_id in _due(free.filter(status__in=FINISHING)):
        queueing.call("finish_job", job_id)
    # Jobs whose work storage was not emptied when they ended.
    for job_id in Job.objects.filter(status__in=TERMINAL, prepared_byte__gt=0).values_list(
        "pk", flat=True
    ):
        queueing.call("finish_job", job_id)


def _due(jobs: QuerySet[Job]) -> list[str]:
    """Those that wait for nothing, then of each Region the one that waited longest since its last
    try: a storage that is silent takes a while to say nothing, and others come after it.
    """
    waiting = jobs.exclude(waiting_for="").order_by("waiting_until_s")
    by_region: dict[int, str] = {}
    for job_id, region_id in waiting.values_list("pk", "region_id"):
        by_region.setdefault(region_id, job_id)
    return [*jobs.filter(waiting_for="").values_list("pk", flat=True), *by_region.values()]
