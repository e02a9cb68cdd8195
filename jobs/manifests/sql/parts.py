"""Lists cut into files that DuckDB reads: whole lines, with the place of each part in its list."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from jobs.errors import ManifestError, StoppedError
from jobs.manifests.inventory.sentences import at_file
from jobs.manifests.layout import Layout
from jobs.manifests.lines import MAX_LINE_BYTES, too_long
from jobs.manifests.opening import check_first_line
from jobs.manifests.problems import INVALID_CONTENT, RowFaultError, at_line, blank_line
from jobs.manifests.rows import read_row
from jobs.manifests.source import Reading
from jobs.manifests.sql.blocks import Keys
from jobs.manifests.sql.process import Question
from jobs.manifests.sql.scratch import Scratch

PART_BYTES = 64 * 1024 * 1024
"""Of a list that is read in parts: what a worker that dies has to read again at most."""


@dataclass(frozen=True, slots=True)
class Part:
    """`name` is that in the scratch folder; row n there is line `first_line` + n - 1 of `file`, "" for
    the manifest itself. It is found again from `start`, and what follows it from `behind`.
    `skipped` counts rows that were left out when it was written.
    """

    name: str
    file: str
    first_line: int
    start: Any
    behind: Any
    skipped: int = 0


class Input(Protocol):
    """A list as a filter reads it. `layout` is that of its lines, None where it has none."""

    @property
    def keys(self) -> Keys: ...
    @property
    def layout(self) -> Layout | None: ...

    def check(self) -> None:
        """As `Source.check`."""

    def question(self, sql: str) -> Question: ...

    def too_large_to_try(self) -> str:
        """Why a page cannot try the filter on the list's beginning; "" where it can."""

    def parts(
        self, scratch: Scratch, start: Any, part_bytes: int | None
    ) -> Generator[Part, None, None]:
        """From `start` on, None for the beginning; with None for `part_bytes` each file is one part, and
        those that the folder has are not fetched again.
        """


@dataclass(slots=True)
class Lines:
    """Cuts pieces of a file into whole lines, counts both, and refuses what no list has.

    `line` and `byte` are those behind all lines that were taken.
    """

    line: int = 1
    byte: int = 0
    _blank: int = 0
    _waiting: bytes = b""

    def taken(self, pieces: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
        """Texts of whole lines, each ended by LF alone. Raises ManifestError, StoppedError."""
        for piece in pieces:
            if reading.stop.is_set():
                raise StoppedError
            self._waiting += piece
            end = self._waiting.rfind(b"\n") + 1
            if len(self._waiting) - end > MAX_LINE_BYTES + 1:
                line = self._waiting[end:]
                raise at_line(too_long(line), line, self.line + self._waiting.count(b"\n", 0, end))
            if end:
                text, self._waiting = self._waiting[:end], self._waiting[end:]
                yield self._checked(text)
        if self._waiting.strip(b"\r\n"):
            rest, self._waiting = self._waiting, b""
            yield self._checked(rest + b"\n", added=1)

    def _checked(self, text: bytes, added: int = 0) -> bytes:
        size = len(text) - added
        text = text.replace(b"\r\n", b"\n") if b"\r" in text else text
        lines = text.count(b"\n")
        if self.line == 1 and not self.byte:
            check_first_line(text[: text.find(b"\n")])
        bare = text.rstrip(b"\n") + b"\n"
        first_blank = self._blank or (self.line if text.startswith(b"\n") else 0)
        if bare != b"\n":
            if not first_blank and (place := bare.find(b"\n\n")) >= 0:
                first_blank = self.line + bare.count(b"\n", 0, place) + 1
            if first_blank:
                raise at_line(blank_line(), b"", first_blank)
            if lines > bare.count(b"\n"):
                self._blank = self.line + bare.count(b"\n")
        else:
            self._blank, bare = first_blank, b""
        self.line += lines
        self.byte += size
        return bare


def cut(
    texts: Iterator[bytes],
    scratch: Scratch,
    name: str,
    part_bytes: int | None,
    is_slow: Callable[[], bool],
) -> bool:
    """Writes texts to a new file until it has `part_bytes` (None: until they end) or comes too slowly;
    False where there are none, and no file then.
    """
    size = 0
    with scratch.new(name) as file:
        for text in texts:
            file.write(text)
            size += len(text)
            if part_bytes and size and (size >= part_bytes or is_slow()):
                break
    if not size:
        scratch.remove(name)
    return size > 0


def line_problem(scratch: Scratch, part: Part, line: int, layout: Layout | None) -> ManifestError:
    """What is wrong with a line that DuckDB cannot read, in the words of a list that is not filtered."""
    number = part.first_line + line - 1
    text = b""
    with (scratch.folder / part.name).open("rb") as file:
        for _ in range(line):
            text = file.readline(MAX_LINE_BYTES + 1)
    text = text.removesuffix(b"\n")
    error = ManifestError(INVALID_CONTENT, f"Line {number} cannot be read as CSV.", line=number)
    try:
        if layout:
            read_row(text, layout)
    except RowFaultError as fault:
        error = at_line(fault, text, number)
    return at_file(error, part.file) if part.file else error
