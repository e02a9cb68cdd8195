"""A dry run of some of the listed objects: the prepared list is cut down to runs of rows that are
spread evenly over it.
"""

from collections.abc import Iterator
from itertools import pairwise

from jobs.models import Chunk, Job

PLACES = 250
"""So many runs at most, since each is a chunk of its own."""


def cut_to_sample(job: Job) -> int:
    """Leave `sample_rows` of a job whose list is prepared, and say how many there are. To be called
    in the transaction in which preparing ends.
    """
    total = job.prepared_rows
    if job.sample_rows is None or total <= job.sample_rows:
        return total
    chunks = [chunk for run in runs(total, job.sample_rows) for chunk in cut(job, *run)]
    Chunk.objects.filter(job=job).delete()
    Chunk.objects.bulk_create(chunks)
    Job.objects.filter(pk=job.pk).update(listed_rows=total)
    return job.sample_rows


def runs(total: int, wanted: int, most: int = PLACES) -> list[tuple[int, int]]:
    """(First row, rows) of each of at most so many runs: together `wanted` of `total` rows, none
    twice.
    """
    if not wanted:
        return []
    places = min(most, wanted)
    # Of the rows that stand evenly apart, each run has the first of its share, and those behind it.
    shares = [n * wanted // places for n in range(places + 1)]
    return [(a * total // wanted, b - a) for a, b in pairwise(shares)]


def cut(job: Job, start: int, rows: int) -> Iterator[Chunk]:
    """The rows as chunks: more than one where they lie in several."""
    while rows > 0:
        chunk = Chunk.objects.filter(job=job, position__lte=start).latest("position")
        behind = start - chunk.position
        taken = min(rows, chunk.rows - behind)
        yield Chunk(
            job=job,
            position=start,
            rows=taken,
            segment=chunk.segment,
            offset=chunk.offset,
            length=chunk.length,
            skip=chunk.skip + behind,
        )
        start, rows = start + taken, rows - taken
