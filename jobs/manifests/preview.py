"""The first part of a manifest as a person should see it before making a job.

See docs/pages.md, Choosing the manifest.
"""

from dataclasses import dataclass

from jobs.choices import ManifestField
from jobs.manifests.findings import Findings
from jobs.manifests.guess import fields_of_columns, fields_of_header
from jobs.manifests.layout import MAX_COLUMNS, Layout, layout_of
from jobs.manifests.lines import BLANK, MAX_LINE_BYTES, too_long
from jobs.manifests.opening import BOM, check_opening, check_readable, header_words
from jobs.manifests.problems import (
    ManifestContentError,
    ManifestProblem,
    ProblemKind,
    RowFaultError,
    empty_manifest,
    too_many_columns,
)
from jobs.manifests.rows import Row, read_row, split_line

ROWS_SHOWN = 10
PROBLEMS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """`raw_key` is URL-encoded still, `key` decoded; `version_id` is None without a column."""

    line: int
    bucket: str
    raw_key: str
    key: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything but the estimate is about the part that was read.

    `columns` are those of the first row, 0 when no row could be split. `fields` are the given or
    guessed ones. Of `rows_exact` and `rows_estimated` one is a number, without a header row and
    blank lines; neither is when the file is no text. `buckets` counts good rows, as `rows` shows
    them. `problem_counts` counts rows by kind, also those that `problems` has no room for.
    """

    columns: int
    fields: tuple[ManifestField, ...]
    rows: list[PreviewRow]
    rows_exact: int | None
    rows_estimated: int | None
    buckets: dict[str, int]
    problems: list[ManifestProblem]
    problem_counts: dict[ProblemKind, int]

    @property
    def is_blocked(self) -> bool:
        """A job made of this manifest would fail while it prepares."""
        return any(problem.blocking for problem in self.problems)


def preview(
    sample: bytes,
    *,
    complete: bool,
    size_bytes: int,
    fields: tuple[ManifestField, ...] | None,
    max_problems: int = PROBLEMS_SHOWN,
) -> Preview:
    """`sample` is the beginning of a file of `size_bytes`, all of it when `complete`.

    With `fields` None they are guessed. Never raises for content: what is wrong is listed.
    """
    findings = Findings(max_problems)
    lines, read_bytes = _whole_lines(sample, complete=complete)
    is_text = _open(lines, findings, complete=complete)
    columns = _columns(lines) if is_text else 0
    if columns > MAX_COLUMNS:
        findings.add_fault(too_many_columns(columns, MAX_COLUMNS), 1, lines[0])
        is_text, columns = False, 0
    first = 1 if is_text and lines and header_words(lines[0]) else 0
    used = fields or _guess(lines[:first], columns)
    rows = _read_rows(lines[first:], first + 1, used, findings) if is_text else []
    listed = sum(1 for line in lines[first:] if line.strip()) if is_text else None
    estimated = None
    if listed is not None and not complete:
        estimated = round(listed * size_bytes / read_bytes) if read_bytes else 0
    return Preview(
        columns=columns,
        fields=used,
        rows=rows,
        rows_exact=listed if complete else None,
        rows_estimated=estimated,
        buckets=dict(findings.buckets),
        problems=findings.problems(),
        problem_counts=findings.problem_counts(),
    )


def whole_lines(sample: bytes, *, complete: bool) -> list[bytes]:
    """The lines of a manifest's beginning, without their ends."""
    return _whole_lines(sample, complete=complete)[0]


def _whole_lines(sample: bytes, *, complete: bool) -> tuple[list[bytes], int]:
    """Lines without their ends, blank ones at the end left out; and the bytes they came from.

    A line cut by the sample's end counts when it is too long already.
    """
    lines = sample.split(b"\n")
    cut = lines.pop()
    read_bytes = len(sample) - len(cut)
    if (complete and cut) or len(cut) > MAX_LINE_BYTES + 1:
        lines.append(cut)
        read_bytes = len(sample)
    while lines and lines[-1] in BLANK:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines], read_bytes


def _open(lines: list[bytes], findings: Findings, *, complete: bool) -> bool:
    """Notes what is wrong with the file's beginning, takes a BOM off; False for what is no text."""
    if not lines:
        if complete:
            findings.add_error(empty_manifest())
        return True
    try:
        check_readable(lines[0])
    except RowFaultError as fault:
        findings.add_fault(fault, 1, lines[0])
        return False
    try:
        check_opening(lines[0])
    except RowFaultError as fault:
        findings.add_fault(fault, 1, lines[0])
    if lines[0].startswith(BOM):
        lines[0] = lines[0].removeprefix(BOM)
        _open(lines, findings, complete=complete)
    return True


def _columns(lines: list[bytes]) -> int:
    for line in lines:
        try:
            return len(split_line(line))
        except RowFaultError:
            continue
    return 0


def _guess(header: list[bytes], columns: int) -> tuple[ManifestField, ...]:
    words = header_words(header[0]) if header else None
    return fields_of_header(words) if words else fields_of_columns(columns)


def _read_rows(
    lines: list[bytes], first_line: int, fields: tuple[ManifestField, ...], findings: Findings
) -> list[PreviewRow]:
    """The first good rows; every row goes to the findings."""
    try:
        layout = layout_of(fields)
    except ManifestContentError as error:
        findings.add_error(error)
        return []
    shown: list[PreviewRow] = []
    for number, line in enumerate(lines, first_line):
        try:
            row = _read(line, layout)
        except RowFaultError as fault:
            findings.add_fault(fault, number, line)
            continue
        findings.add_row(row, number, line)
        if len(shown) < ROWS_SHOWN:
            shown.append(PreviewRow(number, row.bucket, row.raw_key, row.key, row.version_id))
    return shown


def _read(line: bytes, layout: Layout) -> Row:
    if len(line) > MAX_LINE_BYTES:
        raise too_long(line)
    return read_row(line, layout)
