"""What jobs have beyond AWS's model: the element BatchConsole, whose text is a JSON object
(docs/api.md, The extension). AWS's clients pass over it.
"""

import json
from collections.abc import Mapping
from typing import Any

from jobs.lifecycle.limits import BOUNDS
from jobs.models import Job
from jobs.s3control.shapes import EXTENSION, OPERATION, Entries, Leaf, Many, Renamed, Shape
from jobs.spec.checking import Checker
from jobs.spec.job import LimitsSpec

DRY_RUN, SAMPLE_ROWS, LIMITS, PARAMETERS = "DryRun", "SampleRows", "Limits", "Operation"
TAKEN = (DRY_RUN, SAMPLE_ROWS, LIMITS, PARAMETERS)
"""Members of every job; those of its list stand beside them."""
_TELLING = {"RetryOf": "retry_of_id", "ClonedFrom": "cloned_from_id", "GuardedBy": "guarded_by_id"}
"""Given back, and not taken."""
_DEEPEST = 32


def parse(text: str | None, check: Checker) -> dict[str, Any]:
    """The JSON object; what is wrong with it is said to `check`."""
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        check.say(EXTENSION, f"{EXTENSION} must hold a JSON object.")
        return {}
    if not isinstance(value, dict) or not _is_storable(value):
        check.say(EXTENSION, f"{EXTENSION} must hold a JSON object, without NUL characters.")
        return {}
    return value


def check_told(ours: Mapping[str, Any], check: Checker) -> None:
    for name in sorted(_TELLING.keys() & ours.keys()):
        check.say(f"{EXTENSION}.{name}", f"{name} is only told of a job. Take it out.")


def of_list(ours: Mapping[str, Any]) -> dict[str, Any]:
    """What is left to the list, which says itself what of it is not known."""
    return {name: value for name, value in ours.items() if name not in (*TAKEN, *_TELLING)}


def limits_of(ours: Mapping[str, Any], check: Checker) -> LimitsSpec:
    wire = check.structure(ours.get(LIMITS), f"{EXTENSION}.{LIMITS}")
    members = {member: name for name, (member, *_) in BOUNDS.items()}
    check.only(wire, members, f"{EXTENSION}.{LIMITS}")
    numbers = {
        name: whole(wire.get(member), f"{EXTENSION}.{LIMITS}.{member}", check)
        for member, name in members.items()
    }
    given = {name: number for name, number in numbers.items() if number is not None}
    return LimitsSpec(**given)


def whole(value: Any, path: str, check: Checker) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    check.say(path, f"{path} must be a whole number.")
    return None


def merged(aws: Any, ours: Any) -> Any:
    """The parameters of an operation, of those of the model and those beyond it."""
    if not isinstance(aws, Mapping) or not isinstance(ours, Mapping):
        return ours
    return {**aws, **{name: merged(aws.get(name), value) for name, value in ours.items()}}


def of_job(job: Job) -> str | None:
    """None for a job that AWS's model has whole."""
    ours: dict[str, Any] = dict(job.listed_by.get(EXTENSION, {}))
    _, beyond = split(job.parameters, OPERATION.get(job.operation))
    if beyond or job.operation not in OPERATION:
        ours[PARAMETERS] = {job.operation: beyond}
    if job.dry_run:
        ours[DRY_RUN] = True
    if job.sample_rows is not None:
        ours[SAMPLE_ROWS] = job.sample_rows
    usual = LimitsSpec()
    limits = {
        member: getattr(job, name)
        for name, (member, *_) in BOUNDS.items()
        if getattr(job, name) != getattr(usual, name)
    }
    if limits:
        ours[LIMITS] = limits
    ours |= {name: getattr(job, key) for name, key in _TELLING.items() if getattr(job, key)}
    return json.dumps(ours, sort_keys=True) if ours else None


def split(value: Mapping[str, Any], shape: Shape | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of a structure AWS's model has, and what it has not."""
    if shape is None or isinstance(shape, Leaf | Many | Entries | Renamed):
        return {}, dict(value)
    names = {one.name if isinstance(one, Renamed) else name: one for name, one in shape.items()}
    aws: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    for name, inner in value.items():
        known = names.get(name)
        known = known.shape if isinstance(known, Renamed) else known
        if known is None:
            ours[name] = inner
        elif isinstance(inner, Mapping) and isinstance(known, Mapping):
            aws[name], beyond = split(inner, known)
            if beyond:
                ours[name] = beyond
        else:
            aws[name] = inner
    return aws, ours


def _is_storable(value: Any, depth: int = 0) -> bool:
    """Not every database stores what JSON can say."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if not isinstance(value, list):
        return True
    return depth < _DEEPEST and all(_is_storable(one, depth + 1) for one in value)
