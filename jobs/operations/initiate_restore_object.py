"""Restore: asks for archived objects, and waits until they are readable where a person wants it."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import looks, restore_waiting
from jobs.operations.base import Finding, Outcome, Steps, counted, named, outcome_of
from jobs.operations.checking import Checker, given
from jobs.operations.context import Context
from jobs.operations.fields import ChoiceField, NumberField, Option, Typed, options_of
from jobs.operations.foreseeing import described, from_look, would_change, would_fail
from jobs.operations.form import Form, Note, When
from jobs.operations.permissions import GET_OBJECT, RESTORE, Permission, helping
from jobs.operations.requests import Requests
from jobs.operations.steps import Later, Step
from jobs.operations.targets import addressed
from jobs.operations.waiting import WaitingOperation
from jobs.s3.answers import UNCLEAR, Answer
from jobs.s3.faults import Verdict, is_never_cut_short, may_have_been_done
from jobs.services.call import Call
from jobs.spec.target import Target

DAYS, TIER = "ExpirationInDays", "GlacierJobTier"
WAIT, AT_MOST = restore_waiting.WAIT, restore_waiting.AT_MOST
TIERS = {"STANDARD": "Standard", "BULK": "Bulk"}
"""Of the wire, with S3's own names for them. AWS's jobs have no expedited ones either."""

MOST_DAYS = 2_147_483_647
MOST_DAYS_OF_FORM = 36_500
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
READABLE = frozenset(
    {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "REDUCED_REDUNDANCY", "GLACIER_IR"}
    | {"EXPRESS_ONEZONE", "INTELLIGENT_TIERING"}
)
"""Nothing is to be restored from these; from others, such as a cloud tier of Ceph, there may be."""
GLACIER, TIERING = "glacier", "tiering"
IN_PROGRESS = restore_waiting.IN_PROGRESS
NO_EXPEDITED = "GlacierExpeditedRetrievalNotAvailable"

REQUESTED = Outcome(True, 200, "", "Restore requested.")
RESTORED = Outcome(
    True, 200, "", "Restore requested. The storage says that the object is restored already."
)
RUNNING = Outcome(
    True,
    200,
    "",
    "A restore is in progress. The first request was not answered, so it may be one that was"
    " requested before.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClassField(ChoiceField):
    """Known again by the days, which one kind has and the other has not."""

    def typed_of(self, wire: Mapping[str, Any]) -> Typed:
        return {self.name: GLACIER if DAYS in wire else TIERING}


_CLASS = _ClassField(
    name="archived_in",
    label="Archived in",
    options=(
        Option(GLACIER, "Glacier Flexible Retrieval or Glacier Deep Archive"),
        Option(TIERING, "Archive tiers of Intelligent-Tiering"),
    ),
    initial=GLACIER,
    choose="Choose where the objects are archived.",
    is_radio=True,
)


@dataclass(frozen=True, slots=True)
class InitiateRestoreObject(WaitingOperation):
    """`days` None is for objects in Intelligent-Tiering, which come back for good. With
    `at_most_days` a task is done when its object can be read; 0 for those that do not wait.

    Else a task is done when the storage has taken the request. While a restore is in progress, one with
    a faster tier and the same days is taken, others are refused: that is the storage's to say.
    """

    name = "S3InitiateRestoreObject"
    label = "Restore"
    group = OperationGroup.ARCHIVE
    does = "Asks for copies of archived objects, and can wait until they are readable."
    risk = Risk.COST
    loss = "are asked for."
    undo = "What was asked for is billed; copies go by themselves when their days are over."
    understood = "I understand that each restore is billed, and so are the copies."
    needs = settles = frozenset({"RestoreObject"})
    lacks = "restore of archived objects"
    calls = ("RestoreObject", "HeadObject")
    back = "A request cannot be taken back. The copies go by themselves when their days are over."
    again = (
        "A restore in progress is refused and counts as requested where an earlier try "
        "may have requested it."
    )
    idempotent = False
    form = Form(
        (
            _CLASS,
            When(
                _CLASS.name,
                (GLACIER,),
                (
                    NumberField(
                        name="days",
                        label="Days until the copies expire",
                        path=DAYS,
                        low=1,
                        high=MOST_DAYS_OF_FORM,
                        unit="days",
                        initial=1,
                        enter="Enter for how many days the copies are needed.",
                    ),
                ),
            ),
            When(
                _CLASS.name,
                (TIERING,),
                (Note("The objects move back to Frequent Access, and stay there."),),
            ),
            ChoiceField(
                name="tier",
                label="Retrieval tier",
                path=TIER,
                options=options_of(
                    {
                        "STANDARD": "Standard: within hours",
                        "BULK": "Bulk: the cheapest, up to two days",
                    }
                ),
                initial="STANDARD",
                choose="Choose a retrieval tier.",
                is_radio=True,
            ),
            *restore_waiting.ITEMS,
            Note("Objects of both kinds need a job each."),
        )
    )
    examples = (
        {DAYS: 1, TIER: "STANDARD"},
        {DAYS: 30, TIER: "BULK"},
        {TIER: "BULK"},
        {DAYS: 7},
        {DAYS: 7, WAIT: True, AT_MOST: 3},
    )

    days: int | None = None
    tier: str = ""
    at_most_days: int = 0

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {DAYS, TIER, WAIT, AT_MOST})
        days = parameters.get(DAYS)
        is_whole = isinstance(days, int) and not isinstance(days, bool)
        if days is not None and not (is_whole and 0 <= days <= MOST_DAYS):
            check.say(
                DAYS,
                f"{DAYS} must be a whole number, 1 or more; leave it out for Intelligent-Tiering.",
            )
        tier = check.choice(parameters.get(TIER), TIER, tuple(TIERS))
        at_most_days = restore_waiting.parse(parameters, check)
        check.done()
        return cls(days, tier or "", at_most_days)

    def to_wire(self) -> dict[str, Any]:
        wire = given({DAYS: self.days, TIER: self.tier or None})
        return wire | restore_waiting.to_wire(self.at_most_days)

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        there = f"{counted(total)} in {named(buckets)}"
        ends = restore_waiting.ends(self.at_most_days)
        return f"Requests the restore of {there}{self._for_days()}. {ends}"

    def summary(self) -> list[tuple[str, str]]:
        days = "Not specified" if self.days is None else f"{self.days:,}"
        return [
            ("Days until the copies expire", days),
            ("Retrieval tier", TIERS.get(self.tier, "Not specified")),
            *restore_waiting.summary(self.at_most_days),
        ]

    def effect_on(self, key: str) -> str:
        return f"A restore of {key}{self._for_days()} is requested."

    def _for_days(self) -> str:
        if self.days is None:
            return ""
        return f" for {self.days:,} day{'' if self.days == 1 else 's'}"

    # --- How a task runs

    @property
    def is_waiting(self) -> bool:
        return self.at_most_days > 0

    def wait_s(self, waits: int) -> float:
        return restore_waiting.wait_s(waits, is_bulk=self.tier == "BULK")

    def run(self, target: Target, context: Context) -> Steps:
        if not self.is_waiting:
            return (yield from self._request(target, context))
        if context.waits:
            return (yield from restore_waiting.look(target, context, self.at_most_days))
        outcome = yield from self._request(target, context)
        return restore_waiting.after_request(outcome)

    def _request(self, target: Target, context: Context) -> Steps:
        """Made once: whoever asks again is told that a restore is in progress, and has to know
        whether it may be his own.
        """
        may_be_ours = bool(context.tried_since_s)
        while True:
            answer = yield self._call(target, context)
            if not answer.code:
                return RESTORED if answer.http_status == 200 else REQUESTED
            if answer.code == IN_PROGRESS and may_be_ours:
                return RUNNING
            if not may_have_been_done(answer) and answer.code != UNCLEAR:
                return outcome_of(answer)
            may_be_ours = True
            if not (yield Later(few=not is_never_cut_short(answer))):
                return outcome_of(answer)

    def _call(self, target: Target, context: Context) -> Call:
        tier = {"Tier": TIERS[self.tier]} if self.tier else None
        asked = given({"Days": self.days, "GlacierJobParameters": tier})
        params = addressed(target) | {"RestoreRequest": asked}
        return Call(context.bucket(target.bucket), "RestoreObject", params, once=True)

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        asked = Requests("RestoreObject")
        looks = Requests("HeadObject", only="when its copy is looked for")
        return (asked, looks) if self.is_waiting else (asked,)

    def permissions(self) -> tuple[Permission, ...]:
        return (RESTORE, *helping(GET_OBJECT))

    def foresee(self, target: Target, context: Context) -> Steps:
        seen = yield from looks.see(target, context)
        facts = seen.facts
        if facts is None:
            return from_look(seen)
        kept_as = facts.data.get("StorageClass", "STANDARD")
        restore = str(facts.data.get("Restore", ""))
        if 'ongoing-request="true"' in restore:
            return would_fail(409, IN_PROGRESS, "A restore of the object is in progress.")
        if restore:
            return would_change(f"It is restored ({restore}) and would be requested again.")
        if kept_as in READABLE and not facts.data.get("ArchiveStatus"):
            why = f"The object is not archived: its storage class is {kept_as}."
            return would_fail(403, "InvalidObjectState", why)
        return would_change(f"A restore from {kept_as} would be requested: {described(facts)}.")

    def judge(self, call: Call, answer: Answer) -> Verdict | None:
        """It has the status of a storage that is busy, and is about the tier alone."""
        return Verdict.FINAL if answer.code == NO_EXPEDITED else None

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        """An object in an archive class shows its restore, be it in progress or done."""
        seen = yield from looks.see(target, context)
        facts = seen.facts
        if facts is None:
            return looks.unseen_by(seen)
        if facts.data.get("Restore"):
            return Finding()
        is_archived = facts.data.get("StorageClass") in ARCHIVED
        return Finding(lost="restore request") if is_archived else Finding(is_unsure=True)
