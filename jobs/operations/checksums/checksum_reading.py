"""Reading an object to its end, over lost connections, and never two objects as one."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome
from jobs.operations.checksums import checksum_saying
from jobs.operations.checksums.checksum_content import Content
from jobs.operations.context import Context
from jobs.operations.steps import Later, Step, Stream
from jobs.operations.targets import addressed
from jobs.operations.unchanged import CHANGED
from jobs.s3.faults import says_gone
from jobs.services.call import Call
from jobs.spec.target import Target

SHORT_BYTES = 256 * 1024
"""A body that is shorter is hashed on the event loop: a thread would cost more. So it would for one of
any length where the hash is as quick as CRC64NVME.
"""

INCOMPLETE = "IncompleteBody"
Reading = Generator[Step, Any, Outcome | None]


def read(target: Target, context: Context, content: Content) -> Reading:
    """Until `content` has all; the outcome of a task that failed, otherwise None."""
    while True:
        content.has_begun, before_bytes = False, content.taken_bytes
        answer = yield _get(target, context, content)
        if answer.http_status == 412:
            return _changed()
        if answer.code and not content.has_begun:
            return checksum_saying.refused(answer)
        if not content.has_begun:
            content.begin(answer)  # of an empty object no piece comes
        if content.has_changed:
            return _changed()
        if not answer.code and content.size_bytes is None:
            content.size_bytes = yield from _size_of(target, context)
        if not answer.code and content.is_whole:
            return (yield from _still_the_same(target, context, content))
        came_further = content.taken_bytes > before_bytes
        if content.is_over:
            content.restart()
        if not (yield Later(free=came_further and content.can_go_on)):
            return checksum_saying.refused(answer) if answer.code else _incomplete(content)


def _get(target: Target, context: Context, content: Content) -> Stream:
    params: dict[str, Any] = addressed(target) | {"ChecksumMode": "ENABLED"}
    if content.etag:
        params["IfMatch"] = content.etag
    if content.can_go_on:
        params["Range"] = f"bytes={content.taken_bytes}-"
    call = Call(context.bucket(target.bucket), "GetObject", params)
    return Stream(call, content.take, content.begin, SHORT_BYTES, content.is_quick)


def _size_of(target: Target, context: Context) -> Generator[Step, Any, int | None]:
    """Of an answer that ended with its connection, nothing else shows whether it was whole."""
    answer = yield looks.ask(target, context, "HeadObject")
    length = answer.headers.get("content-length", "")
    return int(length) if not answer.code and length.isdecimal() else None


def _still_the_same(target: Target, context: Context, content: Content) -> Reading:
    """A version never changes, and what came as one piece had no time to. A look that is refused
    shows nothing.
    """
    if target.version_id or content.taken_bytes < SHORT_BYTES:
        return None
    call = looks.ask(target, context, "HeadObject")
    answer = yield replace(call, params={**call.params, "ChecksumMode": "ENABLED"})
    if says_gone("HeadObject", answer):
        return _changed()
    if answer.code:
        return None
    if answer.headers.get("etag", "") != content.etag:
        return _changed()
    content.headers = {**answer.headers, **content.headers}
    return None


def _changed() -> Outcome:
    return Outcome(False, 200, CHANGED, "The object was changed while it was read.")


def _incomplete(content: Content) -> Outcome:
    size = "an unknown number of" if content.size_bytes is None else f"{content.size_bytes:,}"
    message = f"The storage sent another number of bytes than the {size} that the object has."
    return Outcome(False, 200, INCOMPLETE, message)
