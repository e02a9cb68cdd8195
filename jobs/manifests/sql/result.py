"""The rows of a SELECT that needs the whole list, in one file until the list is prepared."""

import os
import struct
from collections.abc import Callable, Iterable, Iterator

from jobs.errors import WorkStoreLostError
from jobs.manifests.sql import frames
from jobs.manifests.sql.frames import Cells
from jobs.manifests.sql.scratch import Scratch

_NAME = "result"
_COUNT = struct.Struct(">Q")
"""At its end: how many rows were left out."""


class Result:
    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    @property
    def is_whole(self) -> bool:
        return self._scratch.has(_NAME)

    def write(self, found: Iterable[Cells], skipped: Callable[[], int]) -> None:
        """`skipped`: of rows that were left out, once all are found."""
        with self._scratch.new(_NAME) as file:
            for cells in found:
                data = frames.packed(cells)
                file.write(frames.HEAD.pack(frames.ROWS, len(data)) + data)
            file.write(_COUNT.pack(skipped()))

    def skipped(self) -> int:
        with (self._scratch.folder / _NAME).open("rb") as file:
            file.seek(-_COUNT.size, os.SEEK_END)
            return int(_COUNT.unpack(file.read())[0])

    def rows(self) -> Iterator[Cells]:
        with (self._scratch.folder / _NAME).open("rb") as file:
            end = os.fstat(file.fileno()).st_size - _COUNT.size
            while file.tell() < end:
                _, length = frames.HEAD.unpack(file.read(frames.HEAD.size))
                data = file.read(length)
                if len(data) != length:
                    raise WorkStoreLostError("The result of an SQL filter was cut short.")
                yield frames.unpacked(data)
