"""What a task may ask of what is around it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from jobs.operations.connected import Connected
from jobs.services.destination import Destination
from jobs.services.habits import Habits


class Places(Protocol):
    """Asked on the loop, so it answers at once."""

    def bucket(self, name: str) -> Destination:
        """Where a bucket lies and who asks there. Raises KeyError for one that nobody named before
        (`Operation.target_buckets`, the list itself).
        """
        ...

    def connected(self, wanted: Connected) -> Destination:
        """What an administrator connected. Raises KeyError for what `Operation.connections` does not
        name.
        """
        ...

    def bucket_in(self, region: str, name: str) -> Destination:
        """The same in the Region of that slug (`Operation.target_places`)."""
        ...


@dataclass(slots=True)
class Context:
    """`now_s` is the time of this machine, in seconds since 1970. `tried_since_s` is when the task
    was tried first by a worker that died or gave up in the middle, on that clock, and 0 for a task
    that nobody tried before; `kept` is what it kept then (`steps.Keep`). `began_s` is when the task
    was begun, where it is looked at afterwards. `tally` is for what an operation counts over all
    tasks of its chunk, `seen_before` for what objects (bucket, key) were like before the first. `row`
    counts the rows of the job's list from 0: with `job_id` it names the task, however often it is run.
    `waits` is how often it was found to wait for what it asked for (`operations.waiting`). A request
    about many has the `rows` of all of them.
    """

    places: Places
    habits_of: Callable[[Destination], Habits]
    now_s: Callable[[], float]
    tried_since_s: float = 0.0
    kept: bytes = b""
    began_s: float = 0.0
    tally: Counter[str] = field(default_factory=Counter)
    seen_before: dict[tuple[str, str], Any] = field(default_factory=dict)
    job_id: str = ""
    row: int = 0
    waits: int = 0
    rows: Sequence[int] = ()

    def bucket(self, name: str) -> Destination:
        return self.places.bucket(name)

    def connected(self, wanted: Connected) -> Destination:
        return self.places.connected(wanted)

    def in_region(self, region: str) -> "Context":
        """For looks at what lies there; "" for what the job's own Region means."""
        return replace(self, places=_Elsewhere(self.places, region)) if region else self


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Places whose buckets all lie in one Region."""

    places: Places
    region: str

    def bucket(self, name: str) -> Destination:
        return self.places.bucket_in(self.region, name)

    def bucket_in(self, region: str, name: str) -> Destination:
        return self.places.bucket_in(region, name)

    def connected(self, wanted: Connected) -> Destination:
        return self.places.connected(wanted)
