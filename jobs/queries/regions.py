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


def states() -> list[RegionState]:
    """Of all Regions, in one query."""
    worked = _worked(Job.objects.filter(region=OuterRef("pk")))
    regions = Region.objects.annotate(worked_at=Subquery(worked[:1]))
    return [_state(region, region.worked_at) for region in regions]


def state_of(region: Region) -> RegionState:
    """What the last test said, or that a job has worked there since."""
    return _state(region, _worked(Job.objects.filter(region=region)).first())


def _worked(jobs: QuerySet[Job]) -> QuerySet[Job, datetime | None]:
    """When the newest of these jobs began that did something."""
    done = jobs.filter(tasks_succeeded__gt=0).order_by("-created_at", "-pk")
    return done.values_list("started_at", flat=True)


def _state(region: Region, worked_at: datetime | None) -> RegionState:
    if region.disabled:
        return RegionState(region, DISABLED, region.checked_at)
    if region.checked_at and not region.check_error:
        return RegionState(region, REACHABLE, region.checked_at)
    if worked_at and (not region.checked_at or worked_at > region.checked_at):
        return RegionState(region, REACHABLE, worked_at)
    return RegionState(region, UNREACHABLE if region.check_error else NOT_TESTED, region.checked_at)
