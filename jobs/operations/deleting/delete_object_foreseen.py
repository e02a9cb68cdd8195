"""What deleting an object would do, by a look at it."""

from datetime import UTC, datetime

from jobs.operations import looks
from jobs.operations.context import Context
from jobs.operations.foreseeing import (
    Foresight,
    already_so,
    described,
    from_look,
    would_change,
    would_fail,
)
from jobs.operations.looks import Facts
from jobs.spec.target import Target

MARKER = "x-amz-delete-marker"
VERSION = "x-amz-version-id"


def foresee(target: Target, context: Context, *, bypass: bool = False) -> Foresight:
    """A key that is not there is deleted with success, so that is already so. Locks are told by
    HeadObject to those who may see them.
    """
    seen = yield from looks.see(target, context)
    if seen.answer.headers.get(MARKER, "").lower() == "true":
        if target.version_id:
            return would_change("The delete marker would be deleted: the object comes back.")
        return already_so("The newest version is a delete marker.")
    if seen.is_gone:
        return already_so("There is no such object.")
    facts = seen.facts
    if facts is None:
        return from_look(seen)
    if target.version_id:
        if why := _locked(facts, context.now_s(), bypass):
            return would_fail(403, "AccessDenied", why)
        return would_change(f"The version would be deleted for good: {described(facts)}.")
    if seen.answer.headers.get(VERSION, "null") != "null":
        return would_change(f"The object would get a delete marker: {described(facts)}.")
    return would_change(f"The object would be deleted: {described(facts)}.")


def _locked(facts: Facts, now_s: float, bypass: bool) -> str:
    """Why this version cannot be deleted; empty where nothing says so."""
    if facts.data.get("ObjectLockLegalHoldStatus") == "ON":
        return "The version has a legal hold."
    if bypass and facts.data.get("ObjectLockMode") == "GOVERNANCE":
        return ""
    until = facts.data.get("ObjectLockRetainUntilDate")
    if isinstance(until, datetime) and until.timestamp() > now_s:
        return f"The version is retained until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
    return ""
