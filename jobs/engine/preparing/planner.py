"""Preparing: the manifest is read once, checked row by row, counted and cut into chunks.

Restartable and time-boxed: how far it came lies in the same transaction as the chunks made so far,
so a worker may die at any line. No object of the list is touched (docs/batch-operations.md,
Statuses). Whoever holds the job prepares it; others help with parts of a large list (list_parts.py).
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from jobs import conf
from jobs.choices import JobStatus
from jobs.engine import control_lease
from jobs.engine.control_lease import ALONE, GIVEN_UP, ControlLease, Terms
from jobs.engine.control_turns import leave_to_clear
from jobs.engine.database import DATABASE_AWAY, now_s
from jobs.engine.preparing import list_parts
from jobs.engine.preparing.list_parts import PartLease
from jobs.engine.preparing.manifest_checks import check_buckets, nothing_listed
from jobs.engine.preparing.row_keeping import CHECKPOINT_S, RowKeeping, Turn
from jobs.engine.preparing.sampling import cut_to_sample
from jobs.engine.preparing.saved_list import save_list
from jobs.errors import (
    LeaseLostError,
    ManifestError,
    NoSuchJobError,
    StoppedError,
    StorageUnavailableError,
    WorkStoreError,
)
from jobs.lifecycle import commands, waits
from jobs.manifests.source import Checkpoint, ListAnewError
from jobs.models import Chunk, Job, ListPart
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RETRY_S = 10.0


def prepare_job(
    job_id: str,
    *,
    work: WorkStore,
    clock: Clock,
    stop: threading.Event,
    terms: Terms = ALONE,
) -> None:
    """Bring a New or Preparing job on its way to Suspended or Ready: for one time box, or as
    long as the `terms` say.
    """
    commands.begin_preparing(job_id, now=clock())
    lease = control_lease.acquire(job_id, {JobStatus.PREPARING})
    if lease is None:
        return
    waits = False
    try:
        _prepare(job_id, lease, work, clock, stop, terms)
    except LeaseLostError:
        logger.info("job %s: preparing ends here, the job moved on", job_id)
        # If it was cancelled, what was put meanwhile lies in a folder that was emptied before.
        leave_to_clear(job_id)
        return
    except ManifestError as error:
        commands.fail(
            job_id,
            error.code,
            error.message,
            line=error.line,
            file=error.file,
            now=clock(),
            only_from={JobStatus.PREPARING},
        )
    except StoppedError:
        logger.info("job %s: preparing stops here, and goes on at the next turn", job_id)
    except StorageUnavailableError as error:
        waits = _wait(job_id, f"Preparing waits: {error.message}", clock())
    except WorkStoreError as error:
        waits = _wait(job_id, f"Preparing waits for the work storage: {error.message}", clock())
    except (*DATABASE_AWAY, NoSuchJobError):
        raise
    except Exception as error:
        logger.exception("job %s", job_id)
        lease.release_failed("Preparing waits.", error, clock())
        return
    lease.release(waits=waits)


def _prepare(
    job_id: str,
    lease: control_lease.ControlLease,
    work: WorkStore,
    clock: Clock,
    stop: threading.Event,
    terms: Terms,
) -> None:
    lease.note_deaths("Preparing waits.", JobStatus.PREPARING, clock())
    job = commands.get_job(job_id)
    if lease.is_last_straw:
        raise ManifestError(GIVEN_UP, control_lease.last_words(job))
    held = threading.Event()
    goes_on = replace(terms, goes_on=lambda: held.is_set() or terms.goes_on())
    with lease.kept(JobStatus.PREPARING, stop, goes_on) as kept_stop:
        until_s = time.monotonic() + conf.time_box_s()
        _Preparation(job, lease, Turn(work, clock, kept_stop, held, until_s)).run()


def help_to_prepare(
    job_id: str,
    *,
    work: WorkStore,
    clock: Clock,
    stop: threading.Event,
    terms: Terms = ALONE,
) -> None:
    """Read a part of the list of a job that another worker holds. What comes to nothing is left to
    that one, which counts tries and says what it waits for.
    """
    lease = list_parts.take(job_id, None)
    if lease is None:
        return
    is_left = True
    try:
        held = threading.Event()
        goes_on = replace(terms, goes_on=lambda: held.is_set() or terms.goes_on())
        until_s = time.monotonic() + conf.time_box_s()
        with lease.kept(stop, goes_on) as kept_stop:
            _read_part(commands.get_job(job_id), lease, Turn(work, clock, kept_stop, held, until_s))
        is_left = False
    except LeaseLostError:
        logger.info("job %s: helping ends here, the job moved on", job_id)
        leave_to_clear(job_id)
    except ManifestError as error:
        lease.fail(error)
    except StoppedError:
        is_left = False
    except (*DATABASE_AWAY, NoSuchJobError):
        raise
    except Exception:
        logger.exception("job %s: what was to be read beside is left to who holds the job", job_id)
    lease.release(is_left=is_left)


def _read_part(job: Job, lease: PartLease, turn: Turn) -> bool:
    """False where the turn ended before."""
    if not RowKeeping(job, lease.part, lease, turn).keep_all():
        return False
    with transaction.atomic():
        lease.write(is_read=True)
    return True


def _wait(job_id: str, sentence: str, now: datetime) -> bool:
    """True: it waits."""
    waits.wait_for(
        job_id, sentence, until_s=now_s() + RETRY_S, now=now, only_in={JobStatus.PREPARING}
    )
    return True


@dataclass(frozen=True, slots=True)
class _ListLease:
    """The lease on the job, for what it reads itself."""

    lease: ControlLease
    segment_name: str = ""

    @property
    def fence(self) -> int:
        return self.lease.fence

    def write(self, *, stored: bool = False, **changes: object) -> None:
        grown = {"work_stored": F("work_stored") + 1} if stored else {}
        self.lease.write(JobStatus.PREPARING, **grown, **changes)


@dataclass(slots=True)
class _Preparation:
    job: Job
    lease: ControlLease
    turn: Turn
    _kept_s: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        job, turn = self.job, self.turn
        try:
            if not (self._read_list() and self._read_parts()):
                return
        except ListAnewError as error:
            logger.info("job %s: its list is read anew. %s", job.pk, error.message)
            self._begin_anew(error.checkpoint)
            return
        if job.prepared_rows == 0:
            raise nothing_listed(job)
        if not check_buckets(job, turn.stop, turn.clock, self._goes_on_checking):
            return
        if not save_list(job, self.lease, turn.work, turn.stop, turn.is_over):
            return
        with transaction.atomic():
            commands.end_preparing(job, total_tasks=cut_to_sample(job), now=turn.clock())

    def _read_list(self) -> bool:
        """What is not left to others."""
        job = self.job
        if job.is_read:
            return True
        if not RowKeeping(job, job, _ListLease(self.lease), self.turn).keep_all():
            return False
        job.is_read = True
        self.lease.write(JobStatus.PREPARING, is_read=True)
        return True

    def _read_parts(self) -> bool:
        """Those that nobody reads, and join to the list what was read, in the order of the parts. False
        where others are still at some, or the turn is over.
        """
        while part := self.job.parts.order_by("number").first():
            if part.failure:
                raise ManifestError(**part.failure)
            if part.is_read:
                list_parts.join(self.job, self.lease, part)
                continue
            lease = list_parts.take(self.job.pk, self.lease)
            if lease is None or not self._read(lease) or self.turn.is_over():
                return False
        return True

    def _read(self, lease: PartLease) -> bool:
        try:
            with lease.kept(self.turn.stop, ALONE) as stop:
                turn = replace(self.turn, stop=stop)
                return _read_part(commands.get_job(self.job.pk), lease, turn)
        except ManifestError as error:
            lease.fail(error)
            return True
        finally:
            lease.release()

    def _begin_anew(self, list_checkpoint: Checkpoint) -> None:
        """With the next turn. What lies in work storage stays there until the job's folder goes."""
        job = self.job
        with transaction.atomic():
            self.lease.write(
                JobStatus.PREPARING,
                prepared_rows=0,
                list_checkpoint=list_checkpoint,
                is_read=False,
                buckets={},
                buckets_checked=[],
                skipped_rows={},
            )
            ListPart.objects.filter(job=job).delete()
            Chunk.objects.filter(job=job).delete()

    def _goes_on_checking(self) -> bool:
        """Between two buckets; what was looked at is known to whoever goes on."""
        is_over, job = self.turn.is_over(), self.job
        if is_over or time.monotonic() - self._kept_s > CHECKPOINT_S:
            self.lease.write(
                JobStatus.PREPARING, buckets_checked=job.buckets_checked, found=job.found
            )
            self._kept_s = time.monotonic()
        return not is_over
