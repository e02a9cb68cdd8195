"""One object of a storage of a test's own, for the steps of Compute checksum."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from jobs.operations.steps import Later, Stream, Together
from jobs.s3.answers import Answer

GONE = Answer(404, "404", "Not Found")


def etag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


@dataclass
class OneObject:
    """`breaks` are after how many bytes of each answer in turn the connection is lost; None is not
    at all. `then` is called after each answer of GetObject, and may change the object.
    """

    content: bytes = b"content"
    etag: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    part_sizes: list[int] = field(default_factory=list)
    listed: Answer = field(default_factory=lambda: Answer(501, "NotImplemented", ""))
    breaks: list[int | None] = field(default_factory=list)
    takes_ranges: bool = True
    takes_numbers: bool = True
    tells_ranges: bool = True
    patience: int = 3
    head: Answer | None = None
    then: Any = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    waits: list[Later] = field(default_factory=list)

    def drive(self, steps):
        """What a task returns."""
        value = None
        while True:
            try:
                step = steps.send(value)
            except StopIteration as end:
                return end.value
            value = self.answer(step)

    def answer(self, step):
        if isinstance(step, Later):
            self.waits.append(step)
            self.patience -= 1
            return self.patience >= 0
        if isinstance(step, Together):
            return [self.answer(call) for call in step.calls]
        call = step.call if isinstance(step, Stream) else step
        self.asked.append((call.action, dict(call.params)))
        if isinstance(step, Stream):
            return self._get(step, call.params)
        if call.action == "GetObjectAttributes":
            return self.listed
        return self._head(call.params)

    def gets(self):
        return [params for action, params in self.asked if action == "GetObject"]

    def _said(self, size, **more):
        etag = self.etag or etag_of(self.content)
        headers = {"etag": etag, "content-length": str(size)} if etag != "none" else {}
        return headers | self.headers | more

    def _get(self, step, params):
        answer = self._refused(params) or self._sent(step, params)
        if self.then:
            self.then(self)
        return answer

    def _refused(self, params):
        if params.get("IfMatch") not in (None, self.etag or etag_of(self.content)):
            return Answer(412, "PreconditionFailed", "")
        return None

    def _sent(self, step, params):
        asked = re.fullmatch(r"bytes=(\d+)-", params.get("Range", ""))
        start = int(asked[1]) if asked and self.takes_ranges else 0
        total = len(self.content)
        more = {"content-range": f"bytes {start}-{total - 1}/{total}"} if start else {}
        answer = Answer(206 if start else 200, "", "", headers=self._said(total - start, **more))
        broken = self.breaks.pop(0) if self.breaks else None
        body = self.content[start : None if broken is None else start + broken]
        for at in range(0, len(body), 100_000):
            if not at:
                step.began(answer)
            step.into(body[at : at + 100_000])
        if broken is not None:
            return Answer(0, "ConnectionClosedError", "The connection was closed.")
        return answer

    def _head(self, params):
        if self.head is not None:
            return self.head
        refused = self._refused(params)
        number = params.get("PartNumber")
        if refused or (number and not self.takes_numbers):
            return refused or Answer(400, "400", "Bad Request")
        total = len(self.content)
        if not number:
            return Answer(200, "", "", headers=self._said(total))
        sizes = self.part_sizes or [total]
        start = sum(sizes[: number - 1])
        more = {"content-range": f"bytes {start}-{start + sizes[number - 1] - 1}/{total}"}
        more = more if self.tells_ranges else {}
        if self.part_sizes:
            more["x-amz-mp-parts-count"] = str(len(sizes))
        return Answer(206, "", "", headers=self._said(sizes[number - 1], **more))
