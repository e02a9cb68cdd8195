"""The data plane of a worker process, and whether it hangs."""

import functools
import logging
import threading
import time

from jobs import conf
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.services.lambda_function import LambdaService
from jobs.services.s3 import S3Service
from jobs.services.table import SERVICES, MakeService

logger = logging.getLogger(__name__)

CLOSE_S = 10.0
LOOK_S = 1.0
STUCK_LOOKS = 60
"""So many looks after it was asked to, the data plane's loop has not come round. Looks and not
seconds: a machine that slept for an hour is given time.
"""


def services() -> dict[str, MakeService]:
    """All of them; through boto3 alone, what it can send, where requests of our own are switched off."""
    if conf.data_plane():
        return SERVICES
    by_boto3 = {
        kind.name: functools.partial(kind, by_boto3=True) for kind in (S3Service, LambdaService)
    }
    return {**SERVICES, **by_boto3}


class Transport:
    """Makes the data plane when it is first needed, and thus after the fork."""

    def __init__(self) -> None:
        self._plane: DataPlane | None = None
        self._came_round = threading.Event()
        self._came_round.set()
        self._looked_s = time.monotonic()
        self._looks = 0

    def plane(self) -> DataPlane:
        if self._plane is None:
            self._plane = DataPlane(
                in_flight=conf.in_flight(),
                timeouts=Timeouts(silence_s=conf.answer_timeout_s()),
                services=services(),
                most_threads=conf.threads_in_flight(),
            )
        return self._plane

    def is_stuck(self) -> bool:
        """Whether the data plane's thread hangs, to be asked again and again. Its chunks would never
        end, and their leases be kept for ever.
        """
        now_s = time.monotonic()
        if self._plane and now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._looks += 1
            if self._came_round.is_set():
                self._came_round.clear()
                self._looks = 0
                self._plane.loop.call_soon_threadsafe(self._came_round.set)
        return self._looks >= STUCK_LOOKS

    def close(self) -> None:
        if self._plane:
            # In a thread, since it waits for the loop: a worker that waited for ever for one that
            # hangs would take no work again.
            closing = threading.Thread(target=self._plane.close, name="closing", daemon=True)
            closing.start()
            closing.join(CLOSE_S)
            if closing.is_alive():
                logger.error("the data plane hangs; it ends with this process")
