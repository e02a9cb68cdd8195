"""Invoke a function, as Lambda's own Invoke API has it (docs/operations.md, LambdaInvoke)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Operation, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.connected import Connected
from jobs.operations.connected_fields import ConnectedField
from jobs.operations.context import Context
from jobs.operations.invocations import invoking
from jobs.operations.invocations.invocation_event import (
    ARGUMENTS,
    SCHEMA,
    V1,
    V2,
    Event,
    parse_event,
)
from jobs.operations.invocations.invocation_form import form_of
from jobs.s3.function_arns import EXAMPLE, MOST, FunctionArn, parse_function_arn
from jobs.services.call import Call
from jobs.services.lambda_function import INVOKE, LAMBDA, PAYLOAD
from jobs.spec.target import Target

FUNCTION = "FunctionArn"
NO_JSON = "Invalid JSON returned in Lambda payload"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:thumbnails"


@dataclass(frozen=True, slots=True)
class LambdaInvoke(Operation):
    """One invocation per task. The function itself says how each task ended."""

    takes_free_keys = True
    name = "LambdaInvoke"
    label = "Invoke function"
    group = OperationGroup.CHECK
    does = "Invokes a function of yours for each object, and takes its word for how that went."
    risk = Risk.CAUTION
    loss = "are handed to the function."
    undo = "What the function does is its own, and nothing here can undo it."
    understood = (
        "I understand that the function may run more than once for an object whose answer is lost."
    )
    lacks = "functions to invoke"
    calls = ("Invoke",)
    back = "Only the function knows how."
    again = (
        "The function is invoked again with the same taskId, at most twice after a lost invocation."
    )
    idempotent = False
    keeps_state = True
    form = form_of(
        ConnectedField(
            name="function_arn",
            label="Function",
            path=FUNCTION,
            help_text=f"Its ARN, such as {EXAMPLE}. A version or alias stands behind one more colon.",
            service=LAMBDA,
            choose="Enter the ARN of the function.",
            none="No function is connected. An administrator connects functions under"
            " Functions and webhooks.",
            is_free=True,
        )
    )
    examples = (
        {FUNCTION: _ARN},
        {FUNCTION: f"{_ARN}:live", SCHEMA: V1},
        {FUNCTION: f"{_ARN}:$LATEST", SCHEMA: V2, ARGUMENTS: {"size": "200", "note": ""}},
    )

    arn: str
    function: FunctionArn
    event: Event

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {FUNCTION, SCHEMA, ARGUMENTS})
        arn = check.text(parameters.get(FUNCTION), FUNCTION, high=MOST) or ""
        function = FunctionArn("", "", "")
        if parameters.get(FUNCTION) is None:
            check.say(FUNCTION, "Enter the ARN of the function.")
        elif not check.problems:
            function = _parse_arn(arn, check)
        event = parse_event(parameters, check)
        check.done()
        return cls(arn, function, event)

    def to_wire(self) -> dict[str, Any]:
        return {FUNCTION: self.arn, **self.event.to_wire()}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Invokes {self.function.function} for {counted(total)} in {named(buckets)}, once for each."
            " What happens is up to the function."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Function", self.arn), *self.event.summary()]

    def effect_on(self, key: str) -> str:
        return f"{self.function.function} is invoked for {key}"

    def needs_object(self) -> bool:
        return False

    def connections(self) -> list[Connected]:
        return [self._whom]

    @property
    def _whom(self) -> Connected:
        return Connected(LAMBDA, self.function.region_code, self.function.function, FUNCTION)

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        return (yield from invoking.run(self._invoked(context), target, context))

    def foresee(self, target: Target, context: Context) -> Steps:
        whom = f"The function {self.function.function}"
        return (yield from invoking.foresee(self.event, whom, target, context))

    def _invoked(self, context: Context) -> invoking.Invoked:
        there = context.connected(self._whom)

        def call(payload: bytes, task_id: str) -> Call:
            return Call(there, INVOKE, {PAYLOAD: payload}, once=True)

        return invoking.Invoked(call, self.event, "The function", NO_JSON)


def _parse_arn(arn: str, check: Checker) -> FunctionArn:
    try:
        return parse_function_arn(arn)
    except ValueError as error:
        check.say(FUNCTION, str(error))
        return FunctionArn("", "", "")
