"""A copy whose bytes flow through the worker, for places between which no storage copies by itself.

Short objects go by one PutObject, longer ones by parts that are equal in size. Each part is read under the
source's ETag, so that a source that changes fails the task and two objects are never mixed. The upload's
ID is kept: what is run again after a pause or a kill asks which parts are there, and sends the others.
"""

from collections.abc import Generator
from typing import Any

from jobs.operations.base import Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying.streamed import (
    Answering,
    Made,
    Source,
    abort,
    differs,
    part_bytes_of,
    state_in,
    too_large,
    tried,
)
from jobs.operations.copying.streamed_parts import Upload
from jobs.operations.steps import Relay, Step, Together
from jobs.s3.answers import Answer
from jobs.s3.content import CRC32, Content
from jobs.services.call import Call
from jobs.services.destination import Destination


def copy(source: Source, made: Made, context: Context) -> Answering:
    """To the answer that ends it: a success has the ETag and VersionId of what was made."""
    sentence = too_large(source.size_bytes)
    if sentence:
        return Answer(400, "EntityTooLarge", sentence)
    if source.size_bytes <= part_bytes_of(source.size_bytes):
        return (yield from _whole(source, made))
    return (yield from Upload(source, made).run(context))


def give_up(kept: bytes, place: Destination) -> Generator[Step, Any, Outcome | None]:
    """Abort the upload of such a state."""
    state = state_in(kept)
    if state is None:
        return None
    answer = yield abort(place, state)
    if not answer.code or answer.http_status == 404:
        return None
    return outcome_of(answer)


def _whole(source: Source, made: Made) -> Answering:
    call, size_bytes = source.part(1, max(1, source.size_bytes))

    def upload(data: bytearray) -> Call:
        content = Content(data, made.checksum or CRC32)
        return Call(made.place, "PutObject", {**made.params, "Body": content})

    relay = Relay(call, size_bytes, source.etag, upload, differs)
    return (yield from tried(lambda: Together([relay], 1)))
