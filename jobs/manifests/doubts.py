"""Whether keys are encoded as a manifest has them, where their looks do not say it: the bucket knows.

Of a few keys both readings are asked for. Only what is seen counts as settled.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from jobs.manifests.keys import MAX_KEY_BYTES
from jobs.manifests.presence import Presence
from jobs.manifests.problems import ManifestProblem, ProblemKind, quoted, warning
from jobs.manifests.rows import Row

Ask = Callable[[str, str, str | None], Presence]
"""Of bucket, key and version ID."""

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """A row that may mean another key than it says."""

    line: int
    row: Row
    other: str
    text: bytes


@dataclass(slots=True)
class Doubt:
    """`rows` may mean another key each, all of them in the same way."""

    kind: ProblemKind
    rows: int = 0
    samples: list[Sample] = field(default_factory=list)

    def add(self, line: int, row: Row, other: str, text: bytes) -> None:
        self.rows += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(Sample(line, row, other, text))


def decoded_again(key: str) -> str:
    """What a key is where it was encoded twice; the same where it was not."""
    other = unquote(key, errors="surrogateescape")
    return key if not other or other != other.encode(errors="replace").decode() else other


def settled(doubt: Doubt, ask: Ask) -> ManifestProblem | None:
    """What is wrong, where samples show it: only as the other key are they there. None as soon as one
    is there as it stands, or as long as nothing is seen.
    """
    shown = None
    for sample in doubt.samples:
        row = sample.row
        if ask(row.bucket, row.key, row.version_id) is not Presence.ABSENT:
            return None
        if len(sample.other.encode()) > MAX_KEY_BYTES or not sample.other:
            continue
        if shown is None and ask(row.bucket, sample.other, row.version_id) is Presence.THERE:
            shown = sample
    return None if shown is None else _problem(doubt, shown)


def is_refuted(doubt: Doubt, ask: Ask) -> bool:
    """Whether a sample is there as it stands: its name is what it looks like."""
    return any(
        ask(sample.row.bucket, sample.row.key, sample.row.version_id) is Presence.THERE
        for sample in doubt.samples
    )


_SENTENCES = {
    ProblemKind.ENCODED_TWICE: (
        "keys are URL-encoded twice.",
        "Encode keys once only.",
    ),
    ProblemKind.NOT_ENCODED: (
        "keys are written as the objects are named, and not URL-encoded.",
        "Encode the keys: a percent sign of the name itself is %25.",
    ),
    ProblemKind.LEADING_SLASH: (
        "every key has a slash too many at its beginning.",
        "Remove the slash before every key.",
    ),
}


def _problem(doubt: Doubt, shown: Sample) -> ManifestProblem:
    what, remedy = _SENTENCES[doubt.kind]
    return warning(
        doubt.kind,
        f"Line {shown.line} names {quoted(shown.row.key)}, which does not exist;"
        f" {quoted(shown.other)} does: {what}",
        remedy,
        line=shown.line,
        row=shown.text,
    )
