"""Whether a Region works, as far as that is known."""

from dataclasses import dataclass
from datetime import datetime

from jobs.models import Region

NOT_TESTED, REACHABLE, UNREACHABLE = "Not tested", "Reachable", "Unreachable"
DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class RegionState:
    """`word` is one of the above; `at` is when that was seen, None where it never was."""

    region: Region
    word: str
    at: datetime | None = None


def state_of(region: Region) -> RegionState:
    """What the last test said, or that a job has worked there since. At most one query."""
    if region.disabled:
        return RegionState(region, DISABLED, region.checked_at)
    if region.checked_at and not region.check_error:
        return RegionState(region, REACHABLE, region.checked_at)
    worked = region.jobs.filter(tasks_succeeded__gt=0)
    started_at = worked.order_by("-created_at", "-pk").values_list("started_at", flat=True).first()
    if started_at and (not region.checked_at or started_at > region.checked_at):
        return RegionState(region, REACHABLE, started_at)
    return RegionState(region, UNREACHABLE if region.check_error else NOT_TESTED, region.checked_at)
