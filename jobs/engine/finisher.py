"""The end of a job: the report, then Complete, Failed or Cancelled. Restartable."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseProblem

from jobs.choices import FINISHING, TERMINAL
from jobs.choices import JobStatus as S
from jobs.engine import claims, control_lease
from jobs.engine.database_clock import now_s
from jobs.errors import (
    NoSuchJobError,
    StorageError,
    StorageUnavailableError,
    WorkStoreError,
    unexpected,
)
from jobs.lifecycle import commands
from jobs.lifecycle.connections import report_storage
from jobs.models import Job, Report
from jobs.reports.assemble import write_report
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
    """Write the report if there is something to report, and end the job.

    Does nothing while a live worker still holds a chunk: it calls again when it is through.
    """
    if _is_over(job_id):
        _clear(job_id, work)
        return
    lease = control_lease.acquire(job_id, FINISHING)
    if lease is None:
        return
    try:
        # A worker that wakes after its lease must find its chunk gone: what it recorded after
        # the report was begun would be counted, but not reported.
        claims.take_from_dead(job_id)
        if not claims.has_holders(job_id):
            job = commands.get_job(job_id)
            with lease.kept(S(job.status), stop) as kept_stop:
                _finish(job, work, clock, kept_stop)
    except _StoppedError:
        logger.info("job %s: finishing was interrupted and will be repeated", job_id)
    except (StorageUnavailableError, WorkStoreError) as error:
        _wait(job_id, f"The report waits: {error.message}", clock())
    except (DatabaseProblem, NoSuchJobError):
        raise
    except Exception as error:
        logger.exception("job %s", job_id)
        _wait(job_id, f"The report waits. {unexpected(error)}", clock())
    lease.release()


def _wait(job_id: str, sentence: str, now: datetime) -> None:
    commands.wait_for(job_id, sentence, until_s=now_s() + RETRY_S, now=now, only_in=FINISHING)


def _is_over(job_id: str) -> bool:
    return Job.objects.filter(pk=job_id, status__in=TERMINAL).exists()


def _clear(job_id: str, work: WorkStore) -> None:
    """Free the work storage of a job that is over; while that fails, the sweep asks for it again."""
    try:
        work.delete(f"{job_id}/")
    except WorkStoreError as error:
        logger.warning("job %s: its work storage is not emptied yet: %s", job_id, error.message)
        return
    Job.objects.filter(pk=job_id, prepared_byte__gt=0).update(prepared_byte=0)


def _finish(job: Job, work: WorkStore, clock: Clock, stop: threading.Event) -> None:
    changes: dict[str, Any] = {}
    if _needs_report(job):
        try:
            _write(job, work, clock, stop)
        except StorageUnavailableError:
            raise
        except StorageError as error:
            reason = f"{REPORT_REASON} ({error.message})"
            if job.status == S.COMPLETING:
                commands.fail(job.pk, REPORT_CODE, reason, now=clock(), only_from={S.COMPLETING})
                return
            changes = {"failure_code": job.failure_code or REPORT_CODE}
            changes["failure_reason"] = f"{job.failure_reason} {reason}".strip()[:1024]
    status = S(job.status)
    if commands.move(job.pk, END_OF[status], now=clock(), only_from={status}, **changes):
        _clear(job.pk, work)


def _needs_report(job: Job) -> bool:
    """As soon as one task was invoked (reference 6.2), and unless it was tried in vain before."""
    wanted = job.report_enabled and job.tasks_done > 0
    written = Report.objects.filter(job=job).exists()
    return wanted and not written and job.failure_code != REPORT_CODE


def _write(job: Job, work: WorkStore, clock: Clock, stop: threading.Event) -> None:
    def alive() -> None:
        if stop.is_set():
            raise _StoppedError

    write_report(job, storage=report_storage(job), work=work, now=clock(), alive=alive)
