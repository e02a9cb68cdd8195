"""Object Lock retention."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.errors import Problem
from jobs.operations import looks
from jobs.operations.base import Finding, Operation, Steps, counted, named
from jobs.operations.checking import Checker, given
from jobs.operations.context import Context
from jobs.operations.locking import lock_foreseen, lock_looks, put_object_retention_form
from jobs.operations.locking.put_object_retention_form import (
    BYPASS,
    COMPLIANCE,
    MODE_LABELS,
    MOST_DAYS,
    MOST_YEARS,
)
from jobs.operations.looks import Facts
from jobs.operations.permissions import (
    BYPASS_GOVERNANCE,
    GET_LOCK,
    GET_OBJECT,
    GET_RETENTION,
    PUT_RETENTION,
    Permission,
    helping,
)
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.services.call import Call
from jobs.spec.target import Target

MODES = tuple(MODE_LABELS)
ON_OFF = ("ON", "OFF")
UNTIL, DURATION = "Retention.RetainUntilDate", "Retention.EventHoldDuration"
MEMBERS = {"Mode", "RetainUntilDate", "EventHold", "EventHoldDuration"}
SPANS = {"Days": MOST_DAYS, "Years": MOST_YEARS}


@dataclass(frozen=True, slots=True)
class PutObjectRetention(Operation):
    """`retention` are the wire's members as they were given; none of them removes the retention.

    That compliance mode cannot be shortened, and governance mode by those alone who may bypass it,
    is for the storage to say: only it knows what is set.
    """

    name = "S3PutObjectRetention"
    label = "Object Lock retention"
    group = OperationGroup.ARCHIVE
    does = "Protects each object version until a date, or removes that protection."
    risk = Risk.IRREVERSIBLE
    loss = "get this retention in place of their own."
    undo = "Nobody can shorten compliance mode, and what the versions had before is not kept."
    understood = "I understand that these versions cannot be deleted until that date."
    needs = frozenset({"PutObjectRetention"})
    lacks = "retention of objects"
    calls = ("GetObjectLockConfiguration", "PutObjectRetention")
    back = (
        "Governance mode: an empty retention with the bypass. Compliance mode: not before its date."
    )
    again = "The same retention is set again."
    preconditions = (OBJECT_LOCK,)
    form = put_object_retention_form.FORM
    examples = put_object_retention_form.EXAMPLES

    retention: Mapping[str, Any] = field(default_factory=dict)
    bypass: bool | None = None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {"Retention", BYPASS})
        if parameters.get("Retention") is None:
            check.say("Retention", "Retention is missing. An empty one removes the retention.")
        members = check.structure(parameters.get("Retention"), "Retention")
        check.only(members, MEMBERS, "Retention")
        retention = given(
            {
                "Mode": check.choice(members.get("Mode"), "Retention.Mode", MODES),
                "RetainUntilDate": check.moment(members.get("RetainUntilDate"), UNTIL),
                "EventHold": check.choice(members.get("EventHold"), "Retention.EventHold", ON_OFF),
                "EventHoldDuration": _parse_duration(members.get("EventHoldDuration"), check),
            }
        )
        bypass = check.flag(parameters.get(BYPASS), BYPASS)
        if not check.problems:
            _check_together(retention, check)
        check.done()
        return cls(retention, bypass)

    def to_wire(self) -> dict[str, Any]:
        return given({"Retention": dict(self.retention), BYPASS: self.bypass})

    def too_late(self, now: datetime) -> list[Problem]:
        if self.until is None or self.until > now:
            return []
        return [Problem(UNTIL, f"{UNTIL} has passed. Enter a date in the future.")]

    @property
    def until(self) -> datetime | None:
        written = self.retention.get("RetainUntilDate")
        return datetime.fromisoformat(written) if written else None

    @property
    def mode(self) -> str:
        return MODE_LABELS.get(self.retention.get("Mode", ""), "")

    def danger(self) -> Risk:
        if self.retention.get("Mode") == COMPLIANCE:
            return Risk.IRREVERSIBLE
        return Risk.DESTRUCTIVE if self.bypass or not self.retention else Risk.CAUTION

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        there = f"{counted(total)} in {named(buckets)}"
        if not self.retention:
            return f"Removes the retention of {there}. What has no legal hold can then be deleted."
        if not self.mode:
            return f"Changes the event hold of {there} to {self._hold()}."
        sentence = f"Protects {there} in {self.mode.lower()} mode{self._until_text()}."
        if self.retention["Mode"] == COMPLIANCE:
            return f"{sentence} Nobody can shorten this."
        return f"{sentence} Shorter retention is replaced, longer only if it is bypassed."

    def summary(self) -> list[tuple[str, str]]:
        pairs = [("Retention mode", self.mode or ("Unchanged" if self.retention else "Removed"))]
        if self.until:
            pairs.append(("Retain until", _text_of(self.until)))
        if "EventHold" in self.retention or "EventHoldDuration" in self.retention:
            pairs.append(("Event hold", self._hold()))
        pairs.append(("Bypass governance retention", "Yes" if self.bypass else "No"))
        return pairs

    def effect_on(self, key: str) -> str:
        if not self.retention:
            return f"{key} has no retention any more."
        if not self.mode:
            return f"The event hold of {key} becomes {self._hold()}."
        return f"{key} is protected in {self.mode.lower()} mode{self._until_text()}."

    def _until_text(self) -> str:
        return (
            f" until {_text_of(self.until)}" if self.until else f", with event hold {self._hold()}"
        )

    def _hold(self) -> str:
        """ "on, then 30 days"."""
        status = str(self.retention.get("EventHold", "as it is")).lower()
        spans = self.retention.get("EventHoldDuration", {}).items()
        return ", then ".join([status, *(f"{number:,} {unit.lower()}" for unit, number in spans)])

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call:
        params = addressed(target) | {"Retention": self._as_s3_has_it()}
        if self.bypass:
            params[BYPASS] = True
        return Call(context.bucket(target.bucket), "PutObjectRetention", params)

    def _as_s3_has_it(self) -> dict[str, Any]:
        until = {"RetainUntilDate": self.until} if self.until else {}
        return {**self.retention, **until}

    def permissions(self) -> tuple[Permission, ...]:
        return (
            PUT_RETENTION,
            *((BYPASS_GOVERNANCE,) if self.bypass else ()),
            *helping(GET_LOCK, GET_RETENTION, GET_OBJECT),
        )

    def foresee(self, target: Target, context: Context) -> Steps:
        wanted = self._as_s3_has_it()
        return lock_foreseen.foresee_retention(target, context, wanted, bypass=bool(self.bypass))

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
        return (yield from looks.facts_of(target, context))

    def check(
        self, target: Target, context: Context, before: Facts | None
    ) -> Generator[Step, Any, Finding]:
        after = yield from looks.facts_of(target, context)
        lost = lock_looks.replaced("retention", before, after)
        if lost:
            return lost
        wanted = self._as_s3_has_it()
        return (yield from lock_looks.look_at_retention(target, context, wanted, after))


def _text_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _parse_duration(value: Any, check: Checker) -> dict[str, int] | None:
    if value is None:
        return None
    members = check.structure(value, DURATION)
    check.only(members, SPANS, DURATION)
    if not check.problems and len(members) != 1:
        check.say(DURATION, f"{DURATION} needs either Days or Years.")
    for unit, number in members.items():
        most = SPANS.get(unit, 0)
        is_whole = isinstance(number, int) and not isinstance(number, bool)
        if most and not (is_whole and 1 <= number <= most):
            field = f"{DURATION}.{unit}"
            check.say(field, f"{field} must be a whole number from 1 to {most:,}.")
    return dict(members)


def _check_together(retention: Mapping[str, Any], check: Checker) -> None:
    has_mode, has_date = "Mode" in retention, "RetainUntilDate" in retention
    if has_mode and not has_date and "EventHold" not in retention:
        check.say(UNTIL, f"{UNTIL} is missing. Enter the date until which to protect.")
    if has_date and not has_mode:
        check.say("Retention.Mode", f"Retention.Mode is missing. Choose {' or '.join(MODES)}.")
    if "EventHoldDuration" in retention and "EventHold" not in retention:
        check.say("Retention.EventHold", "Retention.EventHold is missing. Choose ON or OFF.")
