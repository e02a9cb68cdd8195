"""Every kind of list that a job can be made of, and what reads it."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, cast

from jobs.choices import ManifestField, ManifestFormat
from jobs.manifests.frozen_list import RowBlock

_READERS = {ManifestFormat.CSV: "jobs.manifests.csv_manifest"}


class ReadBlocks(Protocol):
    """See csv_manifest.read_blocks."""

    def __call__(
        self,
        pieces: Iterable[bytes],
        fields: tuple[ManifestField, ...],
        *,
        rows_per_block: int,
        first_line: int = 1,
        start_byte: int = 0,
        is_slow: Callable[[], bool] = ...,
    ) -> Iterator[RowBlock]: ...


def reader_of(format: ManifestFormat) -> ReadBlocks:
    """It is imported when the first list of its kind is read: what it needs for that takes memory, and
    the workers that run tasks never read a list.
    """
    return cast(ReadBlocks, importlib.import_module(_READERS[format]).read_blocks)
