"""What the storage says about a job before it is made, as Review shows it (docs/pages.md, Review)."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from jobs.console.forms.typed import storable
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import Data
from jobs.lifecycle import preflight
from jobs.lifecycle.ahead import MISSING, Ahead, Line, lines_of, mark_of

ASK = (
    "Something that the job needs is missing. Have it allowed, or tick the box to create the job all"
    " the same."
)
DESPITE = "despite"
"""The box that says: create the job although something is missing. Its value names what."""


@dataclass(frozen=True, slots=True)
class Shown:
    """`looked_at` is ISO 8601. `mark` stands for what is missing, empty where nothing is."""

    lines: list[Line]
    looked_at: str
    mark: str

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.looked_at)

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """What is missing first, then what is not told, then what is there."""
        order = (MISSING, "note", "untold", "found")
        found = [(kind, [line for line in self.lines if line.kind == kind]) for kind in order]
        return [(kind, lines) for kind, lines in found if lines]


def look(reading: Reading, now: datetime) -> Ahead:
    """Of a draft in whose steps nothing is wrong."""
    ahead = preflight.look_ahead(reading.spec(), now)
    role, region = reading.options.cleaned_data["role"], reading.manifest.cleaned_data["region"]
    ahead.problems += preflight.check_role(region, role, reading.buckets())
    return ahead


def noted(reading: Reading, now: datetime) -> Data:
    """What a look found, to be kept with the draft; nothing where a step is wrong."""
    if reading.all_problems():
        return {}
    lines = look(reading, now).lines
    kept = [{name: storable(text) for name, text in line.to_json().items()} for line in lines]
    return {"ahead": {"of": _what(reading), "at": now.isoformat(), "lines": kept}}


def shown(ahead: Ahead, now: datetime) -> Shown:
    return Shown(ahead.lines, now.isoformat(), mark_of(ahead.lines))


def kept(reading: Reading) -> Shown | None:
    """What was found last, if that was about the job as it is described now."""
    found = reading.data.get("ahead")
    if not found or reading.all_problems() or found.get("of") != _what(reading):
        return None
    lines = lines_of(found["lines"])
    return Shown(lines, found["at"], mark_of(lines))


def _what(reading: Reading) -> str:
    spec = reading.spec()
    facts: list[Any] = [spec.region, spec.role_arn, spec.operation, spec.parameters]
    facts += [asdict(spec.manifest), asdict(spec.report)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
