"""The question what a `+` in the keys of a CSV manifest stands for: a few keys, both ways."""

from functools import partial
from typing import Any

from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.csv_manifest import PLUS, CsvForm
from jobs.console.wizard.found import Found
from jobs.errors import Problem
from jobs.manifests import plus_signs
from jobs.manifests.asking import Asking
from jobs.manifests.plus_signs import BothReadings
from jobs.manifests.preview import Preview
from jobs.operations.base import Operation

ALL, HARMFUL = "all", "harmful"
"""Of which jobs an answer is needed."""


def question(seen: Preview, ask: Asking) -> dict[str, Any]:
    """Empty where no key has one. It is about the key that needs an answer most."""
    asked = [
        (line, plus_signs.both_readings(row, partial(_of_key, ask, row.bucket, row.version_id)))
        for line, row in seen.plus_rows
    ]
    if not asked:
        return {}
    line, readings = max(asked, key=lambda one: _URGENCY[_needed_by(one[1])])
    return {
        "keys": seen.plus_keys,
        "line": line,
        "bucket": readings.bucket,
        "raw_key": readings.raw_key,
        "off": readings.off,
        "on": readings.on,
        "off_is": str(readings.off_is),
        "on_is": str(readings.on_is),
        "needed_by": _needed_by(readings),
    }


def unanswered(found: Found, form: SourceForm, operation: Operation | None) -> list[Problem]:
    """Why nobody may go on without an answer."""
    if not found.plus or not isinstance(form, CsvForm) or form.switch is not None:
        return []
    needed_by = found.plus["needed_by"]
    is_harmful = operation is not None and operation.danger() in plus_signs.HARMFUL
    if needed_by != ALL and not (needed_by == HARMFUL and is_harmful):
        return []
    off, on = found.plus["off"], found.plus["on"]
    return [
        Problem(
            PLUS,
            f'Line {found.plus["line"]:,}: "{off}" {found.plus["off_is"]}, and "{on}"'
            f" {found.plus['on_is']}. Say what a + in the keys of this manifest stands for.",
        )
    ]


_URGENCY = {"": 0, HARMFUL: 1, ALL: 2}


def _needed_by(readings: BothReadings) -> str:
    if readings.needs_answer(is_destructive=False):
        return ALL
    return HARMFUL if readings.needs_answer(is_destructive=True) else ""


def _of_key(ask: Asking, bucket: str, version_id: str | None, key: str) -> Any:
    return ask(bucket, key, version_id)
