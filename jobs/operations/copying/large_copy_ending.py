"""The end of a copy in parts: the object is made, or what lies there of it is cleared away."""

import hashlib
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying import large_copy_state
from jobs.operations.copying.large_copy_state import Upload
from jobs.operations.looks import Facts
from jobs.operations.steps import Keep, Later, Step
from jobs.s3.answers import Answer
from jobs.s3.faults import may_have_been_done
from jobs.services.call import Call
from jobs.services.destination import Destination

Parts = Mapping[int, Mapping[str, Any]]
ListAgain = Callable[[], Generator[Step, Any, Parts | None]]

ABORTS = 3
"""A part that was in flight may arrive after its upload was aborted; then that is done again."""
ABORT_AGAIN_S = 1.0
LOOKS = 3
LOOK_AGAIN_S = 3.0
REMAINS = "UploadRemains"
CLOCKS_S = 2.0
"""Of one storage's machines may differ by that much, with what whole seconds cut off."""

_MD5 = re.compile(r'"?([0-9a-fA-F]{32})"?')
_OTHER_PARTS = {"InvalidPart", "InvalidPartOrder"}


def complete(
    to: Destination, key: str, upload: Upload, parts: Parts, list_again: ListAgain
) -> Generator[Step, Any, Mapping[str, Any] | Outcome]:
    """What the storage says of the object that was made, or how the task failed: then the upload was
    aborted. A part that whoever was left behind has copied once more may have another ETag, so the
    parts are listed again where they are refused.
    """
    answer, upload = yield from _try(to, key, upload, parts)
    if answer.code in _OTHER_PARTS:
        listed = yield from list_again()
        if listed is not None and listed.keys() == parts.keys() and listed != parts:
            answer, upload = yield from _try(to, key, upload, listed)
    told: Mapping[str, Any] | None = None if answer.code else answer.data
    if answer.code == "NoSuchUpload" or may_have_been_done(answer):
        told = told or (yield from _told_of(to, key, upload, looks=LOOKS))
    if told is None:
        left = yield from abort(to, key, upload)
        if left is not None:
            return outcome_of(answer)
        told = yield from _told_of(to, key, upload)
    yield Keep(b"", instead_of=upload.written())
    return outcome_of(answer) if told is None else told


def _try(
    to: Destination, key: str, upload: Upload, parts: Parts
) -> Generator[Step, Any, tuple[Answer, Upload]]:
    """Whoever was left behind gets no further than `Keep`."""
    in_order = [parts[number] for number in sorted(parts)]
    ready = replace(upload, made_etag=etag_of([part["ETag"] for part in in_order]))
    yield Keep(ready.written(), instead_of=upload.written())
    params = {"Key": key, "UploadId": upload.upload_id, "MultipartUpload": {"Parts": in_order}}
    answer = yield Call(to, "CompleteMultipartUpload", params)
    return answer, ready


def etag_of(part_etags: list[str]) -> str:
    """That of an object that is made of these parts, as nearly all storages compute it, without
    quotes; empty where the parts' own are no MD5s.
    """
    found = [_MD5.fullmatch(etag) for etag in part_etags]
    digests = [bytes.fromhex(match[1]) for match in found if match]
    if len(digests) < len(part_etags):
        return ""
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


def is_gone(answer: Answer) -> bool:
    """Whether ListParts says that there is no such upload: Ceph says NoSuchKey."""
    return answer.http_status == 404 and answer.code != "NoSuchBucket"


def made_before(to: Destination, key: str, upload: Upload) -> Generator[Step, Any, Facts | None]:
    """The object, where it is proven that this upload, which is gone, has become it: it has the size
    and the ETag that it was to have, and is no older than the upload (at S3 its date is when that
    began). None where that does not show.
    """
    if not upload.made_etag or not upload.begun_s:
        return None
    answer = yield Call(to, "HeadObject", {"Key": key}, is_aside=True)
    facts = looks.facts_in(answer)
    if facts is None or facts.size_bytes != upload.size_bytes or facts.last_modified is None:
        return None
    if facts.last_modified.timestamp() < upload.begun_s - CLOCKS_S:
        return None
    return facts if facts.etag.strip('"').lower() == upload.made_etag else None


def _told_of(
    to: Destination, key: str, upload: Upload, *, looks: int = 1
) -> Generator[Step, Any, Mapping[str, Any] | None]:
    """A request that was given up may still be making the object, so it is looked for more than once."""
    for look in range(looks):
        if look:
            yield Later(LOOK_AGAIN_S, free=True)
        facts = yield from made_before(to, key, upload)
        if facts is not None:
            return facts.data
    return None


def abort(to: Destination, key: str, upload: Upload) -> Generator[Step, Any, Outcome | None]:
    """Why something of an upload stays; None where nothing does."""
    params = {"Key": key, "UploadId": upload.upload_id}
    for _ in range(ABORTS):
        answer = yield Call(to, "AbortMultipartUpload", params)
        if answer.code:
            return None if answer.code == "NoSuchUpload" else outcome_of(answer)
        listed = yield Call(to, "ListParts", {**params, "MaxParts": 1}, is_look=True)
        if listed.code:
            return None
        yield Later(ABORT_AGAIN_S, free=True)
    message = f"An upload of {key} was aborted {ABORTS} times, and is still there."
    return Outcome(False, 409, REMAINS, message)


def clear(to: Destination, key: str, context: Context) -> Generator[Step, Any, Outcome | None]:
    """An operation's `give_up`."""
    upload = large_copy_state.read(context.kept)
    return None if upload is None else (yield from abort(to, key, upload))
