"""Words that every operation has for a person."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AtStake:
    """What a person is told before a job runs; see `Operation` on `loss`, `undo`, `understood`."""

    loss: str
    undo: str
    understood: str


def counted(total: int | None) -> str:
    """ "1 object", "12,000 objects", or "every listed object" while nobody counted."""
    if total is None:
        return "every listed object"
    return "1 object" if total == 1 else f"{total:,} objects"


def named(buckets: Sequence[str]) -> str:
    """ "photos", "photos and archive", "photos, archive and 3 more buckets"."""
    if len(buckets) <= 1:
        return "".join(buckets) or "the listed buckets"
    if len(buckets) <= 3:
        return f"{', '.join(buckets[:-1])} and {buckets[-1]}"
    return f"{', '.join(buckets[:2])} and {len(buckets) - 2} more buckets"
