"""Call a webhook: ours, AWS has no such operation (docs/operations.md, WebhookInvoke)."""

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
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.lambda_answers import PAYLOAD
from jobs.services.webhook import MESSAGE_ID, POST, WEBHOOK

NAME = "WebhookName"
MOST = 80
NO_JSON = "Invalid JSON returned by the webhook"


@dataclass(frozen=True, slots=True)
class WebhookInvoke(InvokeOperation):
    """As LambdaInvoke, with the same event and the same answer, by a signed POST."""

    takes_free_keys = True
    name = "WebhookInvoke"
    label = "Call webhook"
    does = "Calls your webhook for each object. Its answer says whether the task succeeded."
    loss = "are handed to the webhook."
    undo = "What the webhook does is its own, and nothing here can undo it."
    understood = "I understand that the webhook may be called more than once for an object whose answer is lost."
    who = "The webhook"
    no_json = NO_JSON
    lacks = "webhooks to call"
    calls = ("POST",)
    back = "Only the webhook knows how."
    again = "The webhook is called again with the same webhook-id, at most twice after a lost call."
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
        {NAME: "thumbnails", SCHEMA: V2, ARGUMENTS: {"size": "200"}, TASKS: 25},
    )

    webhook: str
    event: Event

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {NAME, SCHEMA, ARGUMENTS, TASKS})
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
            f"Calls the webhook {self.webhook} for {counted(total)} in {named(buckets)},"
            f" {self.event.how_often}. What happens is up to the webhook."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Webhook", self.webhook), *self.event.summary()]

    def effect_on(self, key: str) -> str:
        return f"The webhook {self.webhook} is called for {key}"

    @property
    def whom(self) -> Connected:
        return Connected(WEBHOOK, self.webhook, "", NAME)

    def named(self) -> str:
        return f"The webhook {self.webhook}"

    def call(self, there: Destination, payload: bytes, message_id: str) -> Call:
        return Call(there, POST, {PAYLOAD: payload, MESSAGE_ID: message_id}, once=True)
