"""S3: requests from templates that botocore made, or through boto3 where only that can."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime

from jobs.s3 import deletions, proof
from jobs.s3.answers import Answer
from jobs.s3.calls import Call as S3Call
from jobs.s3.calls import perform, stream
from jobs.s3.checksums import refuses_checksums
from jobs.s3.clients import S3Client, make_client
from jobs.s3.content import Uploads, plain
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.faults import Verdict, classify, is_foreign, is_throttled
from jobs.s3.head import Head
from jobs.s3.lacking import proxy_sentence
from jobs.s3.parsing import Reader
from jobs.s3.patience import Patience
from jobs.s3.redirecting import lies_elsewhere, wrong_region
from jobs.s3.rehearsal import Rehearsal
from jobs.s3.requesting import Prepared, Requests
from jobs.s3.signing import Signer
from jobs.s3.stencil import Stencil
from jobs.s3.template import Origin
from jobs.s3.trust import only_for_boto3, tls_context
from jobs.services.base import Pattern, Request, Service, Upload
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.habits import Habits

logger = logging.getLogger(__name__)

S3 = "s3"
LONGEST_CALL_S = 3600.0
"""Of one call through boto3, whatever comes meanwhile."""

LEAST_OFFSET_S = 1.0
"""A clock that is right to the second is not what a storage refuses."""


class S3Service(Service):
    """Raises StorageError where the endpoint's URL or region code is none."""

    name = S3

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        by_boto3: bool = False,
    ) -> None:
        silent = make_client(endpoint, credentials)
        self.only_performs = by_boto3 or bool(only_for_boto3(endpoint, credentials))
        self.reader = Reader(silent)
        self.signer = Signer(credentials or Credentials("", ""), endpoint.region_code)
        rehearsal = Rehearsal(silent, endpoint.region_code)
        self.requests = Requests(rehearsal, self.signer)
        self.uploads = Uploads(rehearsal, self.signer)
        if endpoint.url.lower().startswith("https:"):
            self.tls = tls_context(silent)
        self.marks = proof.NO_MARKS
        self._learned: tuple[str, ...] = ()
        self._endpoint, self._credentials = endpoint, credentials
        self._connect_timeout_s, self._read_timeout_s = connect_timeout_s, read_timeout_s
        self._speaking: S3Client | None = None
        self._lock = threading.Lock()

    # --- Requests

    def request(self, call: Call) -> Request:
        return _Request(self.requests.prepare(_s3(call)), self.signer)

    def upload(self, call: Call) -> Upload:
        return self.uploads.prepare(_s3(call))

    def pattern(self, call: Call) -> Pattern | None:
        stencil = self.requests.stencil(_s3(call))
        return _Pattern(stencil, call, self) if stencil else None

    def perform(self, call: Call) -> Answer:
        return _worded(call, perform(self._client(), plain(_s3(call)), self.marks))

    def stream(
        self,
        call: Call,
        began: Callable[[Answer], object],
        into: Callable[[bytes | memoryview], object],
    ) -> Answer:
        answer = stream(self._client(), _s3(call), began, into, self.marks)
        return _worded(call, answer)

    def _client(self) -> S3Client:
        with self._lock:
            if self._speaking is None:
                self._speaking = make_client(
                    self._endpoint,
                    self._credentials,
                    max_connections=MOST_THREADS,
                    checksums=not self.requests.leaves_out_checksums,
                    connect_timeout_s=self._connect_timeout_s,
                    # A copy of a large object sends white space until it is done.
                    patience=Patience(silence_s=self._read_timeout_s, answer_s=LONGEST_CALL_S),
                )
            return self._speaking

    # --- Answers

    def read(self, call: Call, status: int, head: bytes, body: bytes) -> Answer:
        if status == 200 and call.action == deletions.ACTION:
            params = call.params
            if isinstance(params, deletions.Listed) and params.are_gone(body):
                return deletions.ALL_GONE
        return _worded(call, self.reader.read(call.action, status, Head(head), body, self.marks))

    def classify(self, answer: Answer) -> Verdict:
        return classify(answer)

    def is_throttled(self, answer: Answer) -> bool:
        return is_throttled(answer)

    def corrects(self, call: Call, answer: Answer) -> bool:
        if answer.code == "RequestTimeTooSkewed":
            return self._set_clock(answer)
        if refuses_checksums(answer) and not self.requests.leaves_out_checksums:
            logger.info("%s takes no checksum headers", self._endpoint.url)
            self.requests.leave_out_checksums()
            self.uploads.leaves_out_checksums = True
            with self._lock:
                self._speaking = None
            return True
        return False

    def _set_clock(self, answer: Answer) -> bool:
        """By the Date header; False when that cannot help."""
        date, before_s = answer.headers.get("date"), self.signer.offset_s
        if date is None or self.only_performs:
            return False
        try:
            self.signer.set_clock(parsedate_to_datetime(date).timestamp())
        except (ValueError, OverflowError):
            return False
        logger.warning("clock of the storage: %.0f s ahead", self.signer.offset_s)
        return abs(self.signer.offset_s - before_s) > LEAST_OFFSET_S

    def habits(self) -> Habits:
        return Habits(
            tags_after_copy=self._endpoint.tags_after_copy,
            lock_after_copy=self._endpoint.lock_after_copy,
            at_once=self._endpoint.deletes_at_once,
            conditions=self._endpoint.conditions,
        )

    def learn(self, call: Call, answer: Answer) -> None:
        """From what its body proves: it shows which headers this endpoint's answers have."""
        if not proof.is_proven_by_body(call.action):
            return
        names = tuple(answer.headers)
        if names != self._learned:  # nearly never so, and dearer than to compare
            self._learned = names
            self.marks |= proof.marks_among(names)


MOST_THREADS = 32


class _Request:
    __slots__ = ("_signer", "_template", "_values", "method", "origin")

    def __init__(self, prepared: Prepared, signer: Signer) -> None:
        self._template, self._values = prepared
        self._signer = signer
        self.origin: Origin = self._template.origin
        self.method = self._template.method

    def fill(self) -> bytes:
        return self._template.fill(self._values, self._signer)

    def url(self) -> str:
        return self._template.url(self._values)


class _Pattern:
    """A stencil, and what proves that its calls were done."""

    __slots__ = ("is_head", "is_proven", "origin", "request")

    def __init__(self, stencil: Stencil, call: Call, service: S3Service) -> None:
        self.origin: Origin = stencil.origin
        self.is_head = stencil.is_head
        self.request = stencil.request
        proves = proof.proof_of(call.action, lambda: service.marks)
        self.is_proven = _with_echoes(call, proves) if call.echoes else proves


def _with_echoes(call: Call, proves: proof.Proves) -> proof.Proves:
    """At a glance; what is written in another way is read with care."""
    echoes = [f"\n{name}: {text}\r".encode().lower() for name, text in call.echoes.items()]

    def both(status: int, head: bytes, body: bytes) -> bool:
        lowered = head.lower()
        return all(echo in lowered for echo in echoes) and proves(status, head, body)

    return both


def _worded(call: Call, answer: Answer) -> Answer:
    """With a sentence that tells a person more than the storage's own, where there is one."""
    if not answer.code:
        return answer
    error = {**answer.detail, "Message": answer.message}
    message = ""
    if answer.http_status in (301, 307):
        message = lies_elsewhere(call.to.name, error, answer.headers)
    elif answer.code == "AuthorizationHeaderMalformed":
        message = wrong_region(error, answer.headers)
    elif is_foreign(answer) and (answer.http_status != 502 or "502" in answer.message):
        # A page that came with 200 has 502 as well, since it must not look like a success.
        message = proxy_sentence(answer.http_status)
    return replace(answer, message=message) if message else answer


def _s3(call: Call) -> S3Call:
    return S3Call(call.action, call.to.name, call.params)


def bucket_at(endpoint: Endpoint, credentials: Credentials | None, bucket: str) -> Destination:
    return Destination(S3, endpoint, credentials, bucket)
