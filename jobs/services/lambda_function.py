"""Lambda: its Invoke API, by requests of our own, or through boto3 where only that can."""

import logging
import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.clients import FunctionClient, make_function_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.faults import Verdict
from jobs.s3.patience import Patience
from jobs.s3.signing import ALGORITHM, Signer
from jobs.s3.trust import only_for_boto3
from jobs.services import lambda_answers
from jobs.services.base import Request, Service
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.posting import JSON, Post, head_of, place_of, tls_of

logger = logging.getLogger(__name__)

LAMBDA = "lambda"
INVOKE = "Invoke"
PAYLOAD, INVOCATION_TYPE = lambda_answers.PAYLOAD, "InvocationType"
REQUEST_RESPONSE, DRY_RUN = "RequestResponse", "DryRun"
API = "/2015-03-31/functions/"
LONGEST_S = 900.0
"""A function may take so long, and so may an answer."""

LONG = Patience(silence_s=LONGEST_S, answer_s=LONGEST_S)

LEAST_OFFSET_S = 1.0
_CLOCK_WORDS = ("expired", "not yet current")


class LambdaService(Service):
    """The destination's name is a function's, with a version or alias behind a colon. `patience`
    is for what goes through boto3. Raises StorageError where the endpoint's URL is none.
    """

    name = LAMBDA
    patience_s = LONGEST_S
    most_body_bytes = lambda_answers.MOST_BYTES

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        by_boto3: bool = False,
        patience: Patience = LONG,
    ) -> None:
        self.only_performs = by_boto3 or bool(only_for_boto3(endpoint, credentials))
        self._place = place_of(endpoint.url)
        self.tls = tls_of(endpoint.url, endpoint.ca_certificate)
        self.signer = Signer(credentials or Credentials("", ""), endpoint.region_code, LAMBDA)
        self._endpoint, self._credentials = endpoint, credentials
        self._connect_timeout_s, self._patience = connect_timeout_s, patience
        self._writers: dict[tuple[str, str], _Writer] = {}
        self._client: FunctionClient | None = None
        self._lock = threading.Lock()

    # --- Requests

    def request(self, call: Call) -> Request:
        of = (call.to.name, call.params.get(INVOCATION_TYPE, REQUEST_RESPONSE))
        writer = self._writers.get(of)
        if writer is None:
            writer = self._writers[of] = _Writer(self, *of)
        return Post(self._place.origin, writer.url, writer.of(call.params[PAYLOAD]))

    def target_of(self, function: str) -> tuple[str, str]:
        """Path and query of a request to a function."""
        name, _, qualifier = function.partition(":")
        path = f"{self._place.path.rstrip('/')}{API}{quote(name, safe='')}/invocations"
        return path, f"Qualifier={quote(qualifier, safe='')}" if qualifier else ""

    @property
    def netloc(self) -> str:
        return self._place.netloc

    @property
    def scheme(self) -> str:
        return "https" if self._place.origin.tls else "http"

    def perform(self, call: Call) -> Answer:
        name, _, qualifier = call.to.name.partition(":")
        asked: dict[str, Any] = {"FunctionName": name, INVOCATION_TYPE: REQUEST_RESPONSE}
        asked |= call.params
        if qualifier:
            asked["Qualifier"] = qualifier
        try:
            told = self._boto3().invoke(**asked)
            body = told["Payload"].read(lambda_answers.MOST_BYTES + 1)
        except TROUBLE as error:
            return answer_of(error)
        status = int(told["StatusCode"])
        if told.get("FunctionError"):
            return lambda_answers.function_error(status, body)
        return lambda_answers.read(status, b"", body)

    def _boto3(self) -> FunctionClient:
        with self._lock:
            if self._client is None:
                self._client = make_function_client(
                    self._endpoint,
                    self._credentials,
                    connect_timeout_s=self._connect_timeout_s,
                    patience=self._patience,
                )
            return self._client

    # --- Answers

    def read(self, call: Call, status: int, head: bytes, body: bytes) -> Answer:
        return lambda_answers.read(status, head, body)

    def classify(self, answer: Answer) -> Verdict:
        return lambda_answers.classify(answer)

    def is_throttled(self, answer: Answer) -> bool:
        return lambda_answers.is_throttled(answer)

    def corrects(self, call: Call, answer: Answer) -> bool:
        """A clock that is wrong is set by the Date header."""
        date = answer.headers.get("date")
        is_about_time = any(word in answer.message for word in _CLOCK_WORDS)
        if answer.code != "InvalidSignatureException" or not is_about_time or date is None:
            return False
        before_s = self.signer.offset_s
        try:
            self.signer.set_clock(parsedate_to_datetime(date).timestamp())
        except (ValueError, OverflowError):
            return False
        logger.warning("clock of the Lambda API: %.0f s ahead", self.signer.offset_s)
        return abs(self.signer.offset_s - before_s) > LEAST_OFFSET_S


class _Writer:
    """Requests to one function: all that is the same for each is written once."""

    def __init__(self, service: LambdaService, function: str, invocation_type: str) -> None:
        path, query = service.target_of(function)
        self._signer = service.signer
        keys = self._signer.credentials
        target = f"{path}?{query}" if query else path
        self.url = f"{service.scheme}://{service.netloc}{target}"
        token = f"x-amz-security-token:{keys.session_token}\n" if keys.session_token else ""
        # Signed in the order of their names; the date stands before the others of x-amz.
        others = f"x-amz-invocation-type:{invocation_type}\n{token}"
        names = "content-type;host;x-amz-date;" + ";".join(
            line.partition(":")[0] for line in others.splitlines()
        )
        # Any service but S3 signs the path with its percent signs encoded once more.
        signed_path = quote(path, safe="/~-._")
        self._before_date = (
            f"POST\n{signed_path}\n{query}\ncontent-type:{JSON}\nhost:{service.netloc}\nx-amz-date:"
        )
        self._after_date = f"\n{others}\n{names}\n"
        lines = "".join(f"{line.replace(':', ': ', 1)}\r\n" for line in others.splitlines())
        self._head = head_of(target, service.netloc, lines)
        scope = f"{self._signer.region_code}/{LAMBDA}/aws4_request"
        self._authorization = (
            f"authorization: {ALGORITHM} Credential={keys.access_key_id}/",
            f"/{scope}, SignedHeaders={names}, Signature=",
        )

    def of(self, payload: bytes) -> Callable[[], bytes]:
        digest = sha256(payload).hexdigest()

        def make() -> bytes:
            stamp = self._signer.stamp()
            canonical = f"{self._before_date}{stamp.amz_date}{self._after_date}{digest}"
            before, after = self._authorization
            return (
                f"{self._head}{len(payload)}\r\nx-amz-date: {stamp.amz_date}\r\n"
                f"{before}{stamp.day}{after}{stamp.sign(canonical.encode())}\r\n\r\n"
            ).encode("latin-1") + payload

        return make


def function_at(endpoint: Endpoint, credentials: Credentials | None, function: str) -> Destination:
    return Destination(LAMBDA, endpoint, credentials, function)
