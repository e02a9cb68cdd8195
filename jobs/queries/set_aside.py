"""What a person has set aside, as far as it still counts."""

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q

from jobs.models import SetAside, StatusChange


@dataclass(frozen=True, slots=True)
class Aside:
    """IDs of jobs and of Regions."""

    jobs: frozenset[str] = field(default_factory=frozenset)
    regions: frozenset[int] = field(default_factory=frozenset)


def aside_of(user: User) -> Aside:
    """One query, that no job is read for."""
    moved = StatusChange.objects.filter(job=OuterRef("job"), pk__gt=OuterRef("change_id"))
    tested = Q(region__checked_at__gt=F("at"))
    kept = SetAside.objects.filter(~Exists(moved), user=user).exclude(tested)
    rows = list(kept.values_list("job_id", "region_id"))
    return Aside(
        jobs=frozenset(job_id for job_id, _ in rows if job_id),
        regions=frozenset(region_id for _, region_id in rows if region_id),
    )
