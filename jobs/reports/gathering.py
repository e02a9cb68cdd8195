"""The rows of a report, gathered from the results of a job's chunks in the order of the list."""

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal, TypeVar

from jobs.choices import ChunkState
from jobs.errors import WorkStoreLostError
from jobs.models import Chunk, Job
from jobs.reports.rows import SUCCEEDED
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

T = TypeVar("T")
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


class ResultsLostError(WorkStoreLostError):
    """The results of the chunk at `position` are lost."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(why)
        self.position = position


def gather(
    chosen: Iterator[Portion], status: Column, work: WorkStore, alive: Callable[[], None]
) -> Generator[tuple[Portion, bytes], None, None]:
    """Each portion with its report lines, read ahead by a few. To be closed.

    `alive` is called often while the work storage is waited for, and may raise to stop. Raises
    WorkStoreError, and ResultsLostError also when there are not as many rows as the database counted.
    """
    return _ahead(chosen, lambda portion: _read(portion, status, work), alive)


def lost_among(
    job: Job,
    statuses: Sequence[Column],
    work: WorkStore,
    alive: Callable[[], None],
    may_go_on: Callable[[], bool],
) -> list[int]:
    """Positions of the chunks whose results are lost, as far as `may_go_on` lets look for them."""
    lost = []
    for status in statuses:
        look = functools.partial(is_lost, status=status, work=work)
        looks = _ahead(_behind(job, status, -1), look, alive)
        with contextlib.closing(looks):
            for portion, is_gone in looks:
                if is_gone:
                    lost.append(portion.position)
                if not may_go_on():
                    return lost
    return lost


def is_lost(portion: Portion, status: Column, work: WorkStore) -> bool:
    """Raises WorkStoreError where that cannot be told."""
    try:
        _read(portion, status, work)
    except WorkStoreLostError:
        return True
    return False


def _ahead(
    chosen: Iterator[Portion], read: Callable[[Portion], T], alive: Callable[[], None]
) -> Generator[tuple[Portion, T], None, None]:
    threads = ThreadPoolExecutor(READ_AHEAD)
    waiting: deque[tuple[Portion, Future[T]]] = deque()
    try:
        for portion in chosen:
            waiting.append((portion, threads.submit(read, portion)))
            if len(waiting) > READ_AHEAD:
                first, found = waiting.popleft()
                yield first, _awaited(found, alive)
        for first, found in waiting:
            yield first, _awaited(found, alive)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _awaited(found: Future[T], alive: Callable[[], None]) -> T:
    while not wait([found], timeout=POLL_S).done:
        alive()
    return found.result()


def _read(portion: Portion, status: Column, work: WorkStore) -> bytes:
    try:
        succeeded, failed = results.decode(work.read(portion.result))
        lines = succeeded if status == SUCCEEDED else failed
        if count_rows(lines) != portion.rows:
            raise segments.damaged()
    except WorkStoreLostError as error:
        raise ResultsLostError(portion.position, error.message) from error
    return lines


def count_rows(lines: bytes) -> int:
    """How many CSV rows: line feeds outside quotes."""
    if b'"' not in lines:
        return lines.count(b"\n")
    return sum(part.count(b"\n") for part in lines.split(b'"')[::2])
