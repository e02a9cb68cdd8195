"""Object Lock legal hold."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import looks
from jobs.operations.base import Finding, Operation, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.fields import ChoiceField, Option
from jobs.operations.form import Form, Note
from jobs.operations.locking import lock_foreseen, lock_looks
from jobs.operations.looks import Facts
from jobs.operations.permissions import (
    GET_HOLD,
    GET_LOCK,
    GET_OBJECT,
    PUT_HOLD,
    Permission,
    helping,
)
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.services.call import Call
from jobs.spec.target import Target

ON, OFF = "ON", "OFF"
STATUSES = (ON, OFF)
PATH = "LegalHold.Status"


@dataclass(frozen=True, slots=True)
class PutObjectLegalHold(Operation):
    """`status` is ON or OFF."""

    name = "S3PutObjectLegalHold"
    label = "Object Lock legal hold"
    group = OperationGroup.ARCHIVE
    does = "Protects each object version until the hold is lifted, or lifts it."
    risk = Risk.CAUTION
    loss = "get this legal hold in place of their own."
    undo = "Which of them had a legal hold before is not kept."
    understood = (
        "I understand that held versions cannot be deleted, and that lifted holds protect nothing."
    )
    needs = frozenset({"PutObjectLegalHold"})
    lacks = "legal holds"
    calls = ("GetObjectLockConfiguration", "PutObjectLegalHold")
    back = "The same operation with the other status."
    again = "The same hold is set again."
    preconditions = (OBJECT_LOCK,)
    form = Form(
        (
            ChoiceField(
                name="legal_hold",
                label="Legal hold",
                path=PATH,
                options=(
                    Option(ON, "On: nobody can delete the version"),
                    Option(OFF, "Off: lift the hold"),
                ),
                initial=ON,
                choose="Choose whether the legal hold is on or off.",
                is_radio=True,
            ),
            Note(
                "A hold has no end and nothing to do with retention: each protects by itself. It is"
                " set on the version that the list names, otherwise on the newest. Object Lock has"
                " to be enabled on every bucket of the list."
            ),
        )
    )
    examples = ({"LegalHold": {"Status": ON}}, {"LegalHold": {"Status": OFF}})

    status: str

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {"LegalHold"})
        hold = check.structure(parameters.get("LegalHold"), "LegalHold")
        check.only(hold, {"Status"}, "LegalHold")
        status = check.choice(hold.get("Status"), PATH, STATUSES)
        if hold.get("Status") is None and not check.problems:
            check.say(PATH, f"{PATH} is missing. Choose {ON} or {OFF}.")
        check.done()
        return cls(status or "")

    def to_wire(self) -> dict[str, Any]:
        return {"LegalHold": {"Status": self.status}}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        there = f"{counted(total)} in {named(buckets)}"
        if self.status == ON:
            return f"Sets a legal hold on {there}. Nobody can delete these versions until it is lifted."
        return (
            f"Lifts the legal hold of {there}."
            " What no retention protects can be deleted from then on."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Legal hold", "On" if self.status == ON else "Off")]

    def effect_on(self, key: str) -> str:
        if self.status == ON:
            return f"{key} gets a legal hold. Nobody can delete that version until it is lifted."
        return f"{key} has no legal hold any more."

    def only_call(self, target: Target, context: Context) -> Call:
        params = addressed(target) | {"LegalHold": {"Status": self.status}}
        return Call(context.bucket(target.bucket), "PutObjectLegalHold", params)

    def permissions(self) -> tuple[Permission, ...]:
        return (PUT_HOLD, *helping(GET_LOCK, GET_HOLD, GET_OBJECT))

    def foresee(self, target: Target, context: Context) -> Steps:
        return lock_foreseen.foresee_hold(target, context, self.status)

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
        return (yield from looks.facts_of(target, context))

    def check(
        self, target: Target, context: Context, before: Facts | None
    ) -> Generator[Step, Any, Finding]:
        after = yield from looks.facts_of(target, context)
        lost = lock_looks.replaced("legal hold", before, after)
        return lost or (yield from lock_looks.look_at_hold(target, context, self.status))
