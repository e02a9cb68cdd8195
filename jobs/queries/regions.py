"""Whether a Region works, as far as that is known."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from jobs.models import Job, Region

NOT_TESTED, REACHABLE, UNREACHABLE = "Not tested", "Reachable", "Unreachable"
DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class RegionState:
    """`word` is one of the above; `at` is when that was seen, None where it never was."""

    region: Region
    word: str
    at: datetime | None = None


def region_states(regions: QuerySet[Region]) -> list[RegionState]:
    """What the last tests said, or that a job has worked there since; one query for all."""
    worked = Job.objects.filter(region=OuterRef("pk"), tasks_succeeded__gt=0)
    newest = worked.order_by("-created_at", "-pk").values("started_at")[:1]
    return [
        _state(region, region.worked_at) for region in regions.annotate(worked_at=Subquery(newest))
    ]


def state_of(region: Region) -> RegionState:
    return region_states(Region.objects.filter(pk=region.pk))[0]


def _state(region: Region, worked_at: datetime | None) -> RegionState:
    if region.disabled:
        return RegionState(region, DISABLED, region.checked_at)
    if region.checked_at and not region.check_error:
        return RegionState(region, REACHABLE, region.checked_at)
    if worked_at and (not region.checked_at or worked_at > region.checked_at):
        return RegionState(region, REACHABLE, worked_at)
    return RegionState(region, UNREACHABLE if region.check_error else NOT_TESTED, region.checked_at)
