"""One try to bring a message to its receiver. Of use in any thread: it asks no database."""

import json
import smtplib
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.mail import EmailMessage

from jobs.errors import StorageError
from jobs.s3.answers import retry_after_s
from jobs.s3.head import headers_of
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.lambda_answers import PAYLOAD
from jobs.services.posting import Post, send_once
from jobs.services.webhook import MESSAGE_ID, POST, WebhookService

ANSWER_S = 10.0
CONNECT_S = 5.0
MOST_BYTES = 16 * 1024
"""Of an answer; who sends more has taken the message as well."""

SHOWN = 512


@dataclass(frozen=True, slots=True)
class Told:
    """How a try ended. `is_of_all`: every message to this destination would have failed now."""

    is_delivered: bool
    answer: str = ""
    http_status: int | None = None
    is_of_all: bool = False
    retry_after_s: float | None = None


class Message(Protocol):
    def send(self) -> Told:
        """Never raises for trouble with the other side."""
        ...


@dataclass(frozen=True, slots=True)
class Posting:
    """An event as the signed body of a POST (docs/notifications.md, Webhooks)."""

    to: Destination
    message_id: str
    event: dict[str, Any]

    def send(self) -> Told:
        body = json.dumps(self.event, separators=(",", ":")).encode()
        try:
            service = WebhookService(
                self.to.endpoint,
                self.to.credentials,
                connect_timeout_s=CONNECT_S,
                read_timeout_s=ANSWER_S,
            )
            request = service.request(
                Call(self.to, POST, {PAYLOAD: body, MESSAGE_ID: self.message_id})
            )
            assert isinstance(request, Post)  # noqa: S101 - a webhook has no other kind
            status, head, answered = send_once(
                request, service.tls, within_s=ANSWER_S, most_bytes=MOST_BYTES
            )
        except StorageError as error:
            return Told(False, error.message[:SHOWN], is_of_all=True)
        except OSError as error:
            return Told(False, _unanswered(error), is_of_all=True)
        return _answered(status, head, answered)


def _answered(status: int, head: bytes, body: bytes) -> Told:
    text = shown(body.decode(errors="replace"))
    if 200 <= status < 300:
        return Told(True, text, status)
    if 300 <= status < 400:
        text = "The answer leads elsewhere, which is not followed."
    headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in headers_of(head)}
    # A receiver that refuses one message may well take the next.
    is_of_all = status >= 500 or status in (401, 403, 404, 410, 429)
    return Told(False, text, status, is_of_all, retry_after_s(headers))


def _unanswered(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"No answer within {ANSWER_S:.0f} seconds."
    return shown(f"Not reached: {error.strerror or error}")


@dataclass(frozen=True, slots=True)
class Mail:
    """The message ID stands in the mail's own, so that programs drop one that came before."""

    message_id: str
    address: str
    subject: str
    text: str

    def send(self) -> Told:
        headers = {
            "Message-ID": f"<{self.message_id}@batchconsole>",
            "Auto-Submitted": "auto-generated",
        }
        mail = EmailMessage(self.subject, self.text, to=[self.address], headers=headers)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()), (0, b""))
            return Told(False, shown(f"{code} {_text(said)}"))
        except smtplib.SMTPResponseException as error:
            return Told(False, shown(f"{error.smtp_code} {_text(error.smtp_error)}"), None, True)
        except smtplib.SMTPException as error:
            return Told(False, shown(str(error)), is_of_all=True)
        except OSError as error:
            return Told(False, _unanswered(error), is_of_all=True)
        return Told(True, "The mail server took it.")


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


def shown(text: str) -> str:
    """As much as is kept; what cannot be seen, or stored, as a sign that can."""
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * SHOWN])
    return " ".join(clean.split())[:SHOWN]
