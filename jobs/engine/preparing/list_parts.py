"""Parts of one list, prepared by several control workers side by side.

Whoever reads a list leaves parts of it to others where workers are free (`Reading.shares`). Each part is
held under a lease of its own, and its chunks have places apart until it is read to its end: then whoever
holds the job joins it to the list, in the order of the parts.
"""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Max, QuerySet

from jobs import conf, queueing
from jobs.choices import JobStatus
from jobs.engine import control_turns
from jobs.engine.control_lease import ControlLease, Terms, owner_name
from jobs.engine.database import now_s
from jobs.engine.heartbeats import kept
from jobs.errors import LeaseLostError, ManifestError
from jobs.manifests.source import Checkpoint
from jobs.models import Chunk, Job, ListPart

ASKED_S = 1.0
"""So often it is looked whether workers are free."""


@dataclass(frozen=True, slots=True)
class PartLease:
    """`lead` is the lease on the job; None for a helper, who does not hold the job."""

    part: ListPart
    fence: int
    lead: ControlLease | None

    @property
    def segment_name(self) -> str:
        """No other part has it, whatever became of it."""
        return f"part-{self.part.pk}-"

    def write(self, *, stored: bool = False, **changes: object) -> None:
        """Write `changes` to the part while it is ours and the job is prepared. To be called in a
        transaction. Raises LeaseLostError.
        """
        grown = {"work_stored": F("work_stored") + int(stored)}
        if self.lead:
            self.lead.write(JobStatus.PREPARING, **grown)
        elif not _prepared_now(self.part.job_id).update(**grown):
            raise LeaseLostError
        if not self._held().update(lease_expires_s=now_s() + conf.lease_s(), **changes):
            raise LeaseLostError

    def fail(self, error: ManifestError) -> None:
        """Its rows are wrong. The job fails with that once all parts before it are read; those behind
        it need not be.
        """
        failure = {
            "code": error.code,
            "message": error.message,
            "line": error.line,
            "file": error.file,
        }
        part = self.part
        with transaction.atomic(), contextlib.suppress(LeaseLostError):
            self.write(failure=failure, is_read=True, is_helped=False)
            ListPart.objects.filter(job_id=part.job_id, number__gt=part.number).delete()

    def kept(
        self, stop: threading.Event, terms: Terms
    ) -> contextlib.AbstractContextManager[threading.Event]:
        """As `heartbeats.kept`."""
        job = _prepared_now(self.part.job_id)
        return kept(
            beat=lambda: bool(self._held().update(lease_expires_s=now_s() + conf.lease_s())),
            may_go_on=lambda: self._held().exists() and job.exists() and terms.goes_on(),
            hangs=terms.hangs,
            stop=stop,
        )

    def release(self, *, is_left: bool = False) -> None:
        """With `is_left` to whoever holds the job, who finds out what is wrong."""
        changes = {} if is_left else {"is_helped": False}
        self._held().update(lease_expires_s=now_s(), **changes)

    def _held(self) -> QuerySet[ListPart]:
        return ListPart.objects.filter(pk=self.part.pk, fence=self.fence)


def take(job_id: str, lead: ControlLease | None) -> PartLease | None:
    """The first part that nobody reads; None where there is none. A helper takes none that another
    helper has tried.
    """
    now = now_s()
    free = ListPart.objects.filter(job=job_id, is_read=False, lease_expires_s__lte=now)
    if lead is None:
        free = free.filter(is_helped=False)
    for part in free.order_by("number"):
        if free.filter(pk=part.pk, fence=part.fence).update(
            fence=F("fence") + 1,
            owner=owner_name(),
            lease_expires_s=now + conf.lease_s(),
            is_helped=lead is None,
        ):
            return PartLease(part, part.fence + 1, lead)
    return None


def add(job: Job, checkpoints: Sequence[Checkpoint]) -> None:
    """Leave parts to others, in this order. To be called in the transaction that keeps the checkpoint
    of what is left without them.
    """
    if not checkpoints:
        return
    last = job.parts.aggregate(last=Max("number"))["last"] or 0
    ListPart.objects.bulk_create(
        ListPart(job=job, number=number, list_checkpoint=checkpoint)
        for number, checkpoint in enumerate(checkpoints, start=last + 1)
    )
    queueing.call_control()


def join(job: Job, lease: ControlLease, part: ListPart) -> None:
    """Put a part that was read behind what the list has so far, and count it."""
    shift = part.first_position - job.prepared_rows
    _count(job, part)
    with transaction.atomic():
        lease.write(
            JobStatus.PREPARING,
            prepared_rows=job.prepared_rows,
            buckets=job.buckets,
            skipped_rows=job.skipped_rows,
            listed_bytes=job.listed_bytes,
            lists_versions=job.lists_versions,
            looked_up_objects=job.looked_up_objects,
        )
        chunks = Chunk.objects.filter(
            job=job, position__gte=part.first_position, position__lt=part.end_position
        )
        chunks.update(position=F("position") - shift)
        part.delete()


def _count(job: Job, part: ListPart) -> None:
    count_bytes(job, [part.listed_bytes] if part.prepared_rows else [])
    job.prepared_rows += part.prepared_rows
    job.looked_up_objects += part.looked_up_objects
    if job.lists_versions is None:
        job.lists_versions = part.lists_versions
    for name, (rows, *place) in part.buckets.items():
        count_bucket(job.buckets, name, rows, place)
    for reason, rows in part.skipped_rows.items():
        job.skipped_rows[reason] = job.skipped_rows.get(reason, 0) + rows


def count_bytes(whole: Job | ListPart, sizes: Sequence[int | None]) -> None:
    """Of blocks or of a part, before their rows are counted. One whose size is not told makes that of
    the whole list unknown.
    """
    known = [whole.listed_bytes, *sizes] if whole.prepared_rows else sizes
    told = [size for size in known if size is not None]
    if known:
        whole.listed_bytes = sum(told) if len(told) == len(known) else None


BUCKETS_KEPT = 1000
"""Distinct buckets of a list that are remembered and looked at before the job may run."""


def count_bucket(known: dict[str, list[Any]], name: str, rows: int, place: list[Any]) -> None:
    """`known` is a job's or a part's `buckets`; `place` is [line, file] of the first row."""
    if name in known:
        known[name][0] += rows
    elif len(known) < BUCKETS_KEPT:
        known[name] = [rows, *place]


@dataclass(slots=True)
class Sharing:
    """Whether others could read parts of a job's list: workers are free that find no part yet."""

    job_id: str
    _asked_s: float = field(default=0.0)
    _pays: bool = field(default=False)

    def __call__(self) -> bool:
        if time.monotonic() - self._asked_s >= ASKED_S:
            self._asked_s = time.monotonic()
            free = ListPart.objects.filter(
                job=self.job_id, is_read=False, lease_expires_s__lte=now_s()
            )
            self._pays = control_turns.free_workers() > free.count()
        return self._pays

    def left(self) -> None:
        """Parts were left to others."""
        self._asked_s, self._pays = time.monotonic(), False


def _prepared_now(job_id: str) -> QuerySet[Job]:
    return Job.objects.filter(pk=job_id, status=JobStatus.PREPARING)
