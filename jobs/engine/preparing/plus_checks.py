"""While a job is prepared: that somebody said what a `+` in its list stands for, where it matters."""

from collections.abc import Callable, Sequence

from jobs.manifests import plus_signs
from jobs.manifests.problems import at_line, of_file
from jobs.manifests.source import RowBlock
from jobs.models import Job
from jobs.operations.base import Operation
from jobs.s3.storage import Storage


def check_plus_signs(
    job: Job,
    operation: Operation,
    blocks: Sequence[RowBlock],
    storage: Callable[[str], Storage],
) -> None:
    """Asks the buckets about a few of the keys that have one, spread over the list; `job.plus_signs`
    counts on. Raises ManifestError with line and switch, and StorageUnavailableError.
    """
    if job.guarded_by_id or not plus_signs.is_open(job.manifest):
        return
    is_destructive = operation.danger() in plus_signs.HARMFUL
    for block in blocks:
        rows, signs = plus_signs.asked_about(block.rows, job.plus_signs)
        for place, row in rows:
            readings = plus_signs.look(row, storage)
            if readings.needs_answer(is_destructive=is_destructive):
                fault = plus_signs.unsaid(readings)
                if not block.place.line:
                    raise of_file(fault.kind, f"{block.place} {fault.what}", fault.remedy)
                raise at_line(fault, b"", block.place_of(place).line)
        job.plus_signs += signs
