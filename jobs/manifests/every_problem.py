"""All that is wrong with the rows of a CSV manifest, from its beginning to its end, as a stream.

The preview tells of the first part only, a job of the first fault. Repeated rows are no part of it: who
would remember all rows.
"""

from collections.abc import Iterable, Iterator

from jobs.choices import ManifestField
from jobs.manifests.compressed import opened
from jobs.manifests.keys import KeyRules
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.lines import MAX_LINE_BYTES, too_long
from jobs.manifests.opening import BOM, check_opening, check_readable, header_words
from jobs.manifests.plain_text import look_at
from jobs.manifests.problems import (
    ManifestContentError,
    ManifestProblem,
    ProblemKind,
    RowFaultError,
    at_line,
    blank_line,
    of_file,
    warning,
)
from jobs.manifests.rows import read_row

MOST_PROBLEMS = 100_000


def every_problem(
    pieces: Iterable[bytes],
    fields: tuple[ManifestField, ...],
    rules: KeyRules,
    *,
    most: int = MOST_PROBLEMS,
) -> Iterator[ManifestProblem]:
    """In the order of the lines, and after `most` of them one that says that there are more. Holds a
    piece in memory. Never raises for content.
    """
    told = 0
    try:
        for found in _Look(layout_of(fields), rules).at(opened(pieces)[1]):
            if told == most:
                yield _more(most)
                return
            told += 1
            yield found
    except ManifestContentError as error:
        yield error.problem


class _Look:
    """`_blank` is the number of the first of some blank lines, of which only those count that a row
    follows; 0 for none.
    """

    def __init__(self, layout: Layout, rules: KeyRules) -> None:
        self._layout = layout
        self._rules = rules
        self._line = 1
        self._blank = 0

    def at(self, pieces: Iterator[bytes]) -> Iterator[ManifestProblem]:
        for text in _whole_lines(pieces):
            if self._line == 1:
                _check_readable(text)
            lines = text.replace(b"\r\n", b"\n")
            if self._line > 1 and self._are_plain(lines):
                yield from self._blanks()
                self._line += lines.count(b"\n")
                continue
            for line in lines.removesuffix(b"\n").split(b"\n"):
                yield from self._at_line(line)
                self._line += 1

    def _are_plain(self, text: bytes) -> bool:
        """Nothing is wrong with any of these lines; most files have no others."""
        if self._layout.version_id >= 0 and (b",\n" in text or b",," in text or b'""' in text):
            return False
        found = look_at(text, self._layout, most_line_bytes=MAX_LINE_BYTES, rules=self._rules)
        return found is not None

    def _at_line(self, line: bytes) -> Iterator[ManifestProblem]:
        if not line:
            self._blank = self._blank or self._line
            return
        yield from self._blanks()
        if self._line == 1:
            yield from self._at_first(line)
            if header_words(line.removeprefix(BOM)):
                return
            line = line.removeprefix(BOM)
        try:
            if len(line) > MAX_LINE_BYTES:
                raise too_long(line)
            row = read_row(line, self._layout, self._rules)
        except RowFaultError as fault:
            yield at_line(fault, line, self._line).problem
        else:
            if row.version_id == "":
                yield _without_version(self._line, line)

    def _at_first(self, line: bytes) -> Iterator[ManifestProblem]:
        for text in (line, line.removeprefix(BOM)) if line.startswith(BOM) else (line,):
            try:
                check_opening(text)
            except RowFaultError as fault:
                yield at_line(fault, text, 1).problem

    def _blanks(self) -> Iterator[ManifestProblem]:
        first, self._blank = self._blank, 0
        for number in range(first, self._line if first else 0):
            yield at_line(blank_line(), b"", number).problem


def _check_readable(text: bytes) -> None:
    """Raises ManifestError for what is no text at all: not each of its lines is wrong then."""
    line = text[: text.find(b"\n")]
    try:
        check_readable(line)
    except RowFaultError as fault:
        raise at_line(fault, line, 1) from None


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in parts that end with a line; of a line that is far too long the beginning only."""
    rest, is_skipping = b"", False
    for piece in pieces:
        if is_skipping:
            end = piece.find(b"\n")
            if end < 0:
                continue
            piece, is_skipping = piece[end + 1 :], False
        text = rest + piece
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > MAX_LINE_BYTES + 1:
            yield rest + b"\n"
            rest, is_skipping = b"", True
    if rest.strip(b"\r"):
        yield rest + b"\n"


def _without_version(line: int, text: bytes) -> ManifestProblem:
    return warning(
        ProblemKind.MISSING_VERSION_ID,
        f"Line {line} has no version ID: its task will fail.",
        "Give it its version ID, or the word null for an object's null version.",
        line=line,
        row=text,
    )


def _more(most: int) -> ManifestProblem:
    return of_file(
        ProblemKind.COLUMNS,
        f"There are more than these {most:,} problems.",
        "Correct what has the same cause first, then look again.",
    ).problem
