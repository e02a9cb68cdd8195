"""What a task may ask of what is around it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from jobs.services.destination import Destination
from jobs.services.habits import Habits


class Places(Protocol):
    """Asked on the loop, so it answers at once."""

    def bucket(self, name: str) -> Destination:
        """Where a bucket lies and who asks there. Raises KeyError for one that nobody named before
        (`Operation.target_buckets`, the list itself).
        """
        ...


@dataclass(slots=True)
class Context:
    """`now_s` is the time of this machine, in seconds since 1970. `tried_since_s` is when the task
    was tried first by a worker that died or gave up in the middle, on that clock, and 0 for a task
    that nobody tried before; `kept` is what it kept then (`steps.Keep`). `began_s` is when the task
    was begun, where it is looked at afterwards. `waits` is how often it was found to wait for what it
    asked for (`operations.waiting`). `tally` is for what an operation counts over all
    tasks of its chunk, `seen_before` for what objects (bucket, key) were like before the first.
    """

    places: Places
    habits_of: Callable[[Destination], Habits]
    now_s: Callable[[], float]
    tried_since_s: float = 0.0
    kept: bytes = b""
    began_s: float = 0.0
    tally: Counter[str] = field(default_factory=Counter)
    seen_before: dict[tuple[str, str], Any] = field(default_factory=dict)
    waits: int = 0

    def bucket(self, name: str) -> Destination:
        return self.places.bucket(name)
