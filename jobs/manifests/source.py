"""What every kind of object list is to whoever prepares a job: a source of checked rows.

A source reads its list from an opaque checkpoint on, checks each row once, and gives rows as they go
into the frozen list (frozen_list.py). Preparing may end between any two blocks and goes on from the last
checkpoint that it kept, so a source has nothing that outlives a block but that.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from jobs.errors import StorageError
from jobs.manifests.frozen_list import Frozen
from jobs.manifests.listing.listed import Listed
from jobs.s3.storage import Storage
from jobs.spec.object_list import ListSpec

Checkpoint = Any
"""JSON that only the source reads that made it; None at the list's beginning."""


class ListAnewError(StorageError):
    """What a source gave so far is of no use: the whole list is to be read anew, from `checkpoint`."""

    def __init__(self, code: str, message: str, checkpoint: Checkpoint) -> None:
        super().__init__(code, message)
        self.checkpoint = checkpoint


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: `line` counts from 1, 0 in what has no lines; `file` is "" for the manifest
    itself, else the key of one of its files.
    """

    line: int
    file: str = ""

    def __str__(self) -> str:
        """As a sentence begins with it."""
        if not self.line:
            return self.file or "The list"
        return f"Line {self.line} of {self.file}" if self.file else f"Line {self.line}"


BucketRows = dict[str, tuple[int, Place]]
"""Bucket -> (rows, place of its first row), in order of first appearance."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows that follow each other, each of them checked; one without rows is a checkpoint alone.

    `place` is that of the first. From `checkpoint` the next block can be read. `skipped` counts rows of
    the source that are no tasks, by the reason ("delete markers"). `parts` are checkpoints from which others
    may read what this reading leaves out from now on, in the order of the list; each is read to its own
    end, and `checkpoint` without them. `at` gives the place of each row where they are not on lines that
    follow each other. `size_bytes` is what the objects of its rows weigh together, None where the list does not
    tell it of each.
    """

    rows: Frozen
    place: Place
    checkpoint: Checkpoint
    buckets: BucketRows
    skipped: Mapping[str, int] = field(default_factory=dict)
    parts: Sequence[Checkpoint] = ()
    at: Callable[[int], Place] | None = None
    size_bytes: int | None = None

    def place_of(self, row: int) -> Place:
        """Of any row; 0 is the first."""
        if self.at is not None:
            return self.at(row)
        return replace(self.place, line=self.place.line and self.place.line + row)


def never() -> bool:
    return False


def nothing() -> None:
    return None


LookUp = Callable[[str, Sequence[Listed], Callable[[Listed, Any], bool | str]], list[Listed]]
"""Those of a bucket's rows that a judge (generated/looked_up.py) takes, in their order, once each was
asked for what no listing tells. Raises ManifestError, StorageUnavailableError, StoppedError.
"""


def nobody_looks(bucket: str, rows: Sequence[Listed], judge: Any) -> list[Listed]:
    raise NotImplementedError("nobody is here to look at objects")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source reads with.

    `storage` gives that of a bucket, wherever it lies, and raises StorageError. `is_slow` is asked after
    each piece; with True a block is wanted now although it is not full, so that what comes slowly is not
    lost again. With `takes_free_keys` the key column is free text, for what is not an object's name.
    `takes_delete_markers` is of operations that can do something to one. `hold_turn` is called before
    what has to be read through from its beginning to its end, since who goes on with it later would read
    all of it again, and `free_turn` when a turn may end again: with the next block. `look_up` is for filters that
    a listing does not answer. `shares` says whether others wait for parts of the list. Of a listing that is refused for now, `patience_s` is how long it is asked for again.
    """

    storage: Callable[[str], Storage]
    rows_per_block: int
    is_slow: Callable[[], bool] = never
    stop: threading.Event = field(default_factory=threading.Event)
    takes_free_keys: bool = False
    takes_delete_markers: bool = False
    hold_turn: Callable[[], None] = nothing
    free_turn: Callable[[], None] = nothing
    look_up: LookUp = nobody_looks
    shares: Callable[[], bool] = never
    patience_s: float | None = None


class Source(Protocol):
    """One kind of list. Both raise ManifestError, whose message names line and file, and StorageError."""

    def check(self, manifest: ListSpec, reading: Reading) -> None:
        """Look at what is to be read, before each turn at reading it."""

    def blocks(
        self, manifest: ListSpec, reading: Reading, checkpoint: Checkpoint
    ) -> Iterator[RowBlock]:
        """The rows behind `checkpoint`, in blocks of `reading.rows_per_block`, but for the last and for
        those that are cut short.
        """
