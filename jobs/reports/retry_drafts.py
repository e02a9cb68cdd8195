"""Makes the list of failed objects that a draft waits for.

`data["retry"]` of such a draft is its work (lifecycle/draft_work.py), with "job" (its ID), "code" (an error
code, or None for all), "place" (where the list will be, as the wizard writes it), "rows" (how many there must
be), "read" (rows of the report so far) and "buckets" (rows of each, once ready).
"""

import contextlib
import logging
import threading
from datetime import datetime

from django.db import Error as DatabaseProblem

from jobs import conf, queueing
from jobs.errors import StoppedError, StorageError, StorageUnavailableError, unexpected
from jobs.lifecycle.connections import storage_for, storage_for_page
from jobs.lifecycle.draft_work import FAILED, READY, STALE_S, AtWork, Clock, DraftWork, is_held
from jobs.lifecycle.page_turns import page_turn
from jobs.models import Job, Report
from jobs.reports.retry_list import RetryListError, write_list
from jobs.s3.storage import Storage, describe

logger = logging.getLogger(__name__)

WORK = DraftWork("retry")


def make_list(
    draft_id: str, *, clock: Clock, stop: threading.Event | None = None, for_page: bool = False
) -> None:
    """Bring the draft's list to READY or FAILED; or leave it for another try, when the storage
    does not answer or `stop` is set. Does nothing while somebody else is at it.

    `for_page`: somebody waits in front of a page, so an answer must come soon.
    """
    told = WORK.claim(draft_id, clock(), read=0)
    report = _report_of(told["job"]) if told else None
    if told is None:
        return
    if report is None:
        gone = "The job or its completion report is not there any more. Delete this draft."
        WORK.change(draft_id, state=FAILED, error=gone)
        return
    stop = stop or threading.Event()
    at_work = AtWork(WORK, draft_id, clock, stop)
    try:
        with page_turn() if for_page else contextlib.nullcontext():
            storage = _storage(report, stop, for_page=for_page)
            listed = write_list(
                report,
                told["code"],
                storage=storage,
                alive=lambda made: at_work.alive(lambda: {"read": made.read}),
            )
    except StoppedError:
        WORK.change(draft_id, seen_s=0.0, called_s=0.0)
    except StorageUnavailableError as error:
        sentence = describe(error, place=f"s3://{report.bucket}")
        WORK.change(draft_id, error=f"{sentence} It is tried again every {STALE_S:.0f} seconds.")
    except (RetryListError, StorageError) as error:
        WORK.change(draft_id, state=FAILED, error=error.message)
    except DatabaseProblem:
        raise
    except Exception as error:
        logger.exception("draft %s", draft_id)
        WORK.change(draft_id, error=unexpected(error))
    else:
        WORK.change(draft_id, state=READY, error="", read=listed.read, buckets=listed.buckets)


def make_list_in_turn(draft_id: str, *, clock: Clock, stop: threading.Event) -> None:
    """As `make_list`, but not beside another list of the same Region, nor beside so many that no
    workers are left for jobs, since a list is not put aside for others. Those that had to wait are
    called again when it has ended.
    """
    if not _is_its_turn(draft_id, clock()):
        return
    WORK.change(draft_id, held_s=clock().timestamp())
    try:
        make_list(draft_id, clock=clock, stop=stop)
    finally:
        WORK.change(draft_id, held_s=0.0)
        _call_others(draft_id, clock())


def _call_others(draft_id: str, now: datetime) -> None:
    """Not those that were tried just now, and wait for a storage."""
    for draft in WORK.to_do().exclude(pk=draft_id).order_by("updated_at"):
        if now.timestamp() - draft.data["retry"]["seen_s"] > STALE_S:
            queueing.call("make_retry_list", str(draft.pk))


def _is_its_turn(draft_id: str, now: datetime) -> bool:
    """Two that ask at the same moment may both be told so: then there is one list more."""
    jobs = {str(draft.pk): draft.data["retry"] for draft in WORK.to_do()}
    ours = jobs.pop(draft_id, None)
    held = [told["job"] for told in jobs.values() if is_held(told, now)]
    if ours is None or len(held) >= max(1, conf.control_workers() // 2):
        return False
    regions = Job.objects.filter(pk__in=held).values("region_id")
    return not Job.objects.filter(pk=ours["job"], region_id__in=regions).exists()


def _report_of(job_id: str) -> Report | None:
    rows = Report.objects.select_related("job__region", "job__role")
    return rows.filter(job=job_id).first()


def _storage(report: Report, stop: threading.Event, *, for_page: bool) -> Storage:
    place = (report.bucket, report.job.region, report.job.role)
    return storage_for_page(*place) if for_page else storage_for(*place, stop)
