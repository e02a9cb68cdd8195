"""Webhooks: a POST of JSON to one address, signed in the Standard Webhooks format.

The message's ID is that of the task, on every repeat: a receiver that keeps them does nothing twice.
"""

import base64
import binascii
import hmac
import time
from collections.abc import Callable
from hashlib import sha256

from jobs.errors import StorageError
from jobs.s3 import faults
from jobs.s3.answers import Answer, retry_after_s
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.faults import Verdict
from jobs.s3.foreign import describe
from jobs.s3.head import headers_of
from jobs.s3.parsing import no_answer
from jobs.s3.template import Origin
from jobs.services.base import Request, Service
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.lambda_answers import MOST_BYTES, PAYLOAD, TOO_LARGE
from jobs.services.posting import Post, head_of, place_of, send_once, tls_of
from jobs.services.webhook_addresses import pinned

WEBHOOK = "webhook"
POST = "Post"
MESSAGE_ID = "MessageId"
SECRET_PREFIX = "whsec_"  # noqa: S105 - of every secret, and none itself
SECRET_BYTES = (24, 64)


def secret_of(text: str) -> bytes:
    """The key within a secret. Raises ValueError with a sentence."""
    low, high = SECRET_BYTES
    try:
        if not text.startswith(SECRET_PREFIX):
            raise ValueError
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"Write the secret as {SECRET_PREFIX} and base64.") from error
    if not low <= len(secret) <= high:
        raise ValueError(f"The secret must have {low} to {high} bytes, not {len(secret)}.")
    return secret


def signature(secret: bytes, message_id: str, second: int, body: bytes) -> str:
    """As the header webhook-signature has it."""
    signed = f"{message_id}.{second}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, sha256)).decode()


class WebhookService(Service):
    """The secret is the credentials' own. Raises StorageError where the address or the secret is
    none, or may not be called.
    """

    name = WEBHOOK
    most_body_bytes = MOST_BYTES

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        place = place_of(endpoint.url)
        try:
            self._secret = secret_of(credentials.secret_access_key if credentials else "")
        except ValueError as error:
            raise StorageError("InvalidSecret", str(error)) from error
        host, port, is_tls, _ = place.origin
        address = pinned(host, port, may_be_private=endpoint.may_be_private)
        self._origin = Origin(address, port, is_tls, host)
        self.tls = tls_of(endpoint.url, endpoint.ca_certificate)
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        self._head = head_of(target, place.netloc, "")
        self._shown_url = f"{'https' if is_tls else 'http'}://{place.netloc}"
        self._timeout_s = read_timeout_s
        self._now = now

    def request(self, call: Call) -> Request:
        return self._post(call)

    def _post(self, call: Call) -> Post:
        body, message_id = call.params[PAYLOAD], call.params[MESSAGE_ID]

        def make() -> bytes:
            data: bytes = body
            second = int(self._now())
            return (
                f"{self._head}{len(data)}\r\nwebhook-id: {message_id}\r\n"
                f"webhook-timestamp: {second}\r\n"
                f"webhook-signature: {signature(self._secret, message_id, second, data)}\r\n\r\n"
            ).encode("latin-1") + data

        return Post(self._origin, self._shown_url, make)

    def perform(self, call: Call) -> Answer:
        post = self._post(call)
        try:
            told = send_once(post, self.tls, within_s=self._timeout_s, most_bytes=MOST_BYTES)
        except TimeoutError as error:
            return no_answer("timeout", post.shown_url, error)
        except OSError as error:
            return no_answer("closed", post.shown_url, error)
        return self.read(call, *told)

    # --- Answers

    def read(self, call: Call, status: int, head: bytes, body: bytes) -> Answer:
        if 200 <= status < 300:
            if len(body) > MOST_BYTES:
                return Answer(status, TOO_LARGE, "The webhook's answer has more than 6 MB.")
            return Answer(status, "", "", {PAYLOAD: body})
        headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in headers_of(head)}
        what = describe(status, body, content_type=headers.get("content-type", ""))
        message = f"The webhook answered {status} ({what})."
        if 300 <= status < 400:
            message = f"The webhook answered {status}: it leads elsewhere, which is not followed."
        wait_s = retry_after_s(headers)
        return Answer(status, str(status), message, retry_after_s=wait_s, headers=headers)

    def classify(self, answer: Answer) -> Verdict:
        if not answer.code:
            return Verdict.OK
        if faults.is_unreachable(answer) or self.is_throttled(answer):
            return Verdict.RETRY
        is_passing = answer.http_status >= 500 or answer.http_status in (408, 425)
        return Verdict.RETRY if is_passing else Verdict.FINAL

    def is_throttled(self, answer: Answer) -> bool:
        return faults.is_throttled(answer)


def webhook_at(endpoint: Endpoint, secret: str) -> Destination:
    return Destination(WEBHOOK, endpoint, Credentials("", secret), "")
