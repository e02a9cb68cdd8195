"""Calls the sweep every few seconds. Needs no Redis; two of them do no harm."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, connections

from jobs import background

logger = logging.getLogger("jobs.scheduler")

EVERY_S = 5.0


class Command(BaseCommand):
    help = "Keeps jobs moving: calls the sweep every five seconds, until SIGTERM."

    def handle(self, **options: Any) -> None:
        stop = threading.Event()

        def request_stop(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, request_stop)
        while not stop.is_set():
            sweep_once()
            stop.wait(EVERY_S)


def sweep_once() -> None:
    """One sweep; a database that is away for a while is met with patience."""
    try:
        background.sweep()
    except Error:
        logger.exception("the sweep did not come through; the next one tries again")
        connections.close_all()
