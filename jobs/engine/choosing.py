"""Which job a worker serves next."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from jobs.choices import RUNNABLE, ChunkState
from jobs.engine import database_clock
from jobs.models import Chunk, Job

JOBS_LOOKED_AT = 20


def jobs_with_work() -> Sequence[Job]:
    """Jobs that have a chunk to claim, best first: by priority, then age."""
    now_s = database_clock.now_s()
    chunks = Chunk.objects.filter(job=OuterRef("pk"))
    # Apart, so that each is one look into the index, however many chunks are done.
    free = Exists(chunks.filter(state=ChunkState.PENDING))
    left = Exists(chunks.filter(state=ChunkState.RUNNING, lease_expires_s__lt=now_s))
    jobs = Job.objects.filter(free | left, status__in=RUNNABLE, waiting_until_s__lte=now_s)
    return list(jobs.order_by("-priority", "created_at", "pk")[:JOBS_LOOKED_AT])
