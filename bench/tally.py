"""Follows the counting stub: how many answers of each status it had given by when."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.stub import Stub

EVERY_S = 0.1


@dataclass(slots=True)
class Tally:
    """`marks` are (seconds since the first answer, answers by status until then)."""

    marks: list[tuple[float, Counter[str]]] = field(default_factory=list)

    @property
    def total(self) -> Counter[str]:
        return self.marks[-1][1] if self.marks else Counter()

    def between(self, from_s: float, to_s: float) -> tuple[Counter[str], float]:
        """Answers in that span, as far as it was watched, and how long it really was."""
        start_s, start = self._mark(from_s)
        end_s, end = self._mark(to_s)
        return end - start, end_s - start_s

    def _mark(self, at_s: float) -> tuple[float, Counter[str]]:
        earlier = [mark for mark in self.marks if mark[0] <= at_s]
        return earlier[-1] if earlier else (0.0, Counter())


@contextlib.contextmanager
def following(stub: Stub, *methods: str) -> Iterator[Tally]:
    """Answers to these methods only, from now until the block ends."""
    assert stub.log is not None
    tally, ended = Tally(), threading.Event()

    def follow() -> None:
        first_s, counted = 0.0, Counter[str]()
        with stub.log.open() as lines:  # type: ignore[union-attr]
            lines.seek(0, 2)
            last, torn = False, ""
            while not last:
                last = ended.wait(EVERY_S)
                *whole, torn = (torn + lines.read()).split("\n")
                for line in whole:
                    method, _, rest = line.partition(" ")
                    if method in methods:
                        counted[rest.rsplit(None, 1)[-1]] += 1
                if counted:
                    first_s = first_s or time.monotonic()
                    tally.marks.append((time.monotonic() - first_s, Counter(counted)))

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield tally
    finally:
        ended.set()
        thread.join()
