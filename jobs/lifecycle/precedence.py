"""Which jobs of a Region stand back for another (docs/batch-operations.md, Priority). Asks, changes
nothing.

A job stands back while one of higher priority in its Region needs its workers: one that does not
wait for a storage, and has chunks that nobody runs although no worker is at it at all, or more of
them than a worker takes at once. A job whose last chunks are being run needs nobody else; what
these leave over is taken up again by who ran them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from jobs.choices import RUNNABLE, ChunkState, JobStatus, PauseCause
from jobs.models import Chunk, Job

STANDS_BACK = ("", PauseCause.PRIORITY)
"""Causes of a pause that goes away by itself."""

AT_ONCE = 4
"""Chunks that one worker has in hand at most."""

_ALL_ROWS = 2**62


@dataclass(frozen=True, slots=True)
class Turns:
    """`first` is the job that goes first in the Region, None where no job could use a worker;
    `stand_back` and `go_on` are the jobs that should be paused, and be Active again.
    """

    first: Job | None
    stand_back: Sequence[str]
    go_on: Sequence[str]

    @property
    def reason(self) -> str:
        """Why others stand back."""
        first = self.first
        return f"Job {first.short_id} with priority {first.priority} runs first." if first else ""


def turns_in(region_id: int) -> Turns:
    """Three queries."""
    first = first_in(region_id)
    here = Job.objects.going().filter(region=region_id)
    paused = here.filter(status=JobStatus.PAUSED, paused_cause__in=STANDS_BACK)
    if first is None:
        return Turns(None, (), list(paused.values_list("pk", flat=True)))
    lower = here.filter(status=JobStatus.ACTIVE, priority__lt=first.priority)
    return Turns(
        first,
        list(lower.values_list("pk", flat=True)),
        list(paused.filter(priority__gte=first.priority).values_list("pk", flat=True)),
    )


def contested() -> list[int]:
    """Regions in which `turns_in` may find something: a job stands back, or one of lower priority than
    another's is Active. One query, while most Regions have one job or equal ones.
    """
    highest: dict[int, int] = {}
    lowest_active: dict[int, int] = {}
    standing_back = set()
    going = Job.objects.going().filter(_would_run())
    for region_id, priority, status in going.values_list("region_id", "priority", "status"):
        highest[region_id] = max(priority, highest.get(region_id, priority))
        if status == JobStatus.PAUSED:
            standing_back.add(region_id)
        elif status == JobStatus.ACTIVE:
            lowest_active[region_id] = min(priority, lowest_active.get(region_id, priority))
    below = {one for one, lowest in lowest_active.items() if lowest < highest[one]}
    return sorted(standing_back | below)


def _would_run() -> Q:
    """Of jobs that run, or would if they did not stand back."""
    return Q(status__in=RUNNABLE) | Q(
        status__in=(JobStatus.PAUSING, JobStatus.PAUSED), paused_cause__in=STANDS_BACK
    )


def first_in(region_id: int) -> Job | None:
    """The job of highest priority that needs workers, or would if it did not stand back."""
    here = Job.objects.going().filter(_would_run(), region=region_id, waiting_for="")
    jobs = _needing_workers(here).only("priority", "description")
    return jobs.order_by("-priority", "created_at", "pk").first()


def _needing_workers(jobs: QuerySet[Job]) -> QuerySet[Job]:
    bounded = jobs.alias(
        free_below=Case(
            When(Q(canary_tasks=0) | Q(canary_settled=True), then=Value(_ALL_ROWS)),
            default=F("canary_tasks"),
            output_field=BigIntegerField(),
        )
    )
    chunks = Chunk.objects.filter(job=OuterRef("pk"))
    free = chunks.filter(state=ChunkState.PENDING, position__lt=OuterRef("free_below"))
    unserved = Exists(free) & ~Exists(chunks.filter(state=ChunkState.RUNNING))
    return bounded.filter(unserved | Exists(free.order_by("position")[AT_ONCE : AT_ONCE + 1]))
