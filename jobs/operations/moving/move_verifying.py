"""Whether a copy is what its source was: Move deletes the source of no other.

Equal ETags are equal contents. Where they cannot be compared (uploads in parts, encryption by KMS), a
checksum of the whole object that both have decides, otherwise size and age do, of a source that did not
change meanwhile.
"""

import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome, not_kept
from jobs.operations.checked import lasting
from jobs.operations.context import Context
from jobs.operations.copying.copy_looks import copy_target
from jobs.operations.looks import Facts, Seen
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.steps import Step
from jobs.operations.storage_clock import Age
from jobs.operations.unchanged import difference, guard_of
from jobs.s3.answers import Answer
from jobs.spec.target import Target

UNVERIFIED = "CopyNotVerified"
SURE_LOOKS, MOST_LOOKS = 3, 20
"""So many copies of a chunk are looked at for their settings: those that show them, and all."""

_SURE, _ALL = "moves that showed their settings", "moves looked at for their settings"
_MD5 = re.compile(r'"?[0-9a-f]{32}"?')
_CHECKSUMS = (
    *("ChecksumCRC64NVME", "ChecksumSHA256", "ChecksumSHA1", "ChecksumCRC32C", "ChecksumCRC32"),
    *("ChecksumSHA512", "ChecksumMD5", "ChecksumXXHASH64", "ChecksumXXHASH3", "ChecksumXXHASH128"),
)

Verified = Generator[Step, Any, Outcome | None]
"""Returns None where the copy is what the source was, else how the task ends: nothing was deleted."""


def verify(
    copy: PutObjectCopy, source: Target, was: Seen, context: Context, began_s: float
) -> Verified:
    """`was` is what the source was like before the copy, which was asked for at `began_s` on our
    clock, 0 for one that was looked at before.
    """
    made, over_there = copy_target(copy, source), copy.over_there(context)
    there = yield from looks.see(made, over_there, is_look=False)
    facts, listed = there.facts, was.facts
    if there.is_gone or facts is None or listed is None:
        why = "it is not there" if there.is_gone else f"a look is answered with {there.said}"
        return _unverified(made, why)
    if facts.size_bytes != listed.size_bytes:
        why = f"it has {facts.size_bytes:,} bytes, and the source has {listed.size_bytes:,}"
        return _unverified(made, why)
    if facts.etag.strip('"') == listed.etag.strip('"'):
        return None
    if _is_md5(facts) and _is_md5(listed):
        return _unverified(made, "it has another ETag than the source")
    now = yield from looks.see(source, context, is_look=False)
    if now.facts is None or difference(guard_of(was), guard_of(now)):
        return _unverified(made, "the source has changed while it was copied")
    same = yield from _has_same_checksum((source, context), (made, over_there))
    if same is not None:
        return None if same else _unverified(made, "it has another checksum than the source")
    if began_s and there.age(began_s) is Age.OLDER:
        return _unverified(made, "an older object is there")
    return None


def verify_settings(copy: PutObjectCopy, source: Target, was: Seen, context: Context) -> Verified:
    """Tags, metadata, encryption and locks as the job asks for them: of some copies of each chunk, as
    Copy looks at some, but before their sources go. What a storage loses is set by calls of its own.
    """
    tally = context.tally
    if tally[_SURE] >= SURE_LOOKS or tally[_ALL] >= MOST_LOOKS:
        return None
    tally[_ALL] += 1
    finding = yield from lasting(copy, source, context, was.facts)
    if finding.lost and (yield from copy.mend(source, context, finding)):
        finding = yield from lasting(copy, source, context, was.facts)
    if finding.lost:
        outcome = not_kept(finding)
        return replace(outcome, message=f"{outcome.message} The source was left as it is.")
    if not (finding.is_unsure or finding.unseen):
        tally[_SURE] += 1
    return None


def _unverified(made: Target, why: str) -> Outcome:
    message = (
        f"The copy at s3://{made.bucket}/{made.key} could not be verified: {why}. The source was left"
        " as it is."
    )
    return Outcome(False, 409, UNVERIFIED, message)


def _is_md5(facts: Facts) -> bool:
    """Whether the ETag is one of the content itself."""
    is_encrypted = "kms" in str(facts.data.get("ServerSideEncryption", "")) or (
        "SSECustomerAlgorithm" in facts.data
    )
    return not is_encrypted and _MD5.fullmatch(facts.etag) is not None


def _has_same_checksum(
    *places: tuple[Target, Context],
) -> Generator[Step, Any, bool | None]:
    """None where they have none of one kind, of the whole object."""
    found: list[Mapping[str, Any]] = []
    for target, context in places:
        call = looks.ask(target, context, "HeadObject")
        answer: Answer = yield replace(call, params={**call.params, "ChecksumMode": "ENABLED"})
        if answer.code:
            return None
        found.append(answer.data)
    types = {data.get("ChecksumType", "FULL_OBJECT") for data in found}
    if types != {"FULL_OBJECT"}:
        return None
    for name in _CHECKSUMS:
        ones = [data.get(name) for data in found]
        if all(ones) and not any("-" in str(one) for one in ones):
            return ones[0] == ones[1]
    return None
