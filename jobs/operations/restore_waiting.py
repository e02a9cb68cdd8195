"""The second phase of Restore: whether what was requested can be read by now."""

from collections.abc import Mapping
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome, Steps, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.fields import ON, NumberField, SwitchField
from jobs.operations.form import When
from jobs.operations.looks import Facts
from jobs.operations.waiting import Waits
from jobs.spec.target import Target

WAIT, AT_MOST = "WaitUntilReadable", "WaitAtMostDays"
"""Members of ours: AWS's jobs end with the requests."""

USUAL_DAYS, MOST_DAYS = 3, 30
DAY_S = 24 * 3600.0
FIRST_S = {False: 60.0, True: 300.0}
"""Between two looks, by whether the tier is Bulk; twice as long each time."""
LONGEST_S = {False: 900.0, True: 1800.0}

IN_PROGRESS = "RestoreAlreadyInProgress"
NOT_READY = "RestoreNotReady"
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})

WAITS = Waits(True, 202, "", "Restore requested.")
READY = Outcome(True, 200, "", "Restore requested. Ready: the object can be read.")

ITEMS = (
    SwitchField(
        name="wait",
        label="Wait until the objects can be read",
        path=WAIT,
        help_text=(
            "The job stays Active until each object can be read, which may take hours or days, and"
            " uses no worker meanwhile. Otherwise it ends when the restores are requested."
        ),
    ),
    When(
        "wait",
        (ON,),
        (
            NumberField(
                name="wait_days",
                label="Wait for at most",
                path=AT_MOST,
                low=1,
                high=MOST_DAYS,
                unit="days",
                initial=USUAL_DAYS,
                enter="Enter for how many days the job waits at most.",
                help_text="An object that cannot be read by then is a failed task.",
            ),
        ),
    ),
)


# --- Parameters


def parse(parameters: Mapping[str, Any], check: Checker) -> int:
    """Days to wait at most, 0 for a job that does not wait."""
    wanted = check.flag(parameters.get(WAIT), WAIT)
    days = parameters.get(AT_MOST)
    if days is None:
        return USUAL_DAYS if wanted else 0
    is_whole = isinstance(days, int) and not isinstance(days, bool)
    if not (is_whole and 1 <= days <= MOST_DAYS):
        check.say(AT_MOST, f"{AT_MOST} must be a whole number from 1 to {MOST_DAYS}.")
    elif not wanted:
        check.say(AT_MOST, f"{AT_MOST} goes with {WAIT} only. Take it out, or set {WAIT} to true.")
    return int(days) if is_whole else 0


def to_wire(at_most_days: int) -> dict[str, Any]:
    return {WAIT: True, AT_MOST: at_most_days} if at_most_days else {}


def ends(at_most_days: int) -> str:
    if not at_most_days:
        return "The job ends when the requests are made, not when the data is ready."
    return f"The job ends when every object can be read, or after {_days(at_most_days)} at most."


def summary(at_most_days: int) -> list[tuple[str, str]]:
    if not at_most_days:
        return []
    return [("Wait until readable", f"Yes, for {_days(at_most_days)} at most")]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


# --- How a task goes on


def wait_s(waits: int, *, is_bulk: bool) -> float:
    return min(LONGEST_S[is_bulk], FIRST_S[is_bulk] * 2.0 ** min(waits, 10))


def after_request(outcome: Outcome) -> Outcome:
    """What was taken is looked at later, even where the storage says that it was restored before;
    so is what somebody else has restored at this time.
    """
    return WAITS if outcome.succeeded or outcome.code == IN_PROGRESS else outcome


def look(target: Target, context: Context, at_most_days: int) -> Steps:
    seen = yield from looks.see(target, context, is_look=False)
    facts = seen.facts
    if seen.is_gone:
        return Outcome(False, 404, "NoSuchKey", "The object went away while it was restored.")
    if facts is None:
        return outcome_of(seen.answer)
    if _is_readable(facts):
        return READY
    waited_s = context.now_s() - (context.tried_since_s or context.now_s())
    return _not_ready(facts, at_most_days) if waited_s > at_most_days * DAY_S else WAITS


def _is_readable(facts: Facts) -> bool:
    """From Intelligent-Tiering objects come back for good: without a word about the restore."""
    restore = str(facts.data.get("Restore", ""))
    if restore:
        return 'ongoing-request="true"' not in restore
    return not (facts.data.get("ArchiveStatus") or facts.data.get("StorageClass") in ARCHIVED)


def _not_ready(facts: Facts, at_most_days: int) -> Outcome:
    said = "" if facts.data.get("Restore") else " The storage shows no restore of it any more."
    message = f"The restore was requested, and the object cannot be read after {_days(at_most_days)}.{said}"
    return Outcome(False, 200, NOT_READY, message)
