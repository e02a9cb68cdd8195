"""The rows of a report, gathered from the results of a job's chunks in the order of the list."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from jobs.choices import ChunkState
from jobs.models import Chunk, Job
from jobs.reports.rows import SUCCEEDED
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

Column = Literal["succeeded", "failed"]
"""What counts a chunk's rows of a status."""

PAGE = 1000
READ_AHEAD = 8
"""Results that are read at once: where each takes a round trip, one after the other is slow."""

POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Portion:
    """The rows of one status in one chunk, as the database knows them."""

    position: int
    result: str
    rows: int


def portions(job: Job, status: Column, *, after: int, limit: int) -> Iterator[Portion]:
    """Those behind the position `after` that make one result file: at most `limit` rows.

    A chunk's rows stay together; a chunk that has more than `limit` is a file of its own. Cut
    anew from the same database, the files are the same.
    """
    rows = 0
    for portion in _behind(job, status, after):
        if rows and rows + portion.rows > limit:
            return
        rows += portion.rows
        yield portion


def _behind(job: Job, status: Column, after: int) -> Iterator[Portion]:
    """Page by page: a statement that stays open for minutes would hold up the database."""
    chunks = Chunk.objects.filter(job=job, state=ChunkState.DONE, **{f"{status}__gt": 0})
    columns = chunks.order_by("position").values_list("position", "result", status)
    while page := list(columns.filter(position__gt=after)[:PAGE]):
        yield from (Portion(*row) for row in page)
        after = page[-1][0]


def gather(
    chosen: Iterator[Portion], status: Column, work: WorkStore, alive: Callable[[], None]
) -> Generator[tuple[Portion, bytes], None, None]:
    """Each portion with its report lines, read ahead by a few. To be closed.

    `alive` is called often while the work storage is waited for, and may raise to stop. Raises WorkStoreError, also when there are not as many rows as the database counted.
    """
    threads = ThreadPoolExecutor(READ_AHEAD)
    waiting: deque[tuple[Portion, Future[bytes]]] = deque()
    try:
        for portion in chosen:
            waiting.append((portion, threads.submit(_read, portion, status, work)))
            if len(waiting) > READ_AHEAD:
                first, lines = waiting.popleft()
                yield first, _awaited(lines, alive)
        for first, lines in waiting:
            yield first, _awaited(lines, alive)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _awaited(lines: Future[bytes], alive: Callable[[], None]) -> bytes:
    while not wait([lines], timeout=POLL_S).done:
        alive()
    return lines.result()


def _read(portion: Portion, status: Column, work: WorkStore) -> bytes:
    succeeded, failed = results.decode(work.read(portion.result))
    lines = succeeded if status == SUCCEEDED else failed
    if count_rows(lines) != portion.rows:
        raise segments.damaged()
    return lines


def count_rows(lines: bytes) -> int:
    """How many CSV rows: line feeds outside quotes."""
    if b'"' not in lines:
        return lines.count(b"\n")
    return sum(part.count(b"\n") for part in lines.split(b'"')[::2])
