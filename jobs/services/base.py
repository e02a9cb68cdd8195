"""What a service is to the data plane: how its requests are written and its answers are read."""

import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Protocol

from jobs.s3.answers import Answer
from jobs.s3.content import Content
from jobs.s3.faults import Verdict
from jobs.s3.parsing import MAX_BODY_BYTES
from jobs.s3.template import Origin
from jobs.services.call import Call
from jobs.services.habits import Habits


class Request(Protocol):
    """A call as it is sent, any number of times."""

    @property
    def origin(self) -> Origin: ...
    @property
    def method(self) -> str: ...
    def fill(self) -> bytes:
        """The whole request, signed for the present second."""
        ...

    def url(self) -> str:
        """For a sentence about a request that was not answered."""
        ...


class Upload(Request, Protocol):
    """One whose body lies elsewhere: `fill` gives the head alone."""

    @property
    def content(self) -> Content: ...
    def digest(self) -> None:
        """What the head says of the body, computed; in a thread where that is long."""
        ...


class Pattern(Protocol):
    """Requests of calls that differ in their object alone."""

    @property
    def origin(self) -> Origin: ...
    @property
    def is_head(self) -> bool: ...
    def request(self, key: str, version_id: str | None) -> bytes | None:
        """Signed for the present second; None where it cannot be written so. Raises ValueError for
        text that is no Unicode.
        """
        ...

    @property
    def is_proven(self) -> Callable[[int, bytes, bytes], bool]:
        """Whether an answer (status, head, body) shows, without being read, that the call was done."""
        ...


class Service(ABC):
    """One endpoint under one key pair, for as long as a worker lives. Belongs to the thread of the
    loop once it is made, save `perform`, which is called from threads.

    `patience_s` is how long an answer may be silent; None for what the installation says. Of a body
    `most_body_bytes` and one are read. With `only_performs` everything goes through `perform`.
    """

    name: ClassVar[str]
    patience_s: ClassVar[float | None] = None
    most_body_bytes: ClassVar[int] = MAX_BODY_BYTES
    tls: ssl.SSLContext | None = None
    only_performs: bool = False

    @abstractmethod
    def request(self, call: Call) -> Request:
        """Raises one of jobs.s3.answers.TROUBLE for a call that cannot be written, and
        jobs.s3.rehearsal.NotForUsError for one that only `perform` can send.
        """

    def upload(self, call: Call) -> Upload:
        """Of a call whose `Body` is a Content. Raises as `request`."""
        raise TypeError(f"{self.name} has no call that sends what an object holds")

    def pattern(self, call: Call) -> Pattern | None:
        """Of a call with marks in the place of key and version (jobs.s3.template); None where there
        is no such pattern. Raises as `request`.
        """
        return None

    @abstractmethod
    def read(self, call: Call, status: int, head: bytes, body: bytes) -> Answer: ...

    @abstractmethod
    def perform(self, call: Call) -> Answer:
        """Send a call, once, in a thread. Never raises for trouble with the other side."""

    def stream(
        self,
        call: Call,
        began: Callable[[Answer], object],
        into: Callable[[bytes | memoryview], object],
    ) -> Answer:
        """As `perform`, with the body of a success handed on as it comes, after its head."""
        raise TypeError(f"{self.name} has no call whose body is handed on by a library")

    @abstractmethod
    def classify(self, answer: Answer) -> Verdict: ...

    @abstractmethod
    def is_throttled(self, answer: Answer) -> bool:
        """Whether fewer calls are asked for, whatever they may be about."""

    def corrects(self, call: Call, answer: Answer) -> bool:
        """Whether what made this answer was set right, so that the call is sent again at once: a
        clock, a header that this endpoint does not take.
        """
        return False

    def habits(self) -> Habits:
        """What is known of a destination before anything was asked."""
        return Habits()

    def learn(self, call: Call, answer: Answer) -> None:  # noqa: B027 - most learn nothing
        """From a read that went well."""
