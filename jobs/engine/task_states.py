"""What tasks keep of themselves beyond a pause or a kill (`steps.Keep`), in work storage.

By job and row of the list, so that it does not matter how its chunk was split meanwhile. Beside each
state lies the task's target: what is left when a job ends is cleared away without its list.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from jobs.errors import WorkStoreError, WorkStoreLostError
from jobs.operations.base import Outcome
from jobs.spec.target import Target
from jobs.workstore import segments
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Left:
    """A state that lies there, of the task of `row`, counted from 0."""

    row: int
    target: Target
    state: bytes


class Targets(Protocol):
    """By index within the work."""

    def __getitem__(self, index: int, /) -> Target | Outcome: ...


class TaskStates:
    """Where the tasks of a work keep their states (a `dataplane.work.States`): `rows` are those of
    the job's list, in the order of `targets`. `there` are the indices of those that have one.
    """

    def __init__(
        self,
        work: WorkStore,
        job_id: str,
        rows: Sequence[int],
        targets: Targets,
        there: Iterable[int] = (),
    ) -> None:
        self._there = set(there)
        self._work = work
        self._job_id = job_id
        self._rows = rows
        self._targets = targets

    def put(self, index: int, state: bytes) -> None:
        """b"" forgets. Raises ValueError for a state that is too large, else WorkStoreError."""
        if len(state) > MOST_BYTES:
            raise ValueError(
                f"A task may keep a state of {MOST_BYTES:,} bytes at most; this one has {len(state):,}."
            )
        name, target = _name(self._job_id, self._rows[index]), self._targets[index]
        if state and isinstance(target, Target):
            self._work.put(name, _written(target) + b"\n" + state)
            self._there.add(index)
        else:
            self._work.delete(name)
            self._there.discard(index)

    def forget(self, indices: Iterable[int]) -> None:
        """Of tasks that have succeeded, once that is recorded. What stays is cleared away when the job
        ends.
        """
        for index in self._there.intersection(indices):
            try:
                self.put(index, b"")
            except WorkStoreError:
                logger.info("the state of a task stays", exc_info=True)
                return

    def swap(self, index: int, instead_of: bytes, state: bytes) -> bool:
        """`put`, if `instead_of` is what lies there, or `state` already does; else False, and
        somebody else has taken over. Raises as `put`.
        """
        try:
            found = _read(self._work, _name(self._job_id, self._rows[index])).state
        except WorkStoreLostError:
            found = b""
        if found not in (instead_of, state):
            return False
        self.put(index, state)
        return True


def kept_of(work: WorkStore, job_id: str, rows: range) -> dict[int, bytes]:
    """The states of consecutive rows that have one, by index among them. Raises WorkStoreError."""
    found = {}
    for name in work.list(_folder(job_id)):
        row = _row_of(name)
        if row >= rows.stop:
            break  # they come in the order of their rows
        if row in rows:
            found[row - rows.start] = _read(work, name).state
    return found


def states_left(work: WorkStore, job_id: str) -> Iterator[Left]:
    """All of a job. Raises WorkStoreError."""
    return (_read(work, name) for name in work.list(_folder(job_id)))


def _read(work: WorkStore, name: str) -> Left:
    target, _, state = work.read(name).partition(b"\n")
    try:
        return Left(_row_of(name), Target(**json.loads(target)), state)
    except (ValueError, TypeError) as error:
        raise segments.damaged() from error


def _written(target: Target) -> bytes:
    """Without its guard: the list brings that again, and clearing away needs none."""
    named = {"bucket": target.bucket, "key": target.key, "version_id": target.version_id}
    return json.dumps(named).encode()


def _folder(job_id: str) -> str:
    return f"{job_id}/tasks/"


def _name(job_id: str, row: int) -> str:
    return f"{_folder(job_id)}{row:015d}.bin"


def _row_of(name: str) -> int:
    """Raises WorkStoreError where it is no name of ours."""
    try:
        return int(name.rpartition("/")[2].removesuffix(".bin"))
    except ValueError as error:
        raise WorkStoreError(f"{name} in the work storage is no state of a task.") from error
