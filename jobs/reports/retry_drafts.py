"""Makes the list of failed objects that a draft waits for.

`data["retry"]` of such a draft holds "job" (its ID), "code" (an error code, or None for all),
"place" (where the list will be, as the wizard writes it), "rows" (how many there must be) and how
far it came: "state" (MAKING, READY or FAILED), "read" (rows of the report so far), "error" (a
sentence: why it failed, or what it waits for), "buckets" (rows of each, once ready), "called_s"
and "seen_s" (when somebody was called to make it, and was last seen at it, in seconds since the
epoch), and "held_s" (when a control worker took its turn, 0 when that is over).
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseProblem
from django.db import transaction
from django.db.models import QuerySet

from jobs import conf, queueing
from jobs.errors import StoppedError, StorageError, StorageUnavailableError, unexpected
from jobs.lifecycle.connections import storage_for, storage_for_page
from jobs.lifecycle.page_turns import page_turn
from jobs.models import Draft, Job, Report
from jobs.reports.retry_list import RetryList, RetryListError, write_list
from jobs.s3.storage import Storage, describe

logger = logging.getLogger(__name__)

MAKING, READY, FAILED = "making", "ready", "failed"
STALE_S = 30.0
"""Whoever makes a list is taken for dead when nothing was seen of it for so long."""

NOTE_EVERY_S = 1.0
Clock = Callable[[], datetime]


def make_list(
    draft_id: str, *, clock: Clock, stop: threading.Event | None = None, for_page: bool = False
) -> None:
    """Bring the draft's list to READY or FAILED; or leave it for another try, when the storage
    does not answer or `stop` is set. Does nothing while somebody else is at it.

    `for_page`: somebody waits in front of a page, so an answer must come soon.
    """
    told = _claim(draft_id, clock())
    report = _report_of(told["job"]) if told else None
    if told is None:
        return
    if report is None:
        gone = "The job or its completion report is not there any more. Delete this draft."
        change(draft_id, state=FAILED, error=gone)
        return
    stop = stop or threading.Event()
    work = _Making(draft_id, clock, stop)
    try:
        with page_turn() if for_page else contextlib.nullcontext():
            storage = _storage(report, stop, for_page=for_page)
            listed = write_list(report, told["code"], storage=storage, alive=work.alive)
    except StoppedError:
        change(draft_id, seen_s=0.0, called_s=0.0)
    except StorageUnavailableError as error:
        sentence = describe(error, place=f"s3://{report.bucket}")
        change(draft_id, error=f"{sentence} It is tried again every {STALE_S:.0f} seconds.")
    except (RetryListError, StorageError) as error:
        change(draft_id, state=FAILED, error=error.message)
    except DatabaseProblem:
        raise
    except Exception as error:
        logger.exception("draft %s", draft_id)
        change(draft_id, error=unexpected(error))
    else:
        change(draft_id, state=READY, error="", read=listed.read, buckets=listed.buckets)


def make_list_in_turn(draft_id: str, *, clock: Clock, stop: threading.Event) -> None:
    """As `make_list`, but not beside another list of the same Region, nor beside so many that no
    workers are left for jobs, since a list is not put aside for others. Those that had to wait are
    called again when it has ended.
    """
    if not _is_its_turn(draft_id, clock()):
        return
    change(draft_id, held_s=clock().timestamp())
    try:
        make_list(draft_id, clock=clock, stop=stop)
    finally:
        change(draft_id, held_s=0.0)
        _call_others(draft_id, clock())


def _call_others(draft_id: str, now: datetime) -> None:
    """Not those that were tried just now, and wait for a storage."""
    for draft in _to_make().exclude(pk=draft_id).order_by("updated_at"):
        if now.timestamp() - draft.data["retry"]["seen_s"] > STALE_S:
            queueing.call("make_retry_list", str(draft.pk))


def _is_its_turn(draft_id: str, now: datetime) -> bool:
    """Two that ask at the same moment may both be told so: then there is one list more."""
    jobs = {str(draft.pk): draft.data["retry"] for draft in _to_make()}
    ours = jobs.pop(draft_id, None)
    held = [told["job"] for told in jobs.values() if _is_held(told, now)]
    if ours is None or len(held) >= max(1, conf.control_workers() // 2):
        return False
    regions = Job.objects.filter(pk__in=held).values("region_id")
    return not Job.objects.filter(pk=ours["job"], region_id__in=regions).exists()


def _is_held(told: dict[str, Any], now: datetime) -> bool:
    held_s = told.get("held_s", 0.0)
    return bool(held_s and now.timestamp() - max(held_s, told["seen_s"]) <= STALE_S)


def _to_make() -> QuerySet[Draft]:
    return Draft.objects.filter(job=None, data__retry__state=MAKING)


def _report_of(job_id: str) -> Report | None:
    rows = Report.objects.select_related("job__region", "job__role")
    return rows.filter(job=job_id).first()


def _storage(report: Report, stop: threading.Event, *, for_page: bool) -> Storage:
    place = (report.bucket, report.job.region, report.job.role)
    return storage_for_page(*place) if for_page else storage_for(*place, stop)


def is_idle(told: dict[str, Any], now: datetime) -> bool:
    """Whether nobody has been seen at a list that is to be made."""
    last_s = max(told["called_s"], told["seen_s"])
    return bool(told["state"] == MAKING and now.timestamp() - last_s > STALE_S)


def change(draft_id: str, **changes: Any) -> bool:
    """Change what the draft knows of its list; False when it waits for none any more."""
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(pk=draft_id, job=None).first()
        if draft is None or draft.data["retry"]["state"] != MAKING:
            return False
        _write(draft, changes)
    return True


def _claim(draft_id: str, now: datetime) -> dict[str, Any] | None:
    with transaction.atomic():
        draft = Draft.objects.select_for_update().filter(pk=draft_id, job=None).first()
        told: dict[str, Any] = draft.data.get("retry", {}) if draft else {}
        busy = told and now.timestamp() - told["seen_s"] <= STALE_S
        if draft is None or told.get("state") != MAKING or busy:
            return None
        _write(draft, {"seen_s": now.timestamp(), "read": 0})
        return told


def _write(draft: Draft, changes: dict[str, Any]) -> None:
    draft.data = draft.data | {"retry": draft.data["retry"] | changes}
    draft.save(update_fields=["data"])


class _Making:
    """Notes now and then that somebody is at it, and how far."""

    def __init__(self, draft_id: str, clock: Clock, stop: threading.Event) -> None:
        self._draft_id = draft_id
        self._clock = clock
        self._stop = stop
        self._noted_s = time.monotonic()

    def alive(self, listed: RetryList) -> None:
        """Raises StoppedError, also when the draft was deleted meanwhile."""
        if self._stop.is_set():
            raise StoppedError
        if time.monotonic() - self._noted_s > NOTE_EVERY_S:
            self._noted_s = time.monotonic()
            seen_s = self._clock().timestamp()
            if not change(self._draft_id, read=listed.read, seen_s=seen_s, error=""):
                raise StoppedError
