"""The first part of a manifest as a person should see it before making a job.

See docs/pages.md, Choosing the manifest.
"""

from dataclasses import dataclass, field

from jobs.choices import ManifestField
from jobs.manifests.compressed import beginning_of
from jobs.manifests.doubts import Ask
from jobs.manifests.findings import Findings
from jobs.manifests.guess import fields_of_columns, fields_of_header
from jobs.manifests.keys import AS_WRITTEN, KeyRules, decode_key
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
MOST_TEXT_BYTES = 1024 * 1024
"""Of a compressed file."""

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
    them. `problem_counts` counts rows by kind, also those that `problems` has no room for. `plus_keys`
    counts keys with a `+`, `plus_rows` are a few of them with their lines, as they read where it stands
    for itself. `compression` is "gzip" or "zstd", "" for plain text.
    """

    columns: int
    fields: tuple[ManifestField, ...]
    rows: list[PreviewRow]
    rows_exact: int | None
    rows_estimated: int | None
    buckets: dict[str, int]
    problems: list[ManifestProblem]
    problem_counts: dict[ProblemKind, int]
    plus_keys: int = 0
    plus_rows: list[tuple[int, Row]] = field(default_factory=list)
    compression: str = ""

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
    rules: KeyRules = AS_WRITTEN,
    ask: Ask | None = None,
) -> Preview:
    """`sample` is the beginning of a file of `size_bytes`, all of it when `complete`.

    With `fields` None they are guessed. `ask` settles by the buckets how keys are encoded, where their
    looks do not say it. Never raises for content: what is wrong is listed.
    """
    findings = Findings(max_problems)
    opened = beginning_of(sample, is_whole=complete, most_bytes=MOST_TEXT_BYTES)
    complete = opened.is_whole
    lines, read_bytes = _whole_lines(opened.text, complete=complete)
    if opened.error:
        findings.add_error(opened.error)
    is_text = _open(lines, findings, complete=complete) and bool(lines or not opened.error)
    columns = _columns(lines) if is_text else 0
    if columns > MAX_COLUMNS:
        findings.add_fault(too_many_columns(MAX_COLUMNS), 1, lines[0])
        is_text, columns = False, 0
    first = 1 if is_text and lines and header_words(lines[0]) else 0
    used = fields or _guess(lines[:first], columns)
    rows = _read_rows(lines[first:], first + 1, used, rules, findings) if is_text else []
    if ask:
        findings.settle(ask)
    listed = sum(1 for line in lines[first:] if line.strip()) if is_text else None
    estimated = None
    if listed is not None and not complete:
        # Of a compressed file so much of the file itself.
        read_share = read_bytes * opened.read_bytes / max(1, len(opened.text) * size_bytes)
        estimated = round(listed / read_share) if read_share else 0
    return Preview(
        columns=columns,
        fields=used,
        rows=rows,
        rows_exact=listed if complete else None,
        rows_estimated=estimated,
        buckets=dict(findings.buckets),
        problems=findings.problems(),
        problem_counts=findings.problem_counts(),
        plus_keys=findings.plus_keys,
        plus_rows=findings.plus_rows,
        compression=str(opened.compression or ""),
    )


def whole_lines(sample: bytes, *, complete: bool) -> list[bytes]:
    """The lines of a manifest's beginning, without their ends; fewer where it is damaged."""
    opened = beginning_of(sample, is_whole=complete, most_bytes=MOST_TEXT_BYTES)
    return _whole_lines(opened.text, complete=opened.is_whole)[0]


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
        if len(line) > MAX_LINE_BYTES:
            continue
        try:
            return len(split_line(line))
        except RowFaultError:
            continue
    return 0


def _guess(header: list[bytes], columns: int) -> tuple[ManifestField, ...]:
    words = header_words(header[0]) if header else None
    return fields_of_header(words) if words else fields_of_columns(columns)


def _read_rows(
    lines: list[bytes],
    first_line: int,
    fields: tuple[ManifestField, ...],
    rules: KeyRules,
    findings: Findings,
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
            row = _read(line, layout, rules)
        except RowFaultError as fault:
            findings.add_fault(fault, number, line)
            continue
        findings.add_row(row, number, line, _with_plus(row, line, layout))
        if len(shown) < ROWS_SHOWN:
            shown.append(PreviewRow(number, row.bucket, row.raw_key, row.key, row.version_id))
    return shown


def _read(line: bytes, layout: Layout, rules: KeyRules) -> Row:
    if len(line) > MAX_LINE_BYTES:
        raise too_long(line)
    return read_row(line, layout, rules)


def _with_plus(row: Row, line: bytes, layout: Layout) -> Row | None:
    """The row as it reads where a `+` stands for itself; None without one."""
    if b"+" not in line:
        return None
    cell = split_line(line)[layout.key]
    if "+" not in cell:
        return None
    try:
        return row._replace(raw_key=cell, key=decode_key(cell))
    except RowFaultError:
        return None  # free text
