"""Results of a finishing job that work storage has lost: found, looked for again, and asked about."""

import logging
from collections.abc import Callable
from datetime import datetime

from jobs.engine.job_status import DECIDE
from jobs.errors import WorkStoreLostError
from jobs.lifecycle import losses
from jobs.models import Job
from jobs.reports.assemble import statuses_of
from jobs.reports.gathering import ResultsLostError, lost_among
from jobs.workstore import results
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

LOOKED_AT = 1_000
"""Lost results that are looked for again at a time."""


class UndecidedError(Exception):
    """A person has to decide whether the job ends without what it lost; the message says what."""


def ask_about_lost(job: Job, work: WorkStore, *, now: datetime) -> None:
    """To be called before the report is written. What was lost and is there again is lost no more.

    Raises UndecidedError, and WorkStoreError.
    """
    if job.lost_rows > job.lost_rows_accepted:
        found = [
            position
            for position, name in losses.lost_results(job.pk, LOOKED_AT)
            if _is_there(work, name)
        ]
        losses.find_results(job.pk, found, now=now)
        job.refresh_from_db()
    if losses.asks(job):
        raise UndecidedError(f"The report waits. {losses.losses_of(job).sentence} {DECIDE}")


def note_lost(
    job: Job,
    first: ResultsLostError,
    work: WorkStore,
    *,
    now: datetime,
    alive: Callable[[], None],
    may_go_on: Callable[[], bool],
) -> None:
    """Note what is lost: the results that were just missed, and others as far as there is time to
    look for them, so that a person is asked once.
    """
    logger.error("job %s, results from row %s on: %s", job.pk, first.position + 1, first.message)
    others = lost_among(job, statuses_of(job), work, alive, may_go_on)
    losses.lose_results(job.pk, {first.position, *others}, now=now)


def _is_there(work: WorkStore, name: str) -> bool:
    try:
        results.decode(work.read(name))
    except WorkStoreLostError:
        return False
    return True
