"""Makes the list of failed objects that a draft waits for.

`data["retry"]` of such a draft holds "job" (its ID), "code" (an error code, or None for all),
"place" (where the list will be, as the wizard writes it), "rows" (how many there must be) and how
far it came: "state" (MAKING, READY or FAILED), "read" (rows of the report so far), "error" (a
sentence: why it failed, or what it waits for), "buckets" (rows of each, once ready), "called_s"
and "seen_s" (when somebody was called to make it, and was last seen at it, in seconds since the
epoch).
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseProblem
from django.db import transaction

from jobs.errors import StorageError, StorageUnavailableError, unexpected
from jobs.lifecycle.connections import storage_for, storage_for_page
from jobs.models import Draft, Report
from jobs.reports.retry_list import RetryList, RetryListError, write_list
from jobs.s3.storage import Storage, describe

logger = logging.getLogger(__name__)

MAKING, READY, FAILED = "making", "ready", "failed"
STALE_S = 30.0
"""Whoever makes a list is taken for dead when nothing was seen of it for so long."""

NOTE_EVERY_S = 1.0
Clock = Callable[[], datetime]


class _StoppedError(Exception):
    pass


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
    work = _Making(draft_id, clock, stop or threading.Event())
    try:
        storage = _storage(report, for_page)
        listed = write_list(report, told["code"], storage=storage, alive=work.alive)
    except _StoppedError:
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


def _report_of(job_id: str) -> Report | None:
    rows = Report.objects.select_related("job__region", "job__role")
    return rows.filter(job=job_id).first()


def _storage(report: Report, for_page: bool) -> Storage:
    reach = storage_for_page if for_page else storage_for
    return reach(report.bucket, report.job.region, report.job.role)


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
        """Raises _StoppedError, also when the draft was deleted meanwhile."""
        if self._stop.is_set():
            raise _StoppedError
        if time.monotonic() - self._noted_s > NOTE_EVERY_S:
            self._noted_s = time.monotonic()
            seen_s = self._clock().timestamp()
            if not change(self._draft_id, read=listed.read, seen_s=seen_s, error=""):
                raise _StoppedError
