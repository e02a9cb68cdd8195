"""What a task of Move keeps beyond a pause or a kill: that its copy was verified, and of what; or what
the copy itself keeps on its way.
"""

import json
from dataclasses import asdict, replace
from typing import Any

from jobs.operations.base import Steps
from jobs.operations.context import Context
from jobs.operations.steps import Keep
from jobs.spec.target import Guard

_VERIFIED, _COPYING = b"verified ", b"copying "


def verified(guard: Guard) -> Keep:
    """The copy is what an object was that is like this."""
    return Keep(_VERIFIED + json.dumps(asdict(guard)).encode())


def verified_in(kept: bytes) -> Guard | None:
    """None where no copy was verified."""
    if not kept.startswith(_VERIFIED):
        return None
    return Guard(**json.loads(kept.removeprefix(_VERIFIED)))


def of_copy(context: Context) -> Context:
    """As the copy knows it: with what the copy has kept."""
    kept = context.kept
    is_its = kept.startswith(_COPYING)
    return replace(context, kept=kept.removeprefix(_COPYING) if is_its else b"")


def keeping(steps: Steps) -> Steps:
    """The steps of a copy, whose states are marked as such."""
    told: Any = None
    while True:
        try:
            step = steps.throw(told) if isinstance(told, Exception) else steps.send(told)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if isinstance(step, Keep) and step.state:
            step = Keep(_COPYING + step.state)
        try:
            told = yield step
        except Exception as error:
            told = error
