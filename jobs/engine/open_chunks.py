"""The chunks that a runner has under way."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from jobs import conf
from jobs.engine.claims import Claim
from jobs.engine.writing import Written
from jobs.lifecycle import precedence
from jobs.models import Job
from jobs.operations import registry

MOST_OPEN = precedence.AT_ONCE
"""Of one Region."""

MOST_OPEN_OF_ALL = 2 * MOST_OPEN


def chunks_open(job: Job | None) -> int:
    """Two, so that connections never drain between chunks, and more where there are so many
    requests in flight that a chunk is over before the next one is there, or a chunk is one request;
    what is open is repeated after a kill, so never more than four.
    """
    if job and job.operation in registry.BATCHED:
        return MOST_OPEN
    return min(MOST_OPEN, 2 + (conf.in_flight() - 1) // 128)


@dataclass(frozen=True, slots=True)
class Open:
    """A chunk on its way."""

    job: Job
    claim: Claim
    written: Future[Written]
    since_s: float


class OpenChunks:
    """To be used by one thread. What ends tells so by itself: it costs less than to look at all."""

    def __init__(self) -> None:
        self._chunks: list[Open] = []
        self._ended: SimpleQueue[Future[Written]] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._chunks)

    def __iter__(self) -> Iterator[Open]:
        return iter(self._chunks)

    def add(self, job: Job, claim: Claim, written: Future[Written]) -> None:
        self._chunks.append(Open(job, claim, written, time.monotonic()))
        written.add_done_callback(self._ended.put)

    def take_ended(self, within_s: float) -> list[Open]:
        """Those that have ended, which are open no more; none if that takes longer."""
        ended = set()
        with contextlib.suppress(Empty):
            ended.add(self._ended.get(timeout=within_s))
            while True:
                ended.add(self._ended.get_nowait())
        found = [chunk for chunk in self._chunks if chunk.written in ended]
        self._chunks = [chunk for chunk in self._chunks if chunk.written not in ended]
        return found
