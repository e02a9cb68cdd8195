"""What the rows of a manifest's first part show together: counts, first rows, warnings."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from jobs.manifests.doubts import Ask, Doubt, decoded_again, is_refuted, settled
from jobs.manifests.problems import (
    ManifestContentError,
    ManifestProblem,
    ProblemKind,
    RowFaultError,
    at_line,
    warning,
)
from jobs.manifests.rows import Row

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_PLUS_SAMPLES = 3
_BUCKETS_NAMED = 5
_DOUBTS = (ProblemKind.LEADING_SLASH, ProblemKind.ENCODED_TWICE, ProblemKind.NOT_ENCODED)


@dataclass(slots=True)
class _Sighting:
    """How often something was seen, and where first."""

    count: int = 0
    line: int = 0
    row: bytes = b""

    def add(self, line: int, row: bytes) -> None:
        self.count += 1
        if self.count == 1:
            self.line, self.row = line, row

    def warning(self, kind: ProblemKind, message: str, remedy: str) -> ManifestProblem:
        return warning(kind, message, remedy, line=self.line, row=self.row)


class Findings:
    """Collects line by line; keeps at most `max_problems` blocking problems, counts all."""

    def __init__(self, max_problems: int) -> None:
        self.buckets: Counter[str] = Counter()
        self._counts: Counter[ProblemKind] = Counter()
        self._max_problems = max_problems
        self._blocking: list[ManifestProblem] = []
        self._seen: set[tuple[str, str, str | None]] = set()
        self._repeated = _Sighting()
        self._plus = _Sighting()
        self.plus_rows: list[tuple[int, Row]] = []
        self._doubts = {kind: Doubt(kind) for kind in _DOUBTS}
        self._settled: list[ManifestProblem] = []
        self._without_version: list[tuple[int, int]] = []

    def add_error(self, error: ManifestContentError) -> None:
        self._counts[error.problem.kind] += 1
        self._blocking.append(error.problem)

    def add_fault(self, fault: RowFaultError, line: int, row: bytes) -> None:
        self._counts[fault.kind] += 1
        if len(self._blocking) < self._max_problems:
            self._blocking.append(at_line(fault, row, line).problem)

    def add_row(self, row: Row, line: int, text: bytes, off: Row | None = None) -> None:
        """`off` is the row as it reads where a `+` stands for itself, if it has one."""
        self.buckets[row.bucket] += 1
        target = (row.bucket, row.key, row.version_id)
        if target in self._seen:
            self._repeated.add(line, text)
        self._seen.add(target)
        if off is not None:
            self._add_plus(off, line, text)
        self._add_doubts(row, line, text)
        if row.version_id == "":
            self._add_without_version(line)

    @property
    def plus_keys(self) -> int:
        """How many rows have a `+` in their key."""
        return self._plus.count

    def settle(self, ask: Ask) -> None:
        """Ask the buckets where looks do not say how keys are encoded."""
        for doubt in self.doubts():
            if problem := settled(doubt, ask):
                self._settled.append(problem)
            if problem or is_refuted(doubt, ask):
                del self._doubts[doubt.kind]
                self._counts[doubt.kind] += doubt.rows if problem else 0

    def doubts(self) -> list[Doubt]:
        """A slash is doubtful only where all keys begin with one."""
        rows = sum(self.buckets.values())
        return [
            doubt
            for doubt in list(self._doubts.values())
            if doubt.rows and (doubt.kind is not ProblemKind.LEADING_SLASH or doubt.rows == rows)
        ]

    def _add_plus(self, off: Row, line: int, text: bytes) -> None:
        self._plus.add(line, text)
        # The first, and one each time that there are ten times as many.
        if len(self.plus_rows) < _PLUS_SAMPLES and self._plus.count == 10 ** len(self.plus_rows):
            self.plus_rows.append((line, off))

    def _add_doubts(self, row: Row, line: int, text: bytes) -> None:
        key = row.key
        if key.startswith("/"):
            self._doubts[ProblemKind.LEADING_SLASH].add(line, row, key[1:], text)
        if "%" in key and _ESCAPE.search(key):
            other = decoded_again(key)
            self._doubts[ProblemKind.ENCODED_TWICE].add(line, row, other, text)
        elif "%" in row.raw_key:
            self._doubts[ProblemKind.NOT_ENCODED].add(line, row, row.raw_key, text)

    def problems(self) -> list[ManifestProblem]:
        """What blocks, in the order of the lines, then the warnings; at most `max_problems`."""
        warnings = [problem for problem, _ in self._warnings()]
        return (self._blocking + warnings)[: self._max_problems]

    def problem_counts(self) -> dict[ProblemKind, int]:
        """Rows by kind of problem; more than one bucket counts once."""
        counts = self._counts.copy()
        for problem, rows in self._warnings():
            counts[problem.kind] += rows
        return dict(counts)

    def _warnings(self) -> Iterator[tuple[ManifestProblem, int]]:
        """Each with the number of rows it is about."""
        if len(self.buckets) > 1:
            yield _several_buckets(self.buckets), 1
        if self._repeated.count:
            yield _repeated_rows(self._repeated), self._repeated.count
        for problem in self._settled:
            yield problem, 0
        for doubt in self.doubts():
            if doubt.kind in _UNSETTLED:
                yield _UNSETTLED[doubt.kind](doubt), doubt.rows
        for first, last in self._without_version:
            yield _without_version(first, last), last - first + 1

    def _add_without_version(self, line: int) -> None:
        ranges = self._without_version
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))


def _several_buckets(buckets: Counter[str]) -> ManifestProblem:
    named = [f"{name} ({rows:,})" for name, rows in buckets.most_common(_BUCKETS_NAMED)]
    others = len(buckets) - len(named)
    more = f" and {others:,} more" if others else ""
    return warning(
        ProblemKind.SEVERAL_BUCKETS,
        f"Found {len(buckets):,} buckets: {', '.join(named)}{more}.",
        "Some operations and storages need all objects in one bucket.",
    )


def _repeated_rows(seen: _Sighting) -> ManifestProblem:
    rows = "1 row repeats" if seen.count == 1 else f"{seen.count:,} rows repeat"
    return seen.warning(
        ProblemKind.DUPLICATE,
        f"{rows} an earlier row, first in line {seen.line}.",
        "Each row is a task of its own: remove repeats that are not meant.",
    )


def _encoded_twice(doubt: Doubt) -> ManifestProblem:
    keys = "1 key still looks" if doubt.rows == 1 else f"{doubt.rows:,} keys still look"
    first = doubt.samples[0]
    return warning(
        doubt.kind,
        f"{keys} URL-encoded when decoded, first in line {first.line}.",
        "Encode keys once only, unless the objects' names do hold percent signs.",
        line=first.line,
        row=first.text,
    )


def _leading_slash(doubt: Doubt) -> ManifestProblem:
    first = doubt.samples[0]
    return warning(
        doubt.kind,
        "Every key begins with a slash.",
        "Remove it, unless the objects' names do begin with one.",
        line=first.line,
        row=first.text,
    )


_UNSETTLED = {ProblemKind.ENCODED_TWICE: _encoded_twice, ProblemKind.LEADING_SLASH: _leading_slash}
"""How a doubt is put that the buckets did not settle. That names look encoded is as it should be."""


def _without_version(first: int, last: int) -> ManifestProblem:
    if first == last:
        message = f"Line {first} has no version ID: its task will fail."
    else:
        message = f"Lines {first} to {last} have no version ID: those tasks will fail."
    return warning(
        ProblemKind.MISSING_VERSION_ID,
        message,
        "Give each its version ID, or the word null for an object's null version.",
        line=first,
    )
