"""What RQ and the scheduler call: load, call, nothing else.

Each takes ids only, if any, and tolerates that what they name has moved on or is gone.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from datetime import datetime
from types import FrameType

from django.db import connections
from django.utils import timezone

from jobs import queueing
from jobs.access import access_keys
from jobs.engine import control, runner
from jobs.engine import sweep as sweeping
from jobs.lifecycle import clean_up as cleaning
from jobs.lifecycle import list_conversions
from jobs.notifications import delivering, reminders
from jobs.reports import retry_drafts
from jobs.s3.work_store import work_storage


def prepare_and_finish() -> None:
    # A connection that was opened before the fork belongs to the parent.
    connections.close_all()
    with stop_on_term() as stop:
        control.prepare_and_finish(
            work=work_storage(), clock=timezone.now, stop=stop, hangs=_end_process
        )


def _end_process() -> None:
    """Of the call alone: its worker goes on with the next one."""
    os._exit(1)


def run_chunks() -> None:
    connections.close_all()
    with stop_on_term() as stop:
        runner.run_chunks(work=work_storage(), clock=timezone.now, stop=stop)


def make_retry_list(draft_id: str) -> None:
    connections.close_all()
    with stop_on_term() as stop:
        retry_drafts.make_list_in_turn(draft_id, clock=timezone.now, stop=stop)


def convert_list(draft_id: str) -> None:
    connections.close_all()
    with stop_on_term() as stop:
        list_conversions.make_in_turn(draft_id, clock=timezone.now, stop=stop)


def note_access_key_use(key_id: str, used_at: str) -> None:
    connections.close_all()
    access_keys.note_use(key_id, datetime.fromisoformat(used_at))


def send_notifications() -> None:
    connections.close_all()
    queueing.notifier_came()
    with stop_on_term() as stop:
        delivering.deliver(clock=timezone.now, stop=stop)


def sweep() -> None:
    sweeping.sweep(now=timezone.now())


def clean_up() -> None:
    cleaning.clean_up(timezone.now())
    reminders.remind(timezone.now())


@contextlib.contextmanager
def stop_on_term() -> Iterator[threading.Event]:
    """An event that SIGTERM sets while the block runs: finish what is in flight, start nothing new.
    Outside the main thread nobody sets it.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def request(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = signal.signal(signal.SIGTERM, request)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
