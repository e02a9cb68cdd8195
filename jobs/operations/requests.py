"""What the tasks of an operation ask of a storage: how many requests of which kind."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Requests:
    """`times` calls of `action` for each `objects` objects. `only` says for which of them, as it goes
    on behind "objects" ("whose tags change"); empty for all.
    """

    action: str
    objects: int = 1
    times: int = 1
    only: str = ""

    def of(self, total: int) -> int:
        """For so many objects: exactly so many requests, or at most so many where not all need it."""
        return -(-total // self.objects) * self.times

    @property
    def words(self) -> str:
        """ "CopyObject for each object", "DeleteObjects for each 1,000 objects"."""
        often = f" {self.times} times" if self.times > 1 else ""
        each = "object" if self.objects == 1 else f"{self.objects:,} objects"
        return f"{self.action}{often} for each {each}{f' {self.only}' if self.only else ''}"


def in_words(requests: Iterable[Requests]) -> str:
    return f"{'; '.join(one.words for one in requests)}."


def together(requests: Iterable[Requests]) -> tuple[Requests, ...]:
    """With one line for what differs in nothing but `times`."""
    summed: dict[tuple[str, int, str], Requests] = {}
    for one in requests:
        key = (one.action, one.objects, one.only)
        known = summed.get(key)
        summed[key] = replace(one, times=one.times + known.times) if known else one
    return tuple(summed.values())


def of_rewriting(changed: str) -> tuple[Requests, ...]:
    """Of an operation that copies objects onto themselves where they change; `changed` as `only`."""
    return (
        Requests("HeadObject"),
        Requests("GetObjectAcl", only=changed),
        Requests("CopyObject", only=changed),
    )


def with_guards(requests: tuple[Requests, ...]) -> tuple[Requests, ...]:
    """Where each object is looked at right before it is touched, as in the job after a dry run."""
    looks = any(one.action == "HeadObject" and not one.only for one in requests)
    return requests if looks else (Requests("HeadObject"), *requests)
