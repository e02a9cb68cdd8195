"""Event holds of a copy: ObjectLockEventHold and how long an object stays locked when the hold is
released (docs/batch-operations.md, Copy).
"""

from collections.abc import Mapping
from typing import Any

from jobs.operations.checking import Checker

HOLD, DURATION = "ObjectLockEventHold", "ObjectLockEventHoldDuration"
MOST = {"Days": 36_500, "Years": 100}

EVENT_HOLD = "event hold"


def parse_duration(value: Any, hold: str | None, check: Checker) -> dict[str, int] | None:
    """As it was given; None where it is absent. `hold` is the member that it depends on."""
    if value is None:
        return None
    structure = check.structure(value, DURATION)
    check.only(structure, MOST, DURATION)
    if hold != "ON":
        check.say(DURATION, "A duration needs the event hold ON.")
    if len(structure) != 1:
        check.say(DURATION, "Enter either days or years.")
    return {
        name: number
        for name, number in structure.items()
        if name in MOST and _is_within(name, number, check)
    }


def _is_within(name: str, number: Any, check: Checker) -> bool:
    is_whole = isinstance(number, int) and not isinstance(number, bool)
    if is_whole and 1 <= number <= MOST[name]:
        return True
    check.say(f"{DURATION}.{name}", f"{DURATION}.{name} must be a number from 1 to {MOST[name]:,}.")
    return False


def to_params(members: Mapping[str, Any]) -> dict[str, Any]:
    """As CopyObject and CreateMultipartUpload take it."""
    return {f"{DURATION}{name}": number for name, number in members.get(DURATION, {}).items()}


def to_text(duration: Mapping[str, int]) -> str:
    """ "30 days", "1 year"."""
    return ", ".join(
        f"{number:,} {name.lower() if number != 1 else name.lower()[:-1]}"
        for name, number in duration.items()
    )


def is_kept(members: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether an object, as HeadObject tells, has the hold that was asked for."""
    return members.get(HOLD) != "ON" or found.get(HOLD) == "ON"
