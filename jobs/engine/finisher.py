"""The end of a job: the report, then Complete, Failed or Cancelled. Restartable."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs import conf, queueing
from jobs.choices import FINISHING, TERMINAL
from jobs.choices import JobStatus as S
from jobs.engine import claims, control_lease
from jobs.engine.control_lease import ControlLease
from jobs.engine.database_away import DATABASE_AWAY
from jobs.engine.database_clock import now_s
from jobs.errors import (
    LeaseLostError,
    NoSuchJobError,
    StorageError,
    StorageUnavailableError,
    WorkStoreError,
    unexpected,
)
from jobs.lifecycle import commands
from jobs.lifecycle.connections import report_storage
from jobs.models import Job, Report
from jobs.reports.assemble import File, write_report
from jobs.s3.sentences import describe
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RETRY_S = 10.0
REPORT_CODE = "ReportNotWritten"
# AWS's own words (reference 1.8).
REPORT_REASON = (
    "The job report could not be written to your report bucket. Please check your permissions."
)
END_OF = {S.COMPLETING: S.COMPLETE, S.CANCELLING: S.CANCELLED, S.FAILING: S.FAILED}


class _StoppedError(Exception):
    pass


def finish_job(job_id: str, *, work: WorkStore, clock: Clock, stop: threading.Event) -> None:
    """Write the report if there is something to report, and end the job; for one time box, after
    which it calls itself again.

    Does nothing while a live worker still holds a chunk: it calls again when it is through.
    """
    until_s = time.monotonic() + conf.finish_box_s()
    if _is_over(job_id):
        _clear(job_id, work, stop, until_s)
        return
    lease = control_lease.acquire(job_id, FINISHING)
    if lease is None:
        return
    ended = True
    try:
        # A worker that wakes after its lease must find its chunk gone: what it recorded after
        # the report was begun would be counted, but not reported.
        claims.take_from_dead(job_id)
        if not claims.has_holders(job_id):
            job = commands.get_job(job_id)
            with lease.kept(S(job.status), stop) as kept_stop:
                ended = _Finishing(job, lease, work, clock, kept_stop, until_s).run()
    except (_StoppedError, LeaseLostError):
        logger.info("job %s: finishing was interrupted and will be repeated", job_id)
    except (StorageUnavailableError, WorkStoreError) as error:
        _wait(job_id, f"The report waits: {error.message}", clock())
    except (*DATABASE_AWAY, NoSuchJobError):
        raise
    except Exception as error:
        logger.exception("job %s", job_id)
        _wait(job_id, f"The report waits. {unexpected(error)}", clock())
    lease.release()
    if not ended:
        queueing.call("finish_job", job_id)


def _wait(job_id: str, sentence: str, now: datetime) -> None:
    commands.wait_for(job_id, sentence, until_s=now_s() + RETRY_S, now=now, only_in=FINISHING)


def _refusal(job: Job, error: StorageError) -> str:
    place = f"s3://{job.report_bucket}/{job.report_prefix}".rstrip("/")
    return describe(error, place=place, verb="write to")


def _is_over(job_id: str) -> bool:
    return Job.objects.filter(pk=job_id, status__in=TERMINAL).exists()


def _clear(job_id: str, work: WorkStore, stop: threading.Event, until_s: float) -> None:
    """Free the work storage of a job that is over; while that fails, the sweep asks for it again."""
    try:
        emptied = work.delete(
            f"{job_id}/", stop=lambda: stop.is_set() or time.monotonic() > until_s
        )
    except WorkStoreError as error:
        logger.warning("job %s: its work storage is not emptied yet: %s", job_id, error.message)
        return
    if emptied:
        Job.objects.filter(pk=job_id, prepared_byte__gt=0).update(prepared_byte=0)
    else:
        queueing.call("finish_job", job_id)


@dataclass(frozen=True, slots=True)
class _Finishing:
    job: Job
    lease: ControlLease
    work: WorkStore
    clock: Clock
    stop: threading.Event
    until_s: float

    def run(self) -> bool:
        """False when the time was up before the end."""
        changes: dict[str, Any] = {}
        if self._needs_report():
            try:
                if not self._write():
                    return False
            except StorageUnavailableError:
                raise
            except StorageError as error:
                reason = f"{REPORT_REASON} {_refusal(self.job, error)}"
                if self.job.status == S.COMPLETING:
                    self._fail(reason)
                    return True
                changes = {"failure_code": self.job.failure_code or REPORT_CODE}
                changes["failure_reason"] = f"{self.job.failure_reason} {reason}".strip()[:1024]
        self._end(changes)
        return True

    def _needs_report(self) -> bool:
        """As soon as one task was invoked (reference 6.2), and unless it was tried in vain before."""
        wanted = self.job.report_enabled and self.job.tasks_done > 0
        written = Report.objects.filter(job=self.job).exists()
        return wanted and not written and self.job.failure_code != REPORT_CODE

    def _write(self) -> bool:
        report = write_report(
            self.job,
            storage=report_storage(self.job),
            work=self.work,
            now=self.clock(),
            alive=self._alive,
            keep=self._keep,
            may_go_on=lambda: time.monotonic() < self.until_s,
        )
        return report is not None

    def _keep(self, files: list[File]) -> None:
        self.lease.write(S(self.job.status), report_files=files)
        if self.job.waiting_for:
            commands.stop_waiting(self.job.pk, now=self.clock())

    def _alive(self) -> None:
        if self.stop.is_set():
            raise _StoppedError

    def _fail(self, reason: str) -> None:
        commands.fail(self.job.pk, REPORT_CODE, reason, now=self.clock(), only_from={S.COMPLETING})

    def _end(self, changes: dict[str, Any]) -> None:
        status = S(self.job.status)
        changes["report_files"] = []
        if commands.move(
            self.job.pk, END_OF[status], now=self.clock(), only_from={status}, **changes
        ):
            _clear(self.job.pk, self.work, self.stop, self.until_s)
