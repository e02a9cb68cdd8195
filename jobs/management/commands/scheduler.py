"""Calls the sweep every few seconds. Needs no Redis; two of them do no harm."""

import logging
import math
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, connections
from django.utils import timezone

from jobs import background, queueing

logger = logging.getLogger("jobs.scheduler")

CLEAN_EVERY_S = 3600
EVERY_S = 5.0


class Command(BaseCommand):
    help = "Keeps jobs moving: calls the sweep every five seconds, until SIGTERM."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        stop = threading.Event()

        def request_stop(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, request_stop)
        since, cleaned_s = timezone.now(), -math.inf
        while not stop.is_set():
            queueing.note_scheduler(since=since)
            patiently(background.sweep)
            if time.monotonic() - cleaned_s >= CLEAN_EVERY_S:
                patiently(background.clean_up)
                cleaned_s = time.monotonic()
            stop.wait(EVERY_S)
        queueing.forget_scheduler()


def patiently(call: Callable[[], None]) -> None:
    """Once; a database that is away for a while is met with patience."""
    try:
        call()
    except Error:
        logger.exception("%s did not come through; the next one tries again", call.__name__)
        connections.close_all()
