"""Pages asked for side by side by a few threads, no faster than the storage bears."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from jobs.errors import StoppedError, StorageError
from jobs.s3.faults import THROTTLING_CODES, THROTTLING_STATUSES

AT_ONCE = 16
TICK_S = 0.2
"""Whoever waits for pages is heard that often, and hears a stop."""

PATIENCE_S = 30.0
"""A storage that answers nothing but errors for so long is told of; whoever asked comes back later."""

_LONGEST_WAIT_S = 20.0
_MORE_PER_ANSWER = 0.1
_ONE_BURST_S = 0.5
"""What is refused within so short a time was refused for the same reason."""

Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass(slots=True)
class _Pace:
    """`patience_s` is PATIENCE_S where it is None. `limit` is how many may be asked for at once. `refused_since_s` is None while all goes well."""

    now_s: Callable[[], float]
    patience_s: float | None = None
    limit: float = AT_ONCE
    not_before_s: float = 0.0
    refused_since_s: float | None = None
    _tries: int = 0
    _slowed_s: float = -1e9

    def answered(self) -> None:
        self.refused_since_s, self._tries = None, 0
        self.limit = min(AT_ONCE, self.limit + _MORE_PER_ANSWER)

    def refused(self, error: StorageError) -> None:
        """Raises it when the patience is used up."""
        now_s = self.now_s()
        if self.refused_since_s is None:
            self.refused_since_s = now_s
        patience_s = PATIENCE_S if self.patience_s is None else self.patience_s
        if now_s - self.refused_since_s >= patience_s:
            raise error
        if now_s - self._slowed_s < _ONE_BURST_S:
            return
        self._slowed_s = now_s
        self._tries += 1
        if error.http_status in THROTTLING_STATUSES or error.code in THROTTLING_CODES:
            self.limit = max(1.0, self.limit / 2)
        wait_s = max(error.retry_after_s, 0.5 * 2**self._tries)
        self.not_before_s = now_s + min(wait_s, _LONGEST_WAIT_S)


@dataclass(slots=True)
class Asking(Generic[Item, Found]):
    """`ask` is called in threads of its own, and raises StorageError; all else is for one thread.
    Use it within a `with` block, which ends the threads.
    """

    ask: Callable[[Item], Found]
    stop: threading.Event
    now_s: Callable[[], float] = time.monotonic
    patience_s: float | None = None
    requests: int = 0
    """That were answered, whatever the answer."""

    _waiting: deque[Item] = field(default_factory=deque)
    _asked: SimpleQueue[Item | None] = field(default_factory=SimpleQueue)
    _came: SimpleQueue[tuple[Item, Found | BaseException]] = field(default_factory=SimpleQueue)
    _pace: _Pace = field(init=False)
    _in_flight: int = 0
    _threads: int = 0

    def __post_init__(self) -> None:
        self._pace = _Pace(self.now_s, self.patience_s)

    def __enter__(self) -> "Asking[Item, Found]":
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in range(self._threads):
            self._asked.put(None)

    @property
    def room(self) -> int:
        """How many more may be asked for at once."""
        return int(self._pace.limit) - self._in_flight - len(self._waiting)

    @property
    def is_idle(self) -> bool:
        return not (self._in_flight or self._waiting)

    def put(self, item: Item) -> None:
        self._waiting.append(item)

    def forget(self, items: Collection[Item]) -> None:
        """Those that were not asked for yet. Answers to the others still come."""
        self._waiting = deque(item for item in self._waiting if item not in items)

    def next(self) -> tuple[Item, Found] | None:
        """What came, or None when nothing did for a moment. What a storage refuses for now is asked
        for again. Raises StorageError, StorageUnavailableError, StoppedError, and what `ask` does.
        """
        if self.stop.is_set():
            raise StoppedError
        self.send()
        try:
            item, found = self._came.get(timeout=TICK_S)
        except Empty:
            return None
        self._in_flight -= 1
        self.requests += 1
        if not isinstance(found, BaseException):
            self._pace.answered()
            return item, found
        if not (isinstance(found, StorageError) and found.retryable):
            raise found
        self._pace.refused(found)
        self._waiting.appendleft(item)
        return None

    def send(self) -> None:
        """What waits, as far as the storage bears it now."""
        while (
            self._waiting
            and self._in_flight < int(self._pace.limit)
            and self.now_s() >= self._pace.not_before_s
        ):
            if self._threads <= self._in_flight:
                # Not kept alive by a worker's end: what they fetch is of no use to anyone then.
                threading.Thread(target=self._serve, name="listing", daemon=True).start()
                self._threads += 1
            self._in_flight += 1
            self._asked.put(self._waiting.popleft())

    def _serve(self) -> None:
        while (item := self._asked.get()) is not None:
            try:
                self._came.put((item, self.ask(item)))
            except BaseException as error:
                self._came.put((item, error))
