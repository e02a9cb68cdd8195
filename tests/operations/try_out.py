"""An operation that was just added: `test_adding_an_operation` puts it into a copy of the project.

It is as long as an operation of two parameters has to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Operation, counted, named
from jobs.operations.checking import Checker, given
from jobs.operations.context import Context
from jobs.operations.fields import ChoiceField, NumberField, options_of
from jobs.operations.form import Form, When
from jobs.operations.targets import addressed
from jobs.services.call import Call
from jobs.spec.target import Target

TIERS = {"STANDARD": "Standard", "BULK": "Bulk", "NONE": "Never"}


@dataclass(frozen=True, slots=True)
class TryOut(Operation):
    name = "S3TryOut"
    label = "Try out"
    group = OperationGroup.ARCHIVE
    does = "Tries each object out."
    risk = Risk.SAFE
    loss = "are tried out."
    undo = "Nothing has to be undone."
    lacks = "objects to try out"
    opt_in = "Lets people try objects out."
    form = Form(
        (
            ChoiceField(
                name="tier",
                label="Tier",
                path="Tier",
                options=options_of(TIERS),
                initial="STANDARD",
                choose="Choose a tier.",
                is_radio=True,
            ),
            When(
                "tier",
                ("STANDARD", "BULK"),
                (
                    NumberField(
                        name="days",
                        label="Kept for",
                        path="Days",
                        low=1,
                        high=30,
                        unit="days",
                        enter="Enter a number of days.",
                    ),
                ),
            ),
        )
    )
    examples = ({"Tier": "BULK", "Days": 3}, {"Tier": "NONE"})

    tier: str
    days: int | None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {"Tier", "Days"})
        tier = check.choice(parameters.get("Tier"), "Tier", tuple(TIERS))
        if parameters.get("Days") == 13:
            check.say("Days", "Days must not be 13.")
        check.done()
        return cls(tier or "NONE", parameters.get("Days"))

    def to_wire(self) -> dict[str, Any]:
        return given({"Tier": self.tier, "Days": self.days})

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return f"Tries out {counted(total)} in {named(buckets)}."

    def summary(self) -> list[tuple[str, str]]:
        return [("Tier", TIERS[self.tier])]

    def effect_on(self, key: str) -> str:
        return f"{key} is tried out."

    def danger(self) -> Risk:
        return Risk.COST if self.days else self.risk

    def only_call(self, target: Target, context: Context) -> Call:
        return Call(context.bucket(target.bucket), "HeadObject", addressed(target))
