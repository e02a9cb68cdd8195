"""What a dry run has found so far, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from jobs.choices import Foreseen, JobStatus
from jobs.models import Job
from jobs.queries.words import counted

WOULD_FAIL = "Would fail"
RECENT = timedelta(days=2)
COMPARED = 20


@dataclass(frozen=True, slots=True)
class KindFound:
    """`code` is what the report has in the column of error codes; empty for what would fail, which
    has the codes of its failures.
    """

    label: str
    code: str
    tasks: int

    @property
    def fails(self) -> bool:
        return not self.code


def kinds_found(job: Job) -> Sequence[KindFound]:
    """All kinds, in one order, also those of which there is none. One query; none, and empty, for a
    job that is no dry run.
    """
    if not job.dry_run:
        return ()
    tasks = dict(job.foreseen.values_list("kind", "tasks"))
    found = [KindFound(str(kind.label), kind.value, tasks.get(kind, 0)) for kind in Foreseen]
    return [*found[:2], KindFound(WOULD_FAIL, "", job.tasks_failed), *found[2:]]


def sentence(job: Job) -> str:
    """ "Looked at 10 objects: 7 would change, 2 already so, 1 would fail."."""
    parts = [f"{one.tasks:,} {one.label.lower()}" for one in kinds_found(job) if one.tasks]
    of_all = f" of {job.listed_rows:,}" if job.listed_rows else ""
    seen = f"Looked at {counted(job.tasks_done, 'object')}{of_all}"
    return f"{seen}: {', '.join(parts)}." if parts else f"{seen}."


def dry_run_of(job: Job, jobs: QuerySet[Job]) -> Job | None:
    """Of `jobs`, the dry run that told most recently what `job` would do: the one whose list it runs,
    or one over the same list with the same parameters, not long before.
    """
    if job.guarded_by_id:
        return jobs.filter(pk=job.guarded_by_id).first()
    earliest = job.created_at - RECENT
    near = jobs.filter(
        region=job.region_id, created_at__gte=earliest, created_at__lt=job.created_at
    )
    runs = near.filter(dry_run=True, operation=job.operation, status=JobStatus.COMPLETE)
    newest = runs.order_by("-created_at", "-pk")[:COMPARED]
    return next(
        (
            run
            for run in newest
            if (run.listed_by, run.parameters) == (job.listed_by, job.parameters)
        ),
        None,
    )


def guard_sentence(job: Job) -> str:
    """What a job that runs the list of a dry run does not touch; empty for any other."""
    if not job.guarded_by_id:
        return ""
    said = "Objects that changed since the dry run looked at them are not touched."
    if not job.unguarded_rows:
        return said
    some = counted(job.unguarded_rows, "object")
    are = "runs" if job.unguarded_rows == 1 else "run"
    return f"{said} {some} could not be looked at in the dry run and {are} without that guard."
