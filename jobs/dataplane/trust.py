"""How far a job believes what a bucket's storage answers, before and after it was looked at."""

from dataclasses import dataclass, field

CHECKS = 3
"""So many tasks of a bucket are looked at after they succeeded."""

FAILED_ALONE = 3
"""So many tasks of a bucket may fail one after the other before others run beside them: each was
refused by a storage that says so, and a list of missing objects must not go one by one.
"""

MOST_UNSURE = 20
"""After so many looks that showed nothing, one task of a chunk is looked at."""

ALONE_S = 10.0
"""The first task of a bucket holds up the others for so long at most: a copy of a large object
takes minutes.
"""


@dataclass(slots=True)
class BucketTrust:
    """Of one bucket of the list. `alone_since_s` is when the task that runs alone was begun; None
    when none does. `checks_due` is how many more tasks are looked at.
    """

    is_open: bool = False
    checks_due: int = CHECKS
    unsure: int = 0
    failed_alone: int = 0
    alone_since_s: float | None = None

    def may_begin(self, now_s: float) -> bool:
        if self.is_open or self.alone_since_s is None:
            return True
        if now_s - self.alone_since_s > ALONE_S:
            self.is_open = True
        return self.is_open

    def want_another(self) -> None:
        """A look showed nothing: the task had failed, or its object has not what is looked for."""
        self.unsure += 1
        if self.unsure <= MOST_UNSURE:
            self.checks_due += 1

    def want_one(self) -> None:
        """A new chunk begins: where the first looks showed nothing, one of its tasks is looked at."""
        if self.unsure > MOST_UNSURE:
            self.checks_due = max(1, self.checks_due)

    def open(self) -> None:
        self.is_open, self.alone_since_s = True, None


@dataclass(slots=True)
class Trust:
    """Shared by the chunks of a job in one worker; belongs to the loop's thread. With `waived` a
    person let the job go on in spite of what was found. `done_s` is when a task succeeded last, on
    the loop's clock.
    """

    waived: bool = False
    done_s: float = float("-inf")
    has_succeeded: bool = False
    unseen: set[str] = field(default_factory=set)
    _buckets: dict[str, BucketTrust] = field(default_factory=dict)

    def bucket(self, name: str) -> BucketTrust:
        found = self._buckets.get(name)
        if found is None:
            found = self._buckets[name] = BucketTrust()
            if self.waived:
                found.open()
                found.checks_due = 0
        return found

    def is_new(self, reason: str) -> bool:
        """Whether it was not said yet that something could not be looked at for that reason."""
        if reason in self.unseen:
            return False
        self.unseen.add(reason)
        return True
