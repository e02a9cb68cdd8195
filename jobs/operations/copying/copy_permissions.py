"""What a copy needs and asks for, as its parameters have it."""

from collections.abc import Mapping
from typing import Any

from jobs.operations import tags
from jobs.operations.permissions import (
    GET_OBJECT,
    GET_TAGS,
    PUT_ACL,
    PUT_HOLD,
    PUT_OBJECT,
    PUT_RETENTION,
    PUT_TAGS,
    Permission,
    helping,
)
from jobs.operations.requests import Requests

_WITH_TAGS = "where objects have tags"


def permissions(new_tags: tags.Tags | None, members: Mapping[str, Any]) -> tuple[Permission, ...]:
    """`new_tags` None keeps the source's."""
    needed = [GET_OBJECT, PUT_OBJECT.at_target()]
    if new_tags is None:
        needed += [GET_TAGS.when(_WITH_TAGS), PUT_TAGS.at_target().when(_WITH_TAGS)]
    elif new_tags:
        needed.append(PUT_TAGS.at_target())
    if "CannedAccessControlList" in members or "AccessControlGrants" in members:
        needed.append(PUT_ACL.at_target())
    if "ObjectLockMode" in members:
        needed.append(PUT_RETENTION.at_target())
    if "ObjectLockLegalHoldStatus" in members:
        needed.append(PUT_HOLD.at_target())
    return (*needed, *helping(GET_OBJECT.at_target(), GET_TAGS.at_target()))


def requests(
    new_tags: tags.Tags | None, *, onto_itself: bool, elsewhere: bool
) -> tuple[Requests, ...]:
    """Of objects that go in one request: larger ones take one for each part. `elsewhere`: no storage
    can copy by itself, so the content passes through a worker.
    """
    if onto_itself:
        return (Requests("HeadObject"), Requests("GetObjectAcl"), Requests("CopyObject"))
    if not elsewhere:
        return (Requests("CopyObject"),)
    tagging = (Requests("GetObjectTagging"),) if new_tags is None else ()
    return (Requests("HeadObject"), *tagging, Requests("GetObject"), Requests("PutObject"))
