"""The canary: the first tasks of a job, which run before all others."""

from jobs.choices import Risk
from jobs.models import Chunk

DEFAULT_TASKS = 25
_ASKS_FIRST = frozenset({Risk.DESTRUCTIVE, Risk.IRREVERSIBLE})


def default_tasks(risk: Risk) -> int:
    """How many tasks go first where nobody said: some for what cannot be undone, else none."""
    return DEFAULT_TASKS if risk in _ASKS_FIRST else 0


def cut(job_id: str, tasks: int) -> None:
    """Let a chunk begin where the canary ends, so that exactly its tasks can run alone.

    To be called in the transaction that ends preparing: nobody has claimed a chunk yet.
    """
    chunk = Chunk.objects.filter(job=job_id, position__lt=tasks).order_by("position").last()
    if chunk is None or chunk.position + chunk.rows <= tasks:
        return
    before = tasks - chunk.position
    Chunk.objects.create(
        job_id=job_id,
        position=tasks,
        rows=chunk.rows - before,
        segment=chunk.segment,
        offset=chunk.offset,
        length=chunk.length,
        skip=chunk.skip + before,
    )
    Chunk.objects.filter(pk=chunk.pk).update(rows=before)
