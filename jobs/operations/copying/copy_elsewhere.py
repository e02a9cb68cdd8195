"""A copy to a bucket of another Region, where another storage lies, or other credentials hold: what the
new object is to be like, as CopyObject would have made it, and the way of its bytes.
"""

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.operations import tags
from jobs.operations.base import Outcome, Steps, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.copying import copy_members, copy_plainly, streamed_copy
from jobs.operations.copying.copy_metadata import TEXTS
from jobs.operations.copying.streamed import Made, Source
from jobs.operations.steps import CHANGED, Together
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.body_headers import COMPUTED
from jobs.services.call import Call
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy

NO_CALL = {405, 501}
FLOWS = "All bytes flow through the workers."
_CONDITIONS = {
    "ModifiedSinceConstraint": "IfModifiedSince",
    "UnModifiedSinceConstraint": "IfUnmodifiedSince",
}
_OF_THE_COPY = {
    "CopySourceIfModifiedSince",
    "CopySourceIfUnmodifiedSince",
    "ChecksumAlgorithm",
    "MetadataDirective",
}
_KEPT = (*TEXTS.values(), "Expires", "Metadata")
_UNMET = "At least one of the pre-conditions you specified did not hold"


def parse_region(parameters: Mapping[str, Any], check: Checker) -> str:
    """The slug of the Region of the target bucket, empty for what the job's own means."""
    region = check.text(parameters.get("TargetRegion"), "TargetRegion", high=80) or ""
    algorithm = parameters.get("ChecksumAlgorithm")
    if region and algorithm in copy_members.CHECKSUM_ALGORITHMS and algorithm not in COMPUTED:
        check.say(
            "ChecksumAlgorithm",
            f"A copy to another Region cannot have {algorithm}. Choose one of"
            f" {', '.join(COMPUTED)}.",
        )
    return region


def is_needed(copy: "PutObjectCopy", target: Target, context: Context) -> bool:
    """Whether no storage can copy by itself: a Region may be named and be the same place all the same."""
    if not copy.region:
        return False
    return context.bucket(target.bucket).speaker != copy.place(context).speaker


def run(copy: "PutObjectCopy", target: Target, context: Context) -> Steps:
    head, tagging = yield from _look(copy, target, context)
    refused = _refused(copy, target, head, tagging)
    if refused is not None:
        return refused
    source_tags = None
    if copy.new_tags is None and not tagging.code:
        source_tags = tags.from_answer(tagging.data)
    answer = yield from streamed_copy.copy(
        Source(context.bucket(target.bucket), target, head, copy_members.reading(copy.members)),
        Made(
            copy.place(context),
            params_of(copy, target, context, head.data, source_tags),
            copy.members.get("ChecksumAlgorithm"),
        ),
        context,
    )
    if answer.code:
        return outcome_of(answer)
    return (yield from copy_plainly.complete(copy, target, context, answer, source_tags))


def _look(
    copy: "PutObjectCopy", target: Target, context: Context
) -> Generator[Together, Any, tuple[Answer, Answer]]:
    """At the object and its tags, side by side."""
    there = context.bucket(target.bucket)
    params = {**addressed(target), **copy_members.reading(copy.members)}
    conditions = {
        condition: datetime.fromisoformat(copy.members[name])
        for name, condition in _CONDITIONS.items()
        if name in copy.members
    }
    calls = [Call(there, "HeadObject", params | conditions)]
    if copy.new_tags is None:
        calls.append(Call(there, "GetObjectTagging", params))
    head, *rest = yield Together(calls)
    return head, rest[0] if rest and rest[0] is not None else Answer(200, "", "")


def _refused(
    copy: "PutObjectCopy", target: Target, head: Answer, tagging: Answer
) -> Outcome | None:
    if head.http_status in (304, 412):
        return Outcome(False, 412, "PreconditionFailed", _UNMET)
    if head.http_status == 404:
        return Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
    if head.http_status == 400:
        message = "The source cannot be read. It may be encrypted with a customer-provided key."
        return Outcome(False, 400, head.code, message)
    if head.code:
        return _outcome("HeadObject", target, head)
    if "ContentLength" not in head.data or "ETag" not in head.data:
        return Outcome(False, 200, "UnclearAnswer", "The source's size or ETag is not told.")
    guard = target.guard
    if guard is not None and guard.etag and guard.etag != head.data["ETag"]:
        return Outcome(False, 412, CHANGED, "The object was changed since it was looked at.")
    if tagging.code and tagging.http_status not in NO_CALL:
        return _outcome("GetObjectTagging", target, tagging)
    return None


def _outcome(action: str, target: Target, answer: Answer) -> Outcome:
    found = outcome_of(answer)
    message = f"{action} in {target.bucket}: {found.message}"
    return Outcome(False, found.http_status, found.code, message)


def params_of(
    copy: "PutObjectCopy",
    target: Target,
    context: Context,
    source: Mapping[str, Any],
    source_tags: tags.Tags | None,
) -> dict[str, Any]:
    """Of PutObject and CreateMultipartUpload; `source` is what HeadObject tells."""
    asked = copy_members.to_params(copy.members) | copy.metadata.to_params()
    params = {name: value for name, value in asked.items() if name not in _OF_THE_COPY}
    if copy.metadata.replaced is None:
        params |= {name: source[name] for name in _KEPT if source.get(name)}
    wanted = copy.new_tags if copy.new_tags is not None else source_tags
    if wanted and not context.habits_of(copy.place(context)).tags_after_copy:
        params["Tagging"] = tags.to_header(wanted)
    return params | {"Key": copy.target_key(target.key)}
