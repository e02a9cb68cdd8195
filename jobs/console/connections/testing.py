"""Test of a connection: a dry invocation of a function, a signed ping of a webhook. Each result is a
sentence.
"""

import json
import secrets
from datetime import datetime

from jobs.console.regions.looking import Result
from jobs.errors import StorageError, StorageUnavailableError
from jobs.lifecycle.page_turns import page_patience, page_turn
from jobs.models import FunctionEndpoint, Webhook
from jobs.models.connection import Connection
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict, is_foreign, is_unreachable
from jobs.s3.parsing import no_answer
from jobs.services.base import Service
from jobs.services.call import Call
from jobs.services.lambda_function import (
    DRY_RUN,
    INVOCATION_TYPE,
    INVOKE,
    PAYLOAD,
    LambdaService,
)
from jobs.services.posting import Post, send_once
from jobs.services.webhook import MESSAGE_ID, POST, WebhookService

TEST_S = 10.0
CONNECT_S = 3.0
MOST_BYTES = 64 * 1024
NO_FUNCTION = "batchconsole-connection-test"
"""Asked for where none is named: that there is no such function is answered to those who may ask."""


def try_connection(row: Connection, now: datetime) -> list[Result]:
    """What was found stands in the row, too, which is saved."""
    try:
        with page_turn(TEST_S):
            results = _try(row, now)
    except StorageUnavailableError as error:
        return [Result("Reach", "err", error.message)]
    except StorageError as error:
        results = [Result("Reach", "err", error.message)]
    row.checked_at = now
    row.check_error = next((one.sentence for one in results if one.tone == "err"), "")
    row.save(update_fields=["checked_at", "check_error"])
    return results


def _try(row: Connection, now: datetime) -> list[Result]:
    if isinstance(row, FunctionEndpoint):
        return _try_functions(row)
    assert isinstance(row, Webhook)  # noqa: S101 - there is no third kind
    return _try_webhook(row, now)


def _try_functions(row: FunctionEndpoint) -> list[Result]:
    name = row.functions[0] if row.functions else NO_FUNCTION
    to = row.destination(name)
    service = LambdaService(
        to.endpoint,
        to.credentials,
        connect_timeout_s=CONNECT_S,
        read_timeout_s=TEST_S,
        patience=page_patience(),
    )
    answer = _asked(service, Call(to, INVOKE, {PAYLOAD: b"{}", INVOCATION_TYPE: DRY_RUN}))
    if is_unreachable(answer) or is_foreign(answer):
        return [Result("Reach", "err", answer.message)]
    reached = Result("Reach", "ok", f"{row.url} answers.")
    if service.classify(answer) is Verdict.STOP:
        return [reached, Result("Sign", "err", f"The keys are refused: {_said(answer)}")]
    return [reached, Result("Sign", "ok", "The keys are taken."), _invoked(answer, name)]


def _invoked(answer: Answer, name: str) -> Result:
    if name == NO_FUNCTION:
        if answer.http_status == 404:
            return Result("Invoke", "unseen", "No function is named, so none was tried.")
        name = "a function"
    if answer.http_status == 204:
        return Result("Invoke", "ok", f"A dry invocation of {name} is allowed.")
    if not answer.code:
        said = f"A dry invocation of {name} was answered as if it had run: it may have."
        return Result("Invoke", "warn", said)
    return Result("Invoke", "err", f"A dry invocation of {name} was refused: {_said(answer)}")


def _try_webhook(row: Webhook, now: datetime) -> list[Result]:
    to = row.destination()
    service = WebhookService(
        to.endpoint, to.credentials, connect_timeout_s=CONNECT_S, read_timeout_s=TEST_S
    )
    ping = {"type": "ping", "timestamp": now.isoformat(), "data": {"webhook": row.slug}}
    params = {PAYLOAD: json.dumps(ping).encode(), MESSAGE_ID: f"ping-{secrets.token_hex(12)}"}
    answer = _asked(service, Call(to, POST, params))
    if is_unreachable(answer):
        return [Result("Reach", "err", answer.message)]
    reached = Result("Reach", "ok", "The webhook answers.")
    if answer.code:
        return [reached, Result("Ping", "err", answer.message)]
    return [
        reached,
        Result("Ping", "ok", f"The signed ping was answered with {answer.http_status}."),
    ]


def _asked(service: Service, call: Call) -> Answer:
    """Sent once, in this thread."""
    if service.only_performs:
        return service.perform(call)
    request = service.request(call)
    assert isinstance(request, Post)  # noqa: S101 - neither service has another kind
    try:
        told = send_once(request, service.tls, within_s=TEST_S, most_bytes=MOST_BYTES)
    except TimeoutError as error:
        return no_answer("timeout", request.url(), error)
    except OSError as error:
        return no_answer("refused", request.url(), error)
    return service.read(call, *told)


def _said(answer: Answer) -> str:
    return f"{answer.message} ({answer.code})" if answer.message else answer.code
