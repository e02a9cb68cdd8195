"""What a job will ask of its storage, and how long that takes at the rate that was measured there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Count, F, Sum

from jobs.models import JobQuerySet, RateSample, Region
from jobs.operations.base import Operation
from jobs.operations.requests import Requests, with_guards
from jobs.queries.words import counted

NEWEST = 100
"""So many jobs of a Region are looked at for its rate."""

MEASURED_JOBS = 5
MIN_TASKS = 50
"""Of fewer tasks a rate says nothing."""

MIN_SLOTS = 3
MAX_ACTIVE_S = 24 * 3600
"""The samples of a longer run are not read: its average says as much."""

NOT_KNOWN = "Not known yet"


@dataclass(frozen=True, slots=True)
class Rate:
    """Tasks per second, as the median of so many jobs of the Region. `same`: of the same operation."""

    per_s: float
    jobs: int
    same: bool

    @property
    def source(self) -> str:
        if not self.same:
            return f"{counted(self.jobs, 'earlier job')} of other operations in this Region"
        return f"{counted(self.jobs, 'earlier job')} of this operation in this Region"


@dataclass(frozen=True, slots=True)
class Estimate:
    """`objects` None where nobody can say; `about` is "About", "At least" and the like, empty where
    the number is exact. `requests` are pairs of what is asked for and how often. `sizes` is the size
    of the objects in words, empty where the list does not tell it. `seconds` None where no rate was
    measured; `held_s` is what the job's own ceiling makes it take at least, None without one.
    """

    objects: int | None
    about: str
    requests: Sequence[tuple[Requests, int]]
    sizes: str
    rate: Rate | None
    seconds: float | None
    held_s: float | None
    requests_per_s: int | None
    in_flight: int | None

    @property
    def all_requests(self) -> int:
        return sum(number for _, number in self.requests)

    @property
    def is_upper(self) -> bool:
        """Whether some of the requests are made for a part of the objects alone."""
        return any(one.only for one, _ in self.requests)

    @property
    def is_held(self) -> bool:
        """Whether the ceiling decides how long it takes."""
        return self.held_s is not None and (self.seconds is None or self.held_s > self.seconds)

    @property
    def takes_s(self) -> float | None:
        return self.held_s if self.is_held else self.seconds


def estimate(
    operation: Operation,
    objects: int | None,
    buckets: Sequence[str],
    rate: Rate | None,
    *,
    about: str = "",
    sizes: str = "",
    guarded: bool = False,
    requests_per_s: int | None = None,
    in_flight: int | None = None,
) -> Estimate:
    """Pure. Of tasks that succeed at the first try; a list of no known length has no numbers."""
    asked = operation.requests(buckets)
    if guarded:
        asked = with_guards(asked)
    numbers = [(one, one.of(objects) if objects is not None else 0) for one in asked]
    every = sum(number for _, number in numbers)
    return Estimate(
        objects=objects,
        about=about,
        requests=numbers,
        sizes=sizes,
        rate=rate,
        seconds=objects / rate.per_s if rate and objects is not None else None,
        held_s=every / requests_per_s if requests_per_s and objects is not None else None,
        requests_per_s=requests_per_s,
        in_flight=in_flight,
    )


def measured_rate(
    visible: JobQuerySet, region: Region | int, operation: str, now: datetime
) -> Rate | None:
    """Of the newest jobs of the Region that ran without a ceiling: those of `operation` where there
    are some, else those of any other. None where nothing was measured. Two queries, by indexes.
    """
    newest = visible.filter(region=region).order_by("-created_at", "-pk")[:NEWEST].values(
        *("pk", "operation", "tasks_succeeded", "tasks_failed", "active_elapsed_s"),
        *("active_since", "requests_per_s", "in_flight", "dry_run"),
    )  # fmt: skip
    ran: list[tuple[str, str, int, float]] = []
    for job in newest:
        tasks = job["tasks_succeeded"] + job["tasks_failed"]
        since = job["active_since"]
        active_s = job["active_elapsed_s"] + ((now - since).total_seconds() if since else 0.0)
        free = not (job["requests_per_s"] or job["in_flight"] or job["dry_run"])
        if free and tasks >= MIN_TASKS and active_s > 0:
            ran.append((job["pk"], job["operation"], tasks, active_s))
    same = [one for one in ran if one[1] == operation][:MEASURED_JOBS]
    used = same or ran[:MEASURED_JOBS]
    if not used:
        return None
    rates = _sampled([pk for pk, _, _, active_s in used if active_s <= MAX_ACTIVE_S])
    of_each = [rates.get(pk, tasks / active_s) for pk, _, tasks, active_s in used]
    return Rate(median(of_each), len(used), bool(same))


def _sampled(job_ids: Sequence[str]) -> dict[str, float]:
    """Tasks per second in the slots in which tasks finished, of jobs with enough of these."""
    rows = (
        RateSample.objects.filter(job__in=job_ids)
        .order_by()
        .values("job_id")
        .annotate(tasks=Sum(F("succeeded") + F("failed")), slots=Count("pk"))
    )
    return {
        row["job_id"]: row["tasks"] / (row["slots"] * RateSample.WIDTH_S)
        for row in rows
        if row["slots"] >= MIN_SLOTS and row["tasks"]
    }
