"""Call a webhook: ours, AWS has no such operation (docs/operations.md, WebhookInvoke)."""

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
from jobs.services.call import Call
from jobs.services.lambda_answers import PAYLOAD
from jobs.services.webhook import MESSAGE_ID, POST, WEBHOOK
from jobs.spec.target import Target

NAME = "WebhookName"
MOST = 80
NO_JSON = "Invalid JSON returned by the webhook"


@dataclass(frozen=True, slots=True)
class WebhookInvoke(Operation):
    """As LambdaInvoke, with the same event and the same answer, by a signed POST."""

    takes_free_keys = True
    name = "WebhookInvoke"
    label = "Call webhook"
    group = OperationGroup.CHECK
    does = "Calls a webhook of yours for each object, and takes its word for how that went."
    risk = Risk.CAUTION
    loss = "are handed to the webhook."
    undo = "What the webhook does is its own, and nothing here can undo it."
    understood = "I understand that the webhook may be called more than once for an object whose answer is lost."
    lacks = "webhooks to call"
    calls = ("POST",)
    back = "Only the webhook knows how."
    again = "The webhook is called again with the same webhook-id, at most twice after a lost call."
    idempotent = False
    keeps_state = True
    form = form_of(
        ConnectedField(
            name="webhook",
            label="Webhook",
            path=NAME,
            service=WEBHOOK,
            choose="Choose a webhook.",
            none="No webhook is connected. An administrator connects webhooks under"
            " Functions and webhooks.",
        )
    )
    examples = (
        {NAME: "thumbnails"},
        {NAME: "thumbnails", SCHEMA: V1},
        {NAME: "thumbnails", SCHEMA: V2, ARGUMENTS: {"size": "200"}},
    )

    webhook: str
    event: Event

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {NAME, SCHEMA, ARGUMENTS})
        webhook = check.text(parameters.get(NAME), NAME, high=MOST) or ""
        if parameters.get(NAME) is None:
            check.say(NAME, "Choose a webhook.")
        event = parse_event(parameters, check)
        check.done()
        return cls(webhook, event)

    def to_wire(self) -> dict[str, Any]:
        return {NAME: self.webhook, **self.event.to_wire()}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Calls the webhook {self.webhook} for {counted(total)} in {named(buckets)}, once for"
            " each. What happens is up to the webhook."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Webhook", self.webhook), *self.event.summary()]

    def effect_on(self, key: str) -> str:
        return f"The webhook {self.webhook} is called for {key}"

    def needs_object(self) -> bool:
        return False

    def connections(self) -> list[Connected]:
        return [self._whom]

    @property
    def _whom(self) -> Connected:
        return Connected(WEBHOOK, self.webhook, "", NAME)

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        return (yield from invoking.run(self._invoked(context), target, context))

    def foresee(self, target: Target, context: Context) -> Steps:
        whom = f"The webhook {self.webhook}"
        return (yield from invoking.foresee(self.event, whom, target, context))

    def _invoked(self, context: Context) -> invoking.Invoked:
        there = context.connected(self._whom)

        def call(payload: bytes, task_id: str) -> Call:
            return Call(there, POST, {PAYLOAD: payload, MESSAGE_ID: task_id}, once=True)

        return invoking.Invoked(call, self.event, "The webhook", NO_JSON)
