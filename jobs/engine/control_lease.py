"""Who prepares or finishes a job: a lease on the job itself, with a fence.

Preparing and finishing are steps of one worker at a time. As with chunks, time is the
database's, and what a worker with an old fence brings is thrown away.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F

from jobs import conf
from jobs.choices import JobStatus
from jobs.engine.database_clock import now_s
from jobs.engine.keeping import kept
from jobs.errors import LeaseLostError
from jobs.models import Job


def owner_name() -> str:
    """This process, as it stands in leases."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class ControlLease:
    job_id: str
    fence: int

    def write(self, status: JobStatus, **changes: object) -> None:
        """Write `changes` to the job while it is ours and in `status`. Raises LeaseLostError."""
        held = Job.objects.filter(pk=self.job_id, control_fence=self.fence, status=status)
        if not held.update(control_lease_expires_s=_expiry_s(), **changes):
            raise LeaseLostError

    def kept(
        self, status: JobStatus, stop: threading.Event
    ) -> contextlib.AbstractContextManager[threading.Event]:
        """As `keeping.kept`: the event is set when the lease or the status is lost, too."""
        held = Job.objects.filter(pk=self.job_id, control_fence=self.fence, status=status)
        return kept(
            beat=lambda: bool(held.update(control_lease_expires_s=_expiry_s())),
            may_go_on=held.exists,
            stop=stop,
        )

    def release(self) -> None:
        Job.objects.filter(pk=self.job_id, control_fence=self.fence).update(
            control_lease_expires_s=0
        )


def acquire(job_id: str, statuses: Collection[JobStatus]) -> ControlLease | None:
    """None when the job is elsewhere in its life, waits for a storage, or another worker has it."""
    now = now_s()
    free = Job.objects.filter(
        pk=job_id,
        status__in=statuses,
        control_lease_expires_s__lte=now,
        waiting_until_s__lte=now,
    )
    fences = list(free.values_list("control_fence", flat=True))
    if not fences:
        return None
    taken = free.filter(control_fence=fences[0]).update(
        control_fence=F("control_fence") + 1,
        control_owner=owner_name(),
        control_lease_expires_s=_expiry_s(),
    )
    return ControlLease(job_id, fences[0] + 1) if taken else None


def _expiry_s() -> float:
    return now_s() + conf.lease_s()
