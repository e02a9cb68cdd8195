"""The end of a job: the report, then Complete, Failed or Cancelled. Restartable."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs import conf
from jobs.choices import FINISHING, TERMINAL, ChunkState
from jobs.choices import JobStatus as S
from jobs.engine import claims, control_lease
from jobs.engine.control_lease import ALONE, ControlLease, Terms
from jobs.engine.database import DATABASE_AWAY, now_s
from jobs.engine.giving_up import give_up_tasks
from jobs.engine.lost_results import UndecidedError, ask_about_lost, note_lost
from jobs.errors import (
    LeaseLostError,
    NoSuchJobError,
    StoppedError,
    StorageError,
    StorageUnavailableError,
    WorkStoreError,
)
from jobs.lifecycle import commands, waits
from jobs.lifecycle.connections import report_storage
from jobs.lifecycle.freezing import kept_until
from jobs.models import Chunk, Job, ListPart, Report
from jobs.reports.assemble import File, write_report
from jobs.reports.gathering import ResultsLostError
from jobs.s3.sentences import describe
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RETRY_S = 10.0
PASSING = ("segments", "results", "room")
"""Folders of a job that nobody needs once its report lies, while the list of a dry run is kept."""

CHUNKS_AT_ONCE = 2_000
"""Deleted in one transaction: a million objects are as many."""

REPORT_CODE = "ReportNotWritten"
# AWS's own words (docs/batch-operations.md, Failures of a job).
REPORT_REASON = (
    "The job report could not be written to your report bucket. Please check your permissions."
)
END_OF = {S.COMPLETING: S.COMPLETE, S.CANCELLING: S.CANCELLED, S.FAILING: S.FAILED}


def finish_job(
    job_id: str,
    *,
    work: WorkStore,
    clock: Clock,
    stop: threading.Event,
    terms: Terms = ALONE,
) -> None:
    """Write the report if there is something to report, and end the job, or clear away what is left
    of one that is over: for one time box, or as long as the `terms` say.

    Does nothing while a live worker still holds a chunk: it calls again when it is through.
    """
    until_s = time.monotonic() + conf.finish_box_s()
    lease = control_lease.acquire(job_id, FINISHING | TERMINAL)
    if lease is None:
        return
    waits = False
    try:
        # A worker that wakes after its lease must find its chunk gone: what it recorded after
        # the report was begun would be counted, but not reported.
        claims.take_from_dead(job_id)
        if not claims.has_holders(job_id):
            job = commands.get_job(job_id)
            lease.note_deaths("The report waits.", S(job.status), clock())
            with lease.kept(S(job.status), stop, terms) as kept_stop:
                _Finishing(job, lease, work, clock, kept_stop, until_s).run()
    except (StoppedError, LeaseLostError):
        logger.info("job %s: finishing was interrupted and will be repeated", job_id)
    except UndecidedError as error:
        waits = _wait(job_id, str(error), clock())
    except (StorageUnavailableError, WorkStoreError) as error:
        waits = _wait(job_id, f"The report waits: {error.message}", clock())
    except (*DATABASE_AWAY, NoSuchJobError):
        raise
    except Exception as error:
        logger.exception("job %s", job_id)
        lease.release_failed("The report waits.", error, clock())
        return
    lease.release(waits=waits)


def _wait(job_id: str, sentence: str, now: datetime) -> bool:
    """True: it waits. A job that is over does so without a word."""
    until_s = now_s() + RETRY_S
    waits.wait_for(job_id, sentence, until_s=until_s, now=now, only_in=FINISHING)
    Job.objects.filter(pk=job_id, status__in=TERMINAL).update(waiting_until_s=until_s)
    return True


def _refusal(job: Job, error: StorageError) -> str:
    place = f"s3://{job.report_bucket}/{job.report_prefix}".rstrip("/")
    return describe(error, place=place, verb="write to")


@dataclass(frozen=True, slots=True)
class _Finishing:
    job: Job
    lease: ControlLease
    work: WorkStore
    clock: Clock
    stop: threading.Event
    until_s: float

    def run(self) -> None:
        """Comes back before the end when the time was up."""
        if self.job.is_terminal:
            self._clear()
        elif self.lease.is_last_straw:
            self._give_up()
        else:
            self._finish()

    def _finish(self) -> None:
        changes: dict[str, Any] = {}
        if self._needs_report():
            ask_about_lost(self.job, self.work, now=self.clock())
            try:
                if not self._write():
                    return
            except ResultsLostError as error:
                self._note_lost(error)
                return
            except StorageUnavailableError:
                raise
            except StorageError as error:
                reason = f"{REPORT_REASON} {_refusal(self.job, error)}"
                if self.job.status == S.COMPLETING:
                    self._fail(reason)
                    return
                changes = self._unreported(reason)
        if not give_up_tasks(self.job, work=self.work, clock=self.clock, stop=self.stop):
            raise StoppedError
        self._end(changes)

    def _give_up(self) -> None:
        reason = f"{REPORT_REASON} {control_lease.last_words(self.job)}"
        if self.job.status == S.COMPLETING:
            self._fail(reason)
        else:
            self._end(self._unreported(reason))

    def _unreported(self, reason: str) -> dict[str, Any]:
        """Of a job that was cancelled or failed anyway."""
        reasons = f"{self.job.failure_reason} {reason}".strip()[:1024]
        return {"failure_code": self.job.failure_code or REPORT_CODE, "failure_reason": reasons}

    def _needs_report(self) -> bool:
        """As soon as one task was invoked, and unless it was tried in vain before.

        See docs/batch-operations.md, When a report is written.
        """
        wanted = self.job.report_enabled and self.job.tasks_done > 0
        written = Report.objects.filter(job=self.job).exists()
        return wanted and not written and self.job.failure_code != REPORT_CODE

    def _write(self) -> bool:
        report = write_report(
            self.job,
            storage=report_storage(self.job, self.stop),
            work=self.work,
            now=self.clock(),
            alive=self._alive,
            keep=self._keep,
            may_go_on=lambda: time.monotonic() < self.until_s,
        )
        return report is not None

    def _note_lost(self, error: ResultsLostError) -> None:
        note_lost(
            self.job,
            error,
            self.work,
            now=self.clock(),
            alive=self._alive,
            may_go_on=lambda: time.monotonic() < self.until_s,
        )

    def _keep(self, files: list[File]) -> None:
        self.lease.write(S(self.job.status), report_files=files)
        if self.job.waiting_for:
            waits.stop_waiting(self.job.pk, now=self.clock())

    def _alive(self) -> None:
        if self.stop.is_set():
            raise StoppedError

    def _fail(self, reason: str) -> None:
        commands.fail(self.job.pk, REPORT_CODE, reason, now=self.clock(), only_from={S.COMPLETING})

    def _end(self, changes: dict[str, Any]) -> None:
        status = S(self.job.status)
        changes["report_files"] = []
        if self.job.dry_run and status == S.COMPLETING and not self.job.lost_rows:
            self.job.list_kept_until = changes["list_kept_until"] = kept_until(self.clock())
        # One at least, so that it is cleared in any case.
        self.job.work_stored = changes["work_stored"] = max(1, self.job.work_stored)
        if commands.move(
            self.job.pk, END_OF[status], now=self.clock(), only_from={status}, **changes
        ):
            self._clear()

    def _is_time_up(self) -> bool:
        return self.stop.is_set() or time.monotonic() > self.until_s

    def _delete_chunks(self) -> bool:
        """Only the engine needs them, and nobody once the report lies; False when some are left. Those
        whose rows were lost stay: the job's page names them.
        """
        ListPart.objects.filter(job=self.job).delete()
        rows = Chunk.objects.filter(job=self.job).exclude(state=ChunkState.LOST)
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNKS_AT_ONCE]):
            Chunk.objects.filter(pk__in=keys).delete()
            if self._is_time_up():
                return not rows.exists()
        return True

    def _clear(self) -> None:
        """Free the work storage of a job that is over, but for a dry run's list that is kept. What is left then, and what was put for it
        meanwhile, is another turn's.
        """
        kept = self.job.list_kept_until is not None
        names = PASSING if kept else ("",)
        emptied = all(
            self.work.delete(f"{self.job.pk}/{name}", stop=self._is_time_up) for name in names
        )
        if emptied and (kept or self._delete_chunks()):
            noted = Job.objects.filter(pk=self.job.pk, work_stored=self.job.work_stored)
            noted.update(work_stored=0)
