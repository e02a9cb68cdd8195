"""Whether a role may do what an operation does: asked about a key that nobody has.

See docs/operating.md, What is checked before a job.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from jobs.errors import StorageError
from jobs.lifecycle.ahead import FOUND, MISSING, NOTE, UNTOLD, Line
from jobs.lifecycle.connections import client_for_page, credentials_of, region_named, region_of
from jobs.manifests.rows import Row
from jobs.models import Region, Role
from jobs.operations.base import Operation
from jobs.operations.permissions import ASKING, Permission, Side
from jobs.operations.preconditions import Precondition
from jobs.s3.answers import Answer
from jobs.s3.default_rules import why_not_to_write
from jobs.s3.scratch import Scratch, SilentError, is_done

BUCKETS_ASKED = 3
NULL_VERSION = "null"
_NOT_THERE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchTagSet", "NoSuchTagSetError", "404"})
_NO_SUCH_CALL = frozenset({405, 501})
_NAMED = re.compile(r"not authorized to perform: (s3:\w+)")
"""How AWS says which action is missing."""

CHANGES = "Cannot be asked without a change to objects."
HIDDEN = (
    "A key that is not there was refused (403), as it always is for a role that may not list the"
    " bucket."
)


KEYS_FIRST = (
    "This storage says that a key is not there before it looks at what the role may do, so that"
    " nothing is told."
)
_CONTROLS = ("HeadObject", "GetObjectTagging", "GetObjectAcl")


@dataclass(slots=True)
class Place:
    """One bucket, and what is known of it. `rows` are samples of the list in it."""

    bucket: str
    scratch: Scratch
    rows: list[Row] = field(default_factory=list)
    may_list: bool = False
    why_not_written: str = ""
    can_be_read: bool = False


def check_permissions(
    operation: Operation, rows: list[Row], region: Region, role: Role, now: datetime
) -> list[Line]:
    """Of the buckets that `rows` name and those that the operation writes; within a `page_turn`."""
    lines: list[Line] = []
    needed = [permission for permission in operation.permissions() if not permission.is_look]
    listed = list(dict.fromkeys(row.bucket for row in rows))
    for bucket in listed[:BUCKETS_ASKED]:
        here = [row for row in rows if row.bucket == bucket]
        mine = [permission for permission in needed if permission.on is Side.LISTED]
        lines += _check_bucket(operation, bucket, here, mine, region_of(bucket, region), role, now)
    mine = [permission for permission in needed if permission.on is Side.TARGET]
    written = [(region_of(bucket, region), bucket) for bucket in operation.target_buckets()]
    written += [(region_named(slug), bucket) for slug, bucket in operation.target_places()]
    for there, bucket in written:
        lines += _check_bucket(operation, bucket, [], mine, there, role, now)
    lines += [
        Line(UNTOLD, permission.action, CHANGES)
        for permission in needed
        if permission.on is Side.NONE
    ]
    return lines


def _check_bucket(
    operation: Operation,
    bucket: str,
    rows: list[Row],
    needed: list[Permission],
    there: Region,
    role: Role,
    now: datetime,
) -> list[Line]:
    """`there` is where the bucket lies."""
    lines: list[Line] = []
    versions = any(row.version_id for row in rows)
    try:
        client = client_for_page(there.endpoint(), credentials_of(role, there))
    except StorageError as error:
        return [Line(UNTOLD, bucket, error.message)]
    place = Place(bucket, Scratch(client, bucket, _folder(rows), now), rows)
    why = ""
    try:
        if not _is_there(place):
            return [Line(MISSING, bucket, f"The bucket {bucket} does not exist.")]
        if rows:
            lines += _check_samples(place)
            lines += [_check_condition(place, one) for one in operation.conditions()]
        if any(_writes(permission) for permission in needed):
            place.why_not_written = why_not_to_write(place.scratch, unless_told=False)
        for permission in needed:
            lines.append(_check(operation, place, permission, versions=versions))
    except SilentError as error:
        why = error.message
    told = {line.what for line in lines}
    for permission in needed:
        what = _what(permission, bucket, versions=versions)
        if what not in told:
            lines.append(Line(UNTOLD, what, why or CHANGES))
    if left := place.scratch.clear():
        lines.append(Line(NOTE, bucket, left))
    return lines


def _folder(rows: Iterable[Row]) -> str:
    """Below which the role is asked: that of the first row."""
    first = next(iter(rows), None)
    folder, slash, _ = first.key.rpartition("/") if first else ("", "", "")
    return folder + slash if len(folder.encode("utf-8", "replace")) < 900 else ""


def _is_there(place: Place) -> bool:
    answer = place.scratch.ask("ListObjectsV2", Prefix=place.scratch.name, MaxKeys=1)
    place.may_list = not answer.code
    return answer.code != "NoSuchBucket"


# --- Objects of the list


def _check_samples(place: Place) -> list[Line]:
    """One line for all of them: how many can be looked at, and what is wrong with the first other."""
    refused: list[tuple[Row, Answer]] = []
    for row in place.rows:
        version = {"VersionId": row.version_id} if row.version_id else {}
        answer = place.scratch.ask("HeadObject", Key=row.key, **version)
        if is_done(answer):
            place.can_be_read = True
        else:
            refused.append((row, answer))
    what = f"{len(place.rows)} sampled objects of {place.bucket}"
    if len(place.rows) == 1:
        what = f"1 sampled object of {place.bucket}"
    if not refused:
        return [Line(FOUND, what, "Can be looked at.")]
    row, answer = refused[0]
    shown = f"s3://{row.bucket}/{row.key}"
    if answer.http_status == 403:
        return [Line(UNTOLD, what, f"The role may not look at {shown} (403).")]
    if answer.http_status == 404:
        others = len(refused) - 1
        subject = f"{shown} and {others} more do" if others else f"{shown} does"
        return [Line(NOTE, what, f"{subject} not exist. Such tasks mostly fail.")]
    return [Line(NOTE, what, f"{shown} was answered with {_said(answer)}.")]


def _check_condition(place: Place, condition: Precondition) -> Line:
    answer = place.scratch.ask(condition.action)
    holds = condition.holds(answer)
    what = f"{condition.asks[:1].upper()}{condition.asks[1:]} on {place.bucket}"
    if holds is None:
        return Line(UNTOLD, what, f"The storage does not say ({_said(answer)}).")
    if holds:
        return Line(FOUND, what, "Yes.")
    return Line(MISSING, what, f"{condition.unmet.format(bucket=place.bucket)}.")


# --- Permissions


def _check(operation: Operation, place: Place, permission: Permission, *, versions: bool) -> Line:
    what = _what(permission, place.bucket, versions=versions)
    if not permission.asked_by:
        return Line(UNTOLD, what, CHANGES)
    if permission.asked_by == "GetObject" and place.can_be_read:
        return Line(FOUND, what, "Allowed.")
    if _writes(permission) and place.why_not_written:
        return Line(UNTOLD, what, place.why_not_written)
    params = dict(ASKING[permission.asked_by])
    if versions and permission.of_versions:
        params["VersionId"] = NULL_VERSION
    if not _writes(permission):
        answer = place.scratch.ask(permission.asked_by, Key=place.scratch.name, **params)
        return _judged(operation, place, what, permission, answer)
    answer, appeared = place.scratch.try_on_nothing(permission.asked_by, **params)
    if appeared:
        said = f"This storage has no {operation.lacks}: it took the call for another one."
        return Line(MISSING, what, said)
    return _judged(operation, place, what, permission, answer)


def _judged(
    operation: Operation, place: Place, what: str, permission: Permission, answer: Answer
) -> Line:
    if is_done(answer) or answer.code in _NOT_THERE:
        if _looks_for_keys_first(place):
            return Line(UNTOLD, what, KEYS_FIRST)
        return Line(FOUND, what, "Allowed.")
    if answer.http_status in _NO_SUCH_CALL:
        return Line(MISSING, what, operation.without_it(answer))
    if answer.http_status != 403:
        return Line(UNTOLD, what, f"A key that is not there was answered with {_said(answer)}.")
    named = _NAMED.search(answer.message)
    if place.may_list or (named and named[1] in (permission.action, permission.of_versions)):
        return Line(MISSING, what, f"The IAM role is not allowed to do this ({_said(answer)}).")
    return Line(UNTOLD, what, HIDDEN)


def _looks_for_keys_first(place: Place) -> bool:
    """Whether the storage says that a key is not there to those as well who may not ask for it (Ceph
    does, to a role that may list). Seen by a read that is refused of an object of the list.
    """
    row = next(iter(place.rows), None)
    if not place.may_list or row is None:
        return False
    for control in _CONTROLS:
        if place.scratch.ask(control, Key=row.key).http_status == 403:
            return place.scratch.ask(control, Key=place.scratch.name).http_status == 404
    return False


def _what(permission: Permission, bucket: str, *, versions: bool) -> str:
    only = f", {permission.only}" if permission.only else ""
    return f"{permission.name(versions=versions)} on {bucket}{only}"


def _writes(permission: Permission) -> bool:
    return bool(permission.asked_by) and not permission.asked_by.startswith("Get")


def _said(answer: Answer) -> str:
    return f"{answer.http_status or ''} {answer.code}".strip()
