"""Invoke a function, as Lambda's own Invoke API has it (docs/operations.md, LambdaInvoke)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.operations.base import counted, named
from jobs.operations.checking import Checker
from jobs.operations.connected import Connected
from jobs.operations.connected_fields import ConnectedField
from jobs.operations.invocations.invocation_event import (
    ARGUMENTS,
    SCHEMA,
    TASKS,
    V1,
    V2,
    Event,
    parse_event,
)
from jobs.operations.invocations.invocation_form import form_of
from jobs.operations.invocations.invoke_operation import InvokeOperation
from jobs.s3.function_arns import EXAMPLE, MOST, FunctionArn, parse_function_arn
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.lambda_function import INVOKE, LAMBDA, PAYLOAD

FUNCTION = "FunctionArn"
NO_JSON = "Invalid JSON returned in Lambda payload"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:thumbnails"


@dataclass(frozen=True, slots=True)
class LambdaInvoke(InvokeOperation):
    """One invocation per task. The function itself says how each task ended."""

    takes_free_keys = True
    name = "LambdaInvoke"
    label = "Invoke function"
    does = "Invokes a function of yours for each object, and takes its word for how that went."
    loss = "are handed to the function."
    undo = "What the function does is its own, and nothing here can undo it."
    understood = (
        "I understand that the function may run more than once for an object whose answer is lost."
    )
    who = "The function"
    no_json = NO_JSON
    lacks = "functions to invoke"
    calls = ("Invoke",)
    back = "Only the function knows how."
    again = (
        "The function is invoked again with the same taskId, at most twice after a lost invocation."
    )
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
        {FUNCTION: f"{_ARN}:live", SCHEMA: V1, TASKS: 25},
        {FUNCTION: f"{_ARN}:$LATEST", SCHEMA: V2, ARGUMENTS: {"size": "200", "note": ""}},
    )

    arn: str
    function: FunctionArn
    event: Event

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {FUNCTION, SCHEMA, ARGUMENTS, TASKS})
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
            f"Invokes {self.function.function} for {counted(total)} in {named(buckets)},"
            f" {self.event.how_often}. What happens is up to the function."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Function", self.arn), *self.event.summary()]

    def effect_on(self, key: str) -> str:
        return f"{self.function.function} is invoked for {key}"

    @property
    def whom(self) -> Connected:
        return Connected(LAMBDA, self.function.region_code, self.function.function, FUNCTION)

    def named(self) -> str:
        return f"The function {self.function.function}"

    def call(self, there: Destination, payload: bytes, message_id: str) -> Call:
        return Call(there, INVOKE, {PAYLOAD: payload}, once=True)


def _parse_arn(arn: str, check: Checker) -> FunctionArn:
    try:
        return parse_function_arn(arn)
    except ValueError as error:
        check.say(FUNCTION, str(error))
        return FunctionArn("", "", "")
