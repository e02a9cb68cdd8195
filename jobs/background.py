"""What RQ and the scheduler call: load, call, nothing else.

Each takes ids only and tolerates that the job has moved on or is gone.
"""

from django.db import connections
from django.utils import timezone

from jobs.engine import finisher, planner, runner
from jobs.engine import sweep as sweeping
from jobs.engine.stopping import stop_on_term
from jobs.engine.work_storage import work_storage
from jobs.errors import NoSuchJobError
from jobs.reports import retry_drafts


def prepare_job(job_id: str) -> None:
    # A connection that was opened before the fork belongs to the parent.
    connections.close_all()
    with stop_on_term() as stop:
        try:
            planner.prepare_job(job_id, work=work_storage(), clock=timezone.now, stop=stop)
        except NoSuchJobError:
            return


def run_chunks() -> None:
    connections.close_all()
    with stop_on_term() as stop:
        runner.run_chunks(work=work_storage(), clock=timezone.now, stop=stop)


def finish_job(job_id: str) -> None:
    connections.close_all()
    with stop_on_term() as stop:
        try:
            finisher.finish_job(job_id, work=work_storage(), clock=timezone.now, stop=stop)
        except NoSuchJobError:
            return


def make_retry_list(draft_id: str) -> None:
    connections.close_all()
    with stop_on_term() as stop:
        retry_drafts.make_list(draft_id, clock=timezone.now, stop=stop)


def sweep() -> None:
    sweeping.sweep(now=timezone.now())
