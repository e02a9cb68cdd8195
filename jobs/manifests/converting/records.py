"""Any list as records: its bytes decoded, cut into lines and taken apart. Pure, and a stream."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from jobs.manifests.converting.encodings import NAMES
from jobs.manifests.converting.recipe import Recipe, Separator
from jobs.manifests.lines import MAX_LINE_BYTES
from jobs.manifests.problems import (
    ManifestContentError,
    ProblemKind,
    RowFaultError,
    at_line,
    line_too_long,
    stray_carriage_return,
)


@dataclass(frozen=True, slots=True)
class Record:
    """`cells` are empty for a blank line. `line` counts from 1, and is that of its beginning where a
    quoted field goes on in further lines.
    """

    line: int
    text: str
    cells: list[str]


def records(pieces: Iterable[bytes], recipe: Recipe) -> Iterator[Record]:
    """`pieces` are the file's bytes from its beginning, cut anywhere. Holds a piece and a record.

    Raises ManifestContentError, with the line.
    """
    lines = _Lines(_decoded(pieces, recipe), recipe.line_end)
    if recipe.separator is Separator.NONE and not recipe.quoted:
        for line in lines:
            text = _bare(line, recipe.line_end)
            yield Record(lines.number, text, [text] if text.strip() else [])
        return
    yield from _split(lines, recipe)


def _split(lines: "_Lines", recipe: Recipe) -> Iterator[Record]:
    delimiter = recipe.separator.sign or ","
    rows = csv.reader(
        lines, delimiter=delimiter, skipinitialspace=recipe.spaced, strict=True, doublequote=True
    )
    while True:
        lines.begin()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            fault = _fault_of(error)
            raise at_line(fault, lines.text.encode(), lines.first) from None
        if cells is None:
            return
        text = _bare(lines.text, recipe.line_end)
        if recipe.spaced and (delimiter + "  ") in text:
            _check_spaces(text, delimiter, lines.first)
        blank = not text.strip(" \t\r\n") and delimiter not in text
        yield Record(lines.first, text, [] if blank else cells)


def _check_spaces(text: str, delimiter: str, line: int) -> None:
    """Of two spaces one would belong to the name, and no one knows."""
    for cell in next(csv.reader([text], delimiter=delimiter), []):
        if cell.startswith("  ") and not cell.lstrip(" ").startswith('"'):
            raise at_line(
                RowFaultError(
                    ProblemKind.KEY_ENCODING,
                    "has more than one space behind a separator.",
                    "Leave one or none, and write a space of the name itself as %20.",
                ),
                text.encode(),
                line,
            )


def _fault_of(error: csv.Error) -> RowFaultError:
    text = str(error)
    if "field larger" in text:
        return line_too_long(MAX_LINE_BYTES)
    if "new-line" in text:
        return stray_carriage_return()
    return RowFaultError(
        ProblemKind.QUOTES,
        "has quotes that do not match.",
        "Close each quote, and double a quote that belongs to a field.",
    )


def _bare(line: str, line_end: str) -> str:
    line = line.removesuffix(line_end)
    return line.removesuffix("\r") if line_end == "\n" else line


class _Lines:
    """Lines with their ends; what was given since `begin` is `text`, from line `first` on."""

    def __init__(self, pieces: Iterator[str], line_end: str) -> None:
        self._lines = _cut(pieces, line_end)
        self.number = 0
        self.first = 1
        self.text = ""

    def begin(self) -> None:
        self.first = self.number + 1
        self.text = ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.text = f"{self.text}{line}" if self.text else line
        if len(self.text) > MAX_LINE_BYTES:
            raise at_line(line_too_long(MAX_LINE_BYTES), self.text.encode()[:1000], self.first)
        return line


def _cut(pieces: Iterator[str], line_end: str) -> Iterator[str]:
    number, rest = 1, ""
    for piece in pieces:
        *whole, rest = (rest + piece).split(line_end)
        for line in whole:
            yield line + line_end
        number += len(whole)
        if len(rest) > MAX_LINE_BYTES:
            raise at_line(line_too_long(MAX_LINE_BYTES), rest[:1000].encode(), number)
    if rest:
        yield rest


def _decoded(pieces: Iterable[bytes], recipe: Recipe) -> Iterator[str]:
    """Raises ManifestContentError with the line of the first bytes that are no text."""
    decoder = codecs.getincrementaldecoder(recipe.encoding)()
    lines, skip = 1, recipe.mark_bytes
    for piece, is_last in chain(((piece, False) for piece in pieces), [(b"", True)]):
        text_bytes, skip = piece[skip:], max(0, skip - len(piece))
        try:
            text = decoder.decode(text_bytes, final=is_last)
        except UnicodeDecodeError as error:
            raise _no_text(error, lines, recipe) from None
        lines += text.count(recipe.line_end)
        yield text


def _no_text(error: UnicodeDecodeError, line: int, recipe: Recipe) -> ManifestContentError:
    read = error.object[: error.start].decode(recipe.encoding, "replace")
    line += read.count(recipe.line_end)
    what = f"is not {NAMES[recipe.encoding]} (0x{error.object[error.start]:02X})."
    fault = RowFaultError(ProblemKind.ENCODING, what, "Save the file as UTF-8.")
    return at_line(fault, read.rpartition(recipe.line_end)[2].encode(), line)
