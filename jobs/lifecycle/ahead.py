"""What a preflight says, line by line."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.errors import Problem

FOUND, MISSING, UNTOLD, NOTE = "found", "missing", "untold", "note"
"""Whether a thing that the job needs is there. What cannot be asked is UNTOLD, never MISSING; a NOTE
is about single objects of the list.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """`what` was looked for, as in "s3:PutObjectTagging on photos", and a sentence about it."""

    kind: str
    what: str
    sentence: str

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "what": self.what, "sentence": self.sentence}


@dataclass(slots=True)
class Ahead:
    """`problems` are what stands against the job in any case, `lines` what was looked for."""

    problems: list[Problem] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if line.kind == MISSING]


def lines_of(kept: Iterable[Mapping[str, Any]]) -> list[Line]:
    """From JSON."""
    return [Line(str(one["kind"]), str(one["what"]), str(one["sentence"])) for one in kept]


def mark_of(lines: Iterable[Line]) -> str:
    """Of what is missing: who goes on all the same says so about these lines and no others."""
    missing = sorted(line.what for line in lines if line.kind == MISSING)
    return hashlib.sha256("\n".join(missing).encode()).hexdigest()[:16] if missing else ""
