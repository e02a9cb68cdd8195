"""How far an answer shows that a storage did what was asked. Pure.

A proxy, a portal or a maintenance page may answer any call with any status, so a success is proven
by what the call is answered with: its own status and a body that names what was done, or where the
body is rightly empty, by a header that only a storage sends (see marks).
"""

import re
import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from jobs.s3.marks import NO_MARKS, is_marked, learned_marks, marks_among
from jobs.s3.xml_bodies import is_blank, local_name, text_of

__all__ = [
    "NO_MARKS",
    "Kind",
    "Proof",
    "Success",
    "is_proven",
    "learned_marks",
    "marks_among",
    "names_a_copy",
    "prove",
]


class Proof(Enum):
    PROVEN = "proven"
    """It shows by itself that a storage did it, or that a storage refused it."""
    UNMARKED = "unmarked"
    """The call's own status and rightly without a body, but nothing shows that a storage sent it."""
    ODD = "odd"
    """Perhaps of a storage, but not what such a call is answered with."""
    FOREIGN = "foreign"
    """No answer of S3."""


class Kind(Enum):
    EMPTY = "empty"
    ROOT = "root"
    HEAD = "head"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Success:
    """`root` is that of the body, empty for any; `member` is one of its elements that has a text.
    With `may_be_blank` some storage leaves the body out where there is nothing to tell.
    """

    kind: Kind
    statuses: frozenset[int] = frozenset({200})
    root: str = ""
    member: str = ""
    may_be_blank: bool = False


EMPTY = Success(Kind.EMPTY, frozenset({200, 204}))
HEAD = Success(Kind.HEAD, frozenset({200, 206}))
RAW = Success(Kind.RAW, frozenset({200, 206}))
"""The body is the object's own, or is none of ours to judge."""
ANY_ROOT = Success(Kind.ROOT)


def _root(name: str, member: str = "") -> Success:
    return Success(Kind.ROOT, root=name, member=member)


SUCCESSES = {
    "AbortMultipartUpload": EMPTY,
    # Its ETag may be empty: Ceph's is.
    "CompleteMultipartUpload": _root("CompleteMultipartUploadResult"),
    "CopyObject": _root("CopyObjectResult", "ETag"),
    "CreateMultipartUpload": _root("InitiateMultipartUploadResult", "UploadId"),
    "DeleteObject": EMPTY,
    "DeleteObjectTagging": EMPTY,
    "DeleteObjects": _root("DeleteResult"),
    "GetBucketLocation": _root("LocationConstraint"),
    "GetBucketReplication": _root("ReplicationConfiguration"),
    "GetBucketVersioning": _root("VersioningConfiguration"),
    "GetObject": RAW,
    "GetObjectAcl": _root("AccessControlPolicy"),
    "GetObjectLegalHold": _root("LegalHold"),
    "GetObjectLockConfiguration": _root("ObjectLockConfiguration"),
    "GetObjectRetention": _root("Retention"),
    # Ceph has no body for an object without tags.
    "GetObjectTagging": Success(Kind.ROOT, root="Tagging", may_be_blank=True),
    "HeadBucket": HEAD,
    "HeadObject": HEAD,
    "ListBuckets": _root("ListAllMyBucketsResult"),
    "ListMultipartUploads": _root("ListMultipartUploadsResult"),
    "ListObjectVersions": _root("ListVersionsResult"),
    "ListObjects": _root("ListBucketResult"),
    "ListObjectsV2": _root("ListBucketResult"),
    "ListParts": _root("ListPartsResult"),
    "PutObject": EMPTY,
    "PutObjectAcl": EMPTY,
    "PutObjectLegalHold": EMPTY,
    "PutObjectRetention": EMPTY,
    "PutObjectTagging": EMPTY,
    "RenameObject": EMPTY,
    "RestoreObject": Success(Kind.EMPTY, frozenset({200, 202, 204})),
    "UpdateObjectEncryption": EMPTY,
    "UploadPart": EMPTY,
    "UploadPartCopy": _root("CopyPartResult", "ETag"),
}
"""What is not among these is judged by the shape of its output (see parsing)."""

_EMPTY_STATUSES = {
    action: success.statuses for action, success in SUCCESSES.items() if success.kind is Kind.EMPTY
}
_TEXT = rb"(?:[ !#-%'-;=?-~\"]++|&(?:quot|apos|amp|lt|gt|#\d{1,6});)*+"
_PLAIN_COPIES = {
    action: re.compile(
        rb"\s*+(?:<\?xml [^<>&?]*+\?>)?\s*+<%(root)b(?: xmlns=\"[^<>&\"]*+\")?>\s*+"
        rb"(?:<(?!ETag>)(\w++)>%(text)b</\1>\s*+)*+"
        rb"<ETag>(?:&quot;|&#34;|\")?[!#-%%'-;=?-~]%(text)b</ETag>\s*+"
        rb"(?:<(?!ETag>)(\w++)>%(text)b</\2>\s*+)*+</%(root)b>\s*+\Z"
        % {b"root": SUCCESSES[action].root.encode(), b"text": _TEXT}
    )
    for action in ("CopyObject", "UploadPartCopy")
}
"""Well-formed and whole, as far as that shows without parsing it."""


Proves = Callable[[int, bytes, bytes], bool]
"""Whether an answer (status, head as it was received, body) shows at a glance that all is well. False
leaves it to be read.
"""


def proof_of(action: str, marks: Callable[[], frozenset[bytes]]) -> Proves:
    """What proves calls of `action`; `marks` are what this endpoint's answers are known by."""
    plain = _PLAIN_COPIES.get(action)
    if plain is not None:
        matches = plain.match
        return lambda status, head, body: status == 200 and matches(body) is not None
    statuses = _EMPTY_STATUSES.get(action, frozenset())

    def proves(status: int, head: bytes, body: bytes) -> bool:
        if body or status not in statuses:
            return False
        # Nearly always so: one block of headers and nothing else, with the name that most have.
        if b"\nx-amz-request-id:" in head and head.find(b"\r\n\r\n") == len(head) - 4:
            return True
        return is_marked(head, marks())

    return proves


def is_proven(
    action: str, status: int, head: bytes, body: bytes, marks: frozenset[bytes] = NO_MARKS
) -> bool:
    """As `proof_of`, for one answer."""
    return proof_of(action, lambda: marks)(status, head, body)


def is_proven_by_body(action: str) -> bool:
    """Whether a success of such a call is shown by what its body names."""
    known = SUCCESSES.get(action)
    return known is not None and known.kind is Kind.ROOT and bool(known.root)


def names_a_copy(action: str, body: bytes) -> bool:
    """Whether a body says at a glance that an object or a part of one was copied."""
    plain = _PLAIN_COPIES.get(action)
    return plain is not None and plain.match(body) is not None


def prove(
    success: Success, status: int, body: bytes, root: ET.Element | None, *, marked: bool
) -> Proof:
    """Of an answer with 2xx that is no error of S3; `root` is that of its body, if it is XML."""
    in_order = status in success.statuses
    if success.kind is Kind.HEAD or _is_rightly_without_xml(success, body):
        if in_order:
            return Proof.PROVEN if marked else Proof.UNMARKED
    elif success.kind is Kind.ROOT and root is not None:
        if not success.root:
            if in_order and marked and local_name(root).lower() != "html":
                return Proof.PROVEN
        elif local_name(root) == success.root:
            is_whole = in_order and (not success.member or bool(_text(root, success.member)))
            return Proof.PROVEN if is_whole else Proof.ODD
    elif success.may_be_blank and in_order and marked and is_blank(body):
        return Proof.PROVEN
    return Proof.ODD if marked or success.kind is Kind.HEAD else Proof.FOREIGN


def _is_rightly_without_xml(success: Success, body: bytes) -> bool:
    return success.kind is Kind.RAW or (success.kind is Kind.EMPTY and is_blank(body))


def _text(root: ET.Element, member: str) -> str:
    return text_of(root, member).strip('"').strip()
