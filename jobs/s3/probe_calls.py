"""Single calls of a probe, each with an object of our own."""

from dataclasses import dataclass
from typing import Any

from jobs.choices import Can, Capability
from jobs.s3.answers import Answer
from jobs.s3.keeping import BODY
from jobs.s3.scratch import Scratch, is_done, told

STALE = '"00000000000000000000000000000000"'
"""An ETag that no object of ours has."""

MOST_KEYS = 1000
_SIZES = (MOST_KEYS, 100, 10, 1)
_NO_CALL = frozenset({405, 501})
_KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/batchconsole-probe"


@dataclass(frozen=True, slots=True)
class Found:
    """`evidence` is a sentence. `amount` is a number that goes with it: how many keys one deletion
    may name, of how many bytes the least part of a copy is.
    """

    capability: Capability
    can: Can
    evidence: str
    amount: int | None = None


def said(answer: Answer) -> str:
    """ "501 NotImplemented"."""
    return f"{answer.http_status or ''} {answer.code}".strip()


def judged(capability: Capability, action: str, answer: Answer) -> Found:
    """A refusal that is none of the storage's abilities does not tell."""
    can = Can.NO if answer.http_status in _NO_CALL else Can.UNTOLD
    return Found(capability, can, f"{told(action, answer)}.")


def content_of(scratch: Scratch, key: str) -> str:
    """The ETag; empty where the storage does not tell it."""
    answer = scratch.ask("HeadObject", Key=key)
    return str(answer.data.get("ETag", "")) if is_done(answer) else ""


def _without_upload(
    scratch: Scratch, capability: Capability, action: str, good: str, **params: Any
) -> Found:
    """A call that changes no content: a storage that does not know it may take it for an upload."""
    key = f"{scratch.name}-{capability}"
    made = scratch.write("PutObject", key, Body=BODY)
    if not is_done(made):
        return judged(capability, "PutObject", made)
    before = content_of(scratch, key)
    answer = scratch.ask(action, Key=key, **params)
    if content_of(scratch, key) != before:
        return Found(capability, Can.NO, f"It takes {action} for the object\u2019s new content.")
    if is_done(answer) and before:
        return Found(capability, Can.YES, good)
    return judged(capability, action, answer)


def acl(scratch: Scratch) -> Found:
    read = scratch.ask("GetObjectAcl", Key=scratch.name)
    if read.http_status in _NO_CALL:
        return judged(Capability.ACL, "GetObjectAcl", read)
    found = _without_upload(
        scratch, Capability.ACL, "PutObjectAcl", "It takes a canned ACL.", ACL="private"
    )
    if "AccessControlListNotSupported" in found.evidence:
        return Found(Capability.ACL, Can.NO, "ACLs are turned off in this bucket.")
    return found


def restore(scratch: Scratch) -> Found:
    """Our object is not archived, and a storage that knows the call says so."""
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}
    key = f"{scratch.name}-{Capability.RESTORE}"
    made = scratch.write("PutObject", key, Body=BODY)
    if not is_done(made):
        return judged(Capability.RESTORE, "PutObject", made)
    before = content_of(scratch, key)
    answer = scratch.ask("RestoreObject", Key=key, RestoreRequest=request)
    if content_of(scratch, key) != before:
        said_so = "It takes a restore for the object\u2019s new content."
        return Found(Capability.RESTORE, Can.NO, said_so)
    if answer.code in ("InvalidObjectState", "ObjectAlreadyInActiveTierError"):
        said_so = f"It knows that this object is not archived ({said(answer)})."
        return Found(Capability.RESTORE, Can.YES, said_so)
    return judged(Capability.RESTORE, "RestoreObject", answer)


def checksums(scratch: Scratch) -> Found:
    key = f"{scratch.name}-sum"
    answer = scratch.write("PutObject", key, Body=BODY, ChecksumAlgorithm="SHA256")
    if not is_done(answer):
        return judged(Capability.CHECKSUMS, "PutObject with SHA256", answer)
    read = scratch.ask("HeadObject", Key=key, ChecksumMode="ENABLED")
    if read.data.get("ChecksumSHA256"):
        said_so = "It tells the SHA256 that was sent with an object."
        return Found(Capability.CHECKSUMS, Can.YES, said_so)
    if is_done(read):
        said_so = "It does not tell the SHA256 that was sent with an object."
        return Found(Capability.CHECKSUMS, Can.NO, said_so)
    return judged(Capability.CHECKSUMS, "HeadObject", read)


def encryption(scratch: Scratch) -> Found:
    key = f"{scratch.name}-sse"
    answer = scratch.write("PutObject", key, Body=BODY, ServerSideEncryption="AES256")
    if not is_done(answer):
        return judged(Capability.ENCRYPTION, "PutObject with SSE-S3", answer)
    read = scratch.ask("HeadObject", Key=key)
    if read.data.get("ServerSideEncryption") == "AES256":
        return Found(Capability.ENCRYPTION, Can.YES, "An object was encrypted with SSE-S3.")
    if is_done(read):
        said_so = "It takes no notice that an object is to be encrypted with SSE-S3."
        return Found(Capability.ENCRYPTION, Can.NO, said_so)
    return judged(Capability.ENCRYPTION, "HeadObject", read)


def change_encryption(scratch: Scratch) -> Found:
    wanted = {"SSEKMS": {"KMSKeyArn": _KEY_ARN}}
    return _without_upload(
        scratch,
        Capability.CHANGE_ENCRYPTION,
        "UpdateObjectEncryption",
        "It changes the encryption of an object in place.",
        ObjectEncryption=wanted,
    )


# --- Conditions


def _condition(capability: Capability, what: str, answer: Answer) -> Found:
    if answer.code in ("PreconditionFailed", "412") or answer.http_status == 412:
        return Found(capability, Can.YES, f"{what} for another ETag was refused (412).")
    if is_done(answer):
        said_so = f"{what} for another ETag was done all the same."
        return Found(capability, Can.NO, said_so)
    return judged(capability, what, answer)


def conditional_put(scratch: Scratch) -> Found:
    key = f"{scratch.name}-sum"  # there, unless it could not be written: then 404 is no answer
    answer = scratch.write("PutObject", key, Body=BODY, IfMatch=STALE)
    return _condition(Capability.CONDITIONAL_PUT, "An upload", answer)


def conditional_copy(scratch: Scratch) -> Found:
    source = {"Bucket": scratch.bucket, "Key": scratch.name}
    key = f"{scratch.name}-if"
    answer = scratch.write("CopyObject", key, CopySource=source, CopySourceIfMatch=STALE)
    return _condition(Capability.CONDITIONAL_COPY, "A copy", answer)


def conditional_delete(scratch: Scratch) -> Found:
    key = f"{scratch.name}-del"
    answer = scratch.write("PutObject", key, Body=BODY)
    if not is_done(answer):
        return judged(Capability.CONDITIONAL_DELETE, "PutObject", answer)
    version = answer.data.get("VersionId")
    named = {"VersionId": version} if version else {}
    answer = scratch.ask("DeleteObject", Key=key, IfMatch=STALE, **named)
    return _condition(Capability.CONDITIONAL_DELETE, "A deletion", answer)


# --- Many at once


def batch_delete(scratch: Scratch) -> Found:
    """One object of ours is named, and names that nobody has: as the null version of each, which
    leaves no delete marker.
    """
    answer = Answer(0, "", "")
    for size in _SIZES:
        key = f"{scratch.name}-{size}"
        made = scratch.write("PutObject", key, Body=BODY)
        if not is_done(made):
            return judged(Capability.BATCH_DELETE, "PutObject", made)
        version = made.data.get("VersionId")
        own = {"Key": key, **({"VersionId": version} if version else {})}
        rest = [
            {"Key": f"{scratch.name}-none-{number}", "VersionId": "null"}
            for number in range(size - 1)
        ]
        wanted = {"Objects": [own, *rest], "Quiet": True}
        answer = scratch.ask("DeleteObjects", Delete=wanted)
        if not answer.code or answer.code == "UnprovenAnswer":
            return _was_deleted(scratch, key, size)
        if answer.http_status in (403, *_NO_CALL):
            break
    found = judged(Capability.BATCH_DELETE, "DeleteObjects", answer)
    return found if found.can != Can.NO else Found(found.capability, Can.NO, found.evidence, 1)


def _was_deleted(scratch: Scratch, key: str, size: int) -> Found:
    if scratch.ask("HeadObject", Key=key).http_status == 404:
        keys = "1 key" if size == 1 else f"{size:,} keys"
        said_so = f"One request for {keys} was done."
        return Found(Capability.BATCH_DELETE, Can.YES, said_so, size)
    said_so = "It accepts a deletion of many objects and keeps them."
    return Found(Capability.BATCH_DELETE, Can.NO, said_so, 1)
