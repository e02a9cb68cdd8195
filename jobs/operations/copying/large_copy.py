"""One object of any size, copied by its storage in parts, for every operation that copies.

The source is looked at once, every part is copied only if its ETag is still that one, and before the
object is made the source is looked at again, since some storage takes no notice of the condition. So
an object never has parts of two. What was begun is kept (`large_copy_state`): after a pause or a kill
the storage's own list of parts says what is there, and only parts in flight are copied again. Whoever
goes on puts its name there, and the object is made by nobody whose name is gone.
"""

import dataclasses
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.operations.base import Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying import large_copy_ending, large_copy_state
from jobs.operations.copying.large_copy_limits import (
    MOST_PARTS,
    byte_range,
    learn_limit,
    part_count,
    part_size,
)
from jobs.operations.copying.large_copy_source import look_at_source
from jobs.operations.copying.large_copy_state import Upload, changed_s, date_s, version_of
from jobs.operations.looks import Facts
from jobs.operations.steps import Keep, Step, Together
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target

AT_ONCE = 16
"""Parts of one object that are copied side by side."""

Parts = dict[int, dict[str, Any]]
"""By number, from 1: as CompleteMultipartUpload names them."""

Headers = Generator[Step, Any, Mapping[str, Any] | Outcome]


@dataclass(frozen=True, slots=True)
class LargeCopy:
    """`source` to `key` at `to`. `headers` is asked once, when the upload begins and with what was
    seen of the source: the parameters of CreateMultipartUpload besides the key (for an empty object
    those of PutObject), or how the task failed.
    """

    source: Target
    to: Destination
    key: str
    headers: Callable[[Facts], Headers]


@dataclass(frozen=True, slots=True)
class Made:
    """The object that was made; `data` is what the storage said of it, as botocore has it."""

    data: Mapping[str, Any]

    @property
    def version_id(self) -> str:
        return str(self.data.get("VersionId") or "")


Making = Generator[Step, Any, Made | Outcome]


def copy_in_parts(copy: LargeCopy, context: Context, refusal: Answer | None = None) -> Making:
    """To the object, or how the task failed; then the upload is aborted, and nothing was changed.
    `refusal` is what a request for all of it was answered with, where one was made. For operations
    that `keeps_state`; `give_up` is `large_copy_ending.clear`.
    """
    lies_there, kept = context.kept, large_copy_state.read(context.kept)
    if kept is not None:
        parts = yield from _listed(copy, kept)
        if parts is not None:
            upload = kept.taken_over()
            yield Keep(upload.written(), instead_of=lies_there)
            return (yield from _go_on(copy, context, upload, parts))
        facts = yield from large_copy_ending.made_before(copy.to, copy.key, kept)
        yield Keep(b"", instead_of=lies_there)
        if facts is not None:
            return Made(facts.data)
        lies_there = b""
    begun = yield from _begin(copy, context, lies_there, refusal)
    if isinstance(begun, Upload):
        return (yield from _go_on(copy, context, begun, {}))
    return begun


def _begin(
    copy: LargeCopy, context: Context, lies_there: bytes, refusal: Answer | None
) -> Generator[Step, Any, Upload | Made | Outcome]:
    facts = yield from look_at_source(copy.source, context)
    if isinstance(facts, Outcome):
        return facts
    habits = context.habits_of(copy.to)
    if refusal is not None:
        learn_limit(habits, refusal, facts.size_bytes)
    headers = yield from copy.headers(facts)
    if isinstance(headers, Outcome):
        return headers
    if not facts.size_bytes:
        answer = yield Call(copy.to, "PutObject", {"Key": copy.key, **headers, "Body": b""})
        return outcome_of(answer) if answer.code else Made(answer.data)
    answer = yield Call(copy.to, "CreateMultipartUpload", {"Key": copy.key, **headers})
    if answer.code:
        return outcome_of(answer)
    upload = Upload(
        upload_id=answer.data["UploadId"],
        etag=facts.etag,
        version_id=copy.source.version_id or "",
        seen_version_id=version_of(facts),
        size_bytes=facts.size_bytes,
        changed_s=changed_s(facts),
        part_bytes=part_size(facts.size_bytes, habits),
        begun_s=date_s(answer),
        checksum=str(headers.get("ChecksumAlgorithm") or ""),
    ).taken_over()
    yield Keep(upload.written(), instead_of=lies_there)
    return upload


def _listed(copy: LargeCopy, upload: Upload) -> Generator[Step, Any, Parts | None]:
    """The parts that are there, as the storage lists them; None where the upload is not there any
    more. Where it does not tell, none is known, and each is copied again.
    """
    parts: Parts = {}
    marker = 0
    while True:
        params = {"Key": copy.key, "UploadId": upload.upload_id}
        more = {"PartNumberMarker": marker} if marker else {}
        answer = yield Call(copy.to, "ListParts", {**params, **more})
        if answer.code:
            return None if large_copy_ending.is_gone(answer) else {}
        for part in answer.data.get("Parts") or ():
            first, last = byte_range(part["PartNumber"], upload.part_bytes, upload.size_bytes)
            if part.get("Size") == last - first + 1:
                parts[part["PartNumber"]] = _named(part["PartNumber"], part, upload)
        before, marker = marker, int(answer.data.get("NextPartNumberMarker") or 0)
        if not answer.data.get("IsTruncated") or marker <= before:
            return parts


def _named(number: int, told: Mapping[str, Any], upload: Upload) -> dict[str, Any]:
    """A part as CompleteMultipartUpload names it."""
    named = {"PartNumber": number, "ETag": told.get("ETag", "")}
    checksum = f"Checksum{upload.checksum}"
    return {**named, checksum: told[checksum]} if checksum in told else named


def _go_on(copy: LargeCopy, context: Context, upload: Upload, parts: Parts) -> Making:
    """From the parts that are there to the object."""
    count = part_count(upload.size_bytes, upload.part_bytes)
    if count > MOST_PARTS:
        message = f"An object of {upload.size_bytes:,} bytes is too large to be copied in parts."
        return (yield from _failed(copy, upload, Outcome(False, 400, "EntityTooLarge", message)))
    missing = [number for number in range(1, count + 1) if number not in parts]
    calls = (_part(copy, upload, number, count) for number in missing)
    answers = yield Together(calls, at_once=AT_ONCE)
    for number, answer in zip(missing, answers, strict=False):
        if answer is not None and answer.code:
            if answer.code == "NoSuchUpload":
                facts = yield from large_copy_ending.made_before(copy.to, copy.key, upload)
                if facts is not None:
                    yield Keep(b"", instead_of=upload.written())
                    return Made(facts.data)
            outcome = _outcome_of_part(answer, number, count)
            return (yield from _failed(copy, upload, outcome))
        if answer is not None:
            parts[number] = _named(number, answer.data.get("CopyPartResult") or {}, upload)
    changed = yield from _changed(copy, context, upload)
    if changed is not None:
        return (yield from _failed(copy, upload, changed))
    return (yield from _complete(copy, upload, parts))


def _part(copy: LargeCopy, upload: Upload, number: int, count: int) -> Call:
    source = {"Bucket": copy.source.bucket, "Key": copy.source.key}
    if upload.version_id:
        source["VersionId"] = upload.version_id
    params: dict[str, Any] = {
        "Key": copy.key,
        "UploadId": upload.upload_id,
        "PartNumber": number,
        "CopySource": source,
        "CopySourceIfMatch": upload.etag,
    }
    if count > 1:  # of a small object S3 copies no range
        first, last = byte_range(number, upload.part_bytes, upload.size_bytes)
        params["CopySourceRange"] = f"bytes={first}-{last}"
    return Call(copy.to, "UploadPartCopy", params)


CHANGED = Outcome(
    False,
    412,
    "PreconditionFailed",
    "The source changed while it was copied in parts, so nothing was written. Copy it again.",
)


def _outcome_of_part(answer: Answer, number: int, count: int) -> Outcome:
    if answer.code == "PreconditionFailed" or answer.http_status == 412:
        return CHANGED
    outcome = outcome_of(answer)
    where = f"Part {number:,} of {count:,} was not copied: {outcome.message}"
    return dataclasses.replace(outcome, message=where)


def _changed(
    copy: LargeCopy, context: Context, upload: Upload
) -> Generator[Step, Any, Outcome | None]:
    """How the task fails whose source is not as it was; None where it is."""
    facts = yield from look_at_source(copy.source, context)
    if isinstance(facts, Outcome):
        return facts
    return None if upload.is_of(facts) else CHANGED


def _complete(copy: LargeCopy, upload: Upload, parts: Parts) -> Making:
    told = yield from large_copy_ending.complete(
        copy.to, copy.key, upload, parts, lambda: _listed(copy, upload)
    )
    return told if isinstance(told, Outcome) else Made(told)


def _failed(copy: LargeCopy, upload: Upload, outcome: Outcome) -> Generator[Step, Any, Outcome]:
    """What cannot be aborted now is kept, and tried again when the job ends."""
    left = yield from large_copy_ending.abort(copy.to, copy.key, upload)
    if left is None:
        yield Keep(b"", instead_of=upload.written())
    return outcome
