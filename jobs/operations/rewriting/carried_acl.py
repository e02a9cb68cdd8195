"""The access control list of an object as CopyObject takes it, since a copy begins with the usual one.

It goes with the copy itself, so that there is no moment at which the object lacks it.
"""

from collections.abc import Generator, Mapping
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome
from jobs.operations.context import Context
from jobs.operations.copying import copy_grants
from jobs.operations.steps import Step
from jobs.s3.answers import Answer
from jobs.s3.proof import Proof
from jobs.spec.target import Target

_NO_LISTS = {"AccessControlListNotSupported", "NotImplemented", "MethodNotAllowed"}
_NAMED_BY = {"CanonicalUser": ("id", "ID"), "Group": ("uri", "URI")}
"""Type of a grantee in an answer: the word of the wire, and where whom it is about stands."""


def read(target: Target, context: Context) -> Generator[Step, Any, Mapping[str, str] | Outcome]:
    """Empty for the usual list and where there are none; how the task fails where a copy would lose
    what nobody can see.
    """
    answer = yield looks.ask(target, context, "GetObjectAcl", is_look=False)
    if answer.code:
        return {} if has_no_lists(answer) else _unread(answer)
    if is_usual(answer.data):
        return {}
    params = to_params(answer.data)
    if params is None:
        message = (
            "Its access control list has grants that no copy can be told of, so a copy onto itself"
            " would lose them. It was left as it is."
        )
        return Outcome(False, 400, "InvalidRequest", message)
    return params


def has_no_lists(answer: Answer) -> bool:
    """A storage without them, or a bucket whose owner is enforced."""
    says_so = answer.http_status in (405, 501) or answer.code in _NO_LISTS
    return answer.proof is Proof.PROVEN and says_so


def _unread(answer: Answer) -> Outcome:
    message = (
        "Its access control list cannot be read, and a copy onto itself would reset it"
        f" (GetObjectAcl: {answer.message or answer.code}). It was left as it is."
    )
    return Outcome(False, answer.http_status, answer.code, message)


def is_usual(data: Mapping[str, Any]) -> bool:
    """Nobody but the owner has rights, and the owner has all."""
    grants = data.get("Grants", [])
    owner = data.get("Owner", {}).get("ID", "")
    who = {(grant.get("Grantee") or {}).get("ID", "") for grant in grants}
    kinds = {(grant.get("Grantee") or {}).get("Type") for grant in grants}
    rights = {grant.get("Permission") for grant in grants}
    return who == {owner} and kinds <= {"CanonicalUser", None} and "FULL_CONTROL" in rights


def to_params(data: Mapping[str, Any]) -> dict[str, str] | None:
    """A list of grantees for each permission; None where a header has no words for a grant."""
    grants = []
    for grant in data.get("Grants", []):
        grantee, permission = grant.get("Grantee") or {}, grant.get("Permission")
        kind, member = _NAMED_BY.get(grantee.get("Type", ""), ("", ""))
        name = str(grantee.get(member, ""))
        is_plain = name.isascii() and name.isprintable() and not set(name) & set('",\\')
        if not (name and is_plain and permission in copy_grants.HEADERS):
            return None
        entry = {"TypeIdentifier": kind, "Identifier": name}
        grants.append({"Grantee": entry, "Permission": permission})
    return copy_grants.to_params(grants) or None
