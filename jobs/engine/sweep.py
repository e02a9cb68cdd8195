"""What keeps everything moving when a hint was lost or a worker died: looks at the database
every few seconds and hints again. Safe to run twice at once.
"""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from jobs import conf, queueing
from jobs.access import lock_out
from jobs.choices import ChunkState, JobStatus
from jobs.engine import choosing, claims, control_lease, control_turns, waiting_rows
from jobs.engine.database import now_s
from jobs.engine.job_status import close_if_ended
from jobs.lifecycle import commands, precedence
from jobs.lifecycle.expiry import expire_suspended
from jobs.models import Chunk, Job, ListPart
from jobs.notifications import delivering

FAR_S = 60.0
"""More than any worker holds anything, or waits for a storage."""


def sweep(*, now: datetime) -> None:
    """Expire what waited too long, and hint to workers at whatever should be going on."""
    _mind_the_clock()
    expire_suspended(now)
    lock_out.forget_old(now)
    _close_ended(now)
    _take_turns(now)
    waiting_rows.wake_due()
    if control_turns.has_due():
        queueing.call_control()
    if choosing.is_work_left():
        queueing.call_runners()
    if delivering.has_due(now):
        queueing.call_notifier()


def _mind_the_clock() -> None:
    """Nothing is set so far ahead, unless the database's clock was ahead then and is right now: a
    machine that started without the time, or that was put back to yesterday. What a dead worker
    held would be held until then. Who lives extends its leases before they end.
    """
    now = now_s()
    far_s = now + conf.lease_s() + FAR_S
    very_far_s = far_s + control_lease.LONGEST_PAUSE_S
    going = Job.objects.going()
    chunks = Chunk.objects.filter(state=ChunkState.RUNNING)
    parts = ListPart.objects.all()
    held_far = {"job": OuterRef("pk"), "lease_expires_s__gt": far_s}
    is_far = Q(control_lease_expires_s__gt=far_s) | Q(waiting_until_s__gt=far_s)
    is_far |= Q(Exists(chunks.filter(**held_far))) | Q(Exists(parts.filter(**held_far)))
    if going.filter(is_far).exists():  # one look, as nearly never
        _bring_nearer(chunks.filter(job__in=going), now, lease_expires_s=far_s)
        _bring_nearer(parts.filter(job__in=going), now, lease_expires_s=far_s)
        _bring_nearer(going, now, control_lease_expires_s=far_s)
        _bring_nearer(going.filter(control_tries=0), now, waiting_until_s=far_s)
        _bring_nearer(going, now, waiting_until_s=very_far_s)


def _bring_nearer(rows: QuerySet[Any], now: float, **limits_s: float) -> None:
    for field, limit_s in limits_s.items():
        far = rows.filter(**{f"{field}__gt": limit_s})
        if far.exists():  # a look alone keeps nobody from writing
            far.update(**{field: now + conf.lease_s()})


def _close_ended(now: datetime) -> None:
    """Jobs whose last worker died between its last record and what should have followed."""
    is_through = ~Exists(claims.unfinished(OuterRef("pk")))
    ended = Q(status=JobStatus.PAUSING) | Q(is_through, status=JobStatus.ACTIVE)
    for job_id, status in Job.objects.going().filter(ended).values_list("pk", "status"):
        if status == JobStatus.PAUSING:
            claims.take_from_dead(job_id)
        close_if_ended(job_id, now=now)


def _take_turns(now: datetime) -> None:
    """Where all workers are busy with long tasks of one job, no other would notice its turn."""
    for region_id in precedence.contested():
        commands.take_turns(region_id, now=now)
