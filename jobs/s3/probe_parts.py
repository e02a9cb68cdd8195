"""A copy in parts, of objects of our own."""

from typing import Any

from jobs.choices import Can, Capability
from jobs.s3.answers import Answer
from jobs.s3.keeping import BODY
from jobs.s3.probe_calls import Found, judged
from jobs.s3.scratch import Scratch, is_done, told

USUAL_LEAST_BYTES = 5 * 1024 * 1024
"""Of a part that is not the last, on S3."""

_MOST = "How large a part may be was not tried: it takes an object of 5 GB."


def multipart_copy(scratch: Scratch) -> tuple[Found, list[str]]:
    """And what is left of uploads that could not be ended. First with parts of a few bytes; most
    storages refuse those, so then with one of 5 MiB.
    """
    middle = len(BODY) // 2
    found, left = _try(scratch, scratch.name, len(BODY), middle)
    if found is not None:
        return found, left
    source = f"{scratch.name}-large"
    answer = scratch.write("PutObject", source, Body=b"\0" * (USUAL_LEAST_BYTES + 1))
    if not is_done(answer):
        return judged(Capability.MULTIPART_COPY, "PutObject", answer), left
    found, more = _try(scratch, source, USUAL_LEAST_BYTES + 1, USUAL_LEAST_BYTES)
    if found is None:
        said_so = f"A first part of 5 MiB is refused as too small. {_MOST}"
        found = Found(Capability.MULTIPART_COPY, Can.UNTOLD, said_so)
    return found, left + more


def _try(
    scratch: Scratch, source: str, size_bytes: int, first_bytes: int
) -> tuple[Found | None, list[str]]:
    """None where a first part of `first_bytes` is too small."""
    key = f"{scratch.name}-parts"
    begun = scratch.ask("CreateMultipartUpload", Key=key)
    upload_id = str(begun.data.get("UploadId", ""))
    if not upload_id:
        return judged(Capability.MULTIPART_COPY, "CreateMultipartUpload", begun), []
    upload = {"Key": key, "UploadId": upload_id}
    action, answer = _copy(scratch, source, size_bytes, first_bytes, upload)
    if is_done(answer):
        least = "5 MiB" if first_bytes == USUAL_LEAST_BYTES else "a few bytes"
        said_so = f"An object was copied in two parts, the first of {least}. {_MOST}"
        return Found(Capability.MULTIPART_COPY, Can.YES, said_so, first_bytes), []
    left = _give_up(scratch, upload)
    if answer.code == "EntityTooSmall":
        return None, left
    if answer.http_status in (400, 411) and action == "UploadPartCopy":
        # It takes the copy for a part without a body.
        return Found(Capability.MULTIPART_COPY, Can.NO, f"{told(action, answer)}."), left
    return judged(Capability.MULTIPART_COPY, action, answer), left


def _copy(
    scratch: Scratch, source: str, size_bytes: int, first_bytes: int, upload: dict[str, Any]
) -> tuple[str, Answer]:
    """The action that was answered last, and its answer."""
    parts = []
    spans = ((0, first_bytes - 1), (first_bytes, size_bytes - 1))
    for number, (first, last) in enumerate(spans, 1):
        answer = scratch.ask(
            "UploadPartCopy",
            **upload,
            PartNumber=number,
            CopySource={"Bucket": scratch.bucket, "Key": source},
            CopySourceRange=f"bytes={first}-{last}",
        )
        etag = answer.data.get("CopyPartResult", {}).get("ETag")
        if not is_done(answer) or not etag:
            return "UploadPartCopy", answer if answer.code else Answer(400, "NoETag", "")
        parts.append({"PartNumber": number, "ETag": etag})
    key, upload_id = upload["Key"], upload["UploadId"]
    answer = scratch.write(
        "CompleteMultipartUpload", key, UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    return "CompleteMultipartUpload", answer


def _give_up(scratch: Scratch, upload: dict[str, Any]) -> list[str]:
    answer = scratch.ask("AbortMultipartUpload", **upload)
    if is_done(answer) or answer.http_status == 404:
        return []
    place = f"s3://{scratch.bucket}/{upload['Key']}"
    return [f"The upload {upload['UploadId']} of {place} could not be ended."]
