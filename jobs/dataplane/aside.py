"""Threads for what takes too long for the loop. A way there and back costs half of what it does with
an executor, whose futures nobody needs here: a long body goes that way thousands of times.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

Tell = Callable[[Any], None]


class Aside:
    """Threads are started when they are first needed. Belongs to the thread of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most_threads: int) -> None:
        self._loop = loop
        self._most_threads = most_threads
        self._waiting: SimpleQueue[tuple[Callable[[], Any], Tell] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._open = 0

    def run(self, function: Callable[[], Any], tell: Tell) -> None:
        """`tell` is called on the loop, with what `function` returned or the exception it raised."""
        self._open += 1
        if self._open > len(self._threads) and len(self._threads) < self._most_threads:
            name = f"apart-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._waiting.put((function, tell))

    def close(self) -> None:
        """What runs goes on to its end; nobody is told any more."""
        with contextlib.suppress(Exception):
            while self._waiting.get_nowait() is not None:
                pass
        for _ in self._threads:
            self._waiting.put(None)

    def _told(self, tell: Tell, result: Any) -> None:
        self._open -= 1
        tell(result)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            function, tell = item
            try:
                result = function()
            except Exception as error:
                result = error
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._told, tell, result)
            del item, function, tell, result
