"""What the tasks of a job wait for that asked for something and look now and then whether it is there."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Min, Q, QuerySet, Sum

from jobs.choices import ChunkState, JobStatus
from jobs.models import Chunk, Job
from jobs.operations import registry
from jobs.queries.words import counted

_LEFT = (ChunkState.WAITING, ChunkState.PENDING, ChunkState.RUNNING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """`asked` and `there` count objects; `next_look` is None while one is under way. `is_all`:
    nothing else is left to do.
    """

    asked: int
    there: int
    next_look: datetime | None
    is_all: bool

    @property
    def sentence(self) -> str:
        return f"{self.asked:,} requested, {self.there:,} can be read."


def waiting_of(job: Job) -> Waiting | None:
    """None where nothing waits. One query for a job that may wait, none for others."""
    if job.operation not in registry.WAITING or job.is_terminal or job.started_at is None:
        return None
    chunks = Chunk.objects.filter(job=job, state__in=_LEFT)
    waits = Q(waits__gt=0)
    found = chunks.aggregate(
        waiting=Sum("rows", filter=waits),
        other=Sum("rows", filter=~waits),
        next_s=Min("not_before_s", filter=Q(state=ChunkState.WAITING)),
    )
    if not found["waiting"]:
        return None
    next_s = found["next_s"]
    return Waiting(
        asked=found["waiting"] + job.tasks_succeeded,
        there=job.tasks_succeeded,
        next_look=datetime.fromtimestamp(next_s, UTC) if next_s else None,
        is_all=not found["other"],
    )


def turn_of(job: Job, jobs: QuerySet[Job]) -> str:
    """What a job waits for that is Ready, as a sentence; empty for any other. One query over the
    `jobs` that its reader sees.
    """
    if job.status != JobStatus.READY:
        return ""
    running = jobs.filter(terminated_at__isnull=True, status=JobStatus.ACTIVE, region=job.region_id)
    higher = Count("pk", filter=Q(priority__gt=job.priority))
    found = running.aggregate(all=Count("pk"), higher=higher)
    if not found["all"]:
        return "Waiting for a worker to start it."
    are = "is" if found["all"] == 1 else "are"
    said = (
        f"Waiting for its turn: {counted(found['all'], 'other job')} {are} running in {job.region}"
    )
    return f"{said}, {found['higher']:,} with a higher priority." if found["higher"] else f"{said}."
