"""The rows of a SELECT that needs the whole list, in one file until the list is prepared."""

from collections.abc import Iterable, Iterator

from jobs.errors import WorkStoreLostError
from jobs.manifests.sql import frames
from jobs.manifests.sql.frames import Cells
from jobs.manifests.sql.scratch import Scratch

_NAME = "result"


class Result:
    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    @property
    def is_whole(self) -> bool:
        return self._scratch.has(_NAME)

    def write(self, found: Iterable[Cells]) -> None:
        with self._scratch.new(_NAME) as file:
            for cells in found:
                data = frames.packed(cells)
                file.write(frames.HEAD.pack(frames.ROWS, len(data)) + data)

    def rows(self) -> Iterator[Cells]:
        with (self._scratch.folder / _NAME).open("rb") as file:
            while head := file.read(frames.HEAD.size):
                _, length = frames.HEAD.unpack(head)
                data = file.read(length)
                if len(data) != length:
                    raise WorkStoreLostError("The result of an SQL filter was cut short.")
                yield frames.unpacked(data)
