"""Access control lists of objects: their rules, their forms, and whether an object has one.

See docs/operations.md, S3PutObjectAcl.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobs.operations.checking import Checker, given
from jobs.operations.copying import copy_grants
from jobs.operations.copying.copy_members import CANNED_ACLS

FIELD = "AccessControlPolicy"
CANNED = "CannedAccessControlList"
LISTED = "AccessControlList"
PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
MOST_GRANTS = 100
_LONGEST = 1024

TYPES = {"id": "CanonicalUser", "emailAddress": "AmazonCustomerByEmail", "uri": "Group"}
"""Of a grantee: the wire's word, and the one of the call itself."""

_MEMBERS = {"CanonicalUser": "ID", "AmazonCustomerByEmail": "EmailAddress", "Group": "URI"}
"""Where the call has whom it is about."""

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_CANNED_FOR_GROUPS = {
    "public-read": ALL_USERS,
    "public-read-write": ALL_USERS,
    "authenticated-read": SIGNED_IN_USERS,
}
_CANNED_FOR_OTHERS = ("aws-exec-read", "bucket-owner-read", "bucket-owner-full-control")
"""These have one grantee besides the owner, who is known to the storage alone."""

_RIGHTS = frozenset({"READ", "READ_ACP", "WRITE_ACP"})
"""All that there is for an object: WRITE is a bucket's."""

Right = tuple[str, str, str]
"""Type and name of a grantee, and a permission."""


def parse_policy(value: Any, check: Checker) -> dict[str, Any]:
    """Either a canned ACL or an owner with grants, as it was given."""
    policy = check.structure(value, FIELD)
    check.only(policy, {CANNED, LISTED}, FIELD)
    canned = check.choice(policy.get(CANNED), f"{FIELD}.{CANNED}", CANNED_ACLS)
    is_listed = policy.get(LISTED) is not None
    if policy.get(CANNED) is not None and is_listed:
        message = "Give either a canned ACL or a list with its owner and grants, not both."
        check.say(f"{FIELD}.{LISTED}", message)
    elif policy.get(CANNED) is None and not is_listed:
        check.say(FIELD, "Choose a canned ACL, or enter the owner and the grants.")
    listed = _parse_list(policy[LISTED], f"{FIELD}.{LISTED}", check) if is_listed else None
    return given({CANNED: canned, LISTED: listed})


def _parse_list(value: Any, field: str, check: Checker) -> dict[str, Any]:
    listed = check.structure(value, field)
    check.only(listed, {"Owner", "Grants"}, field)
    return given(
        {
            "Owner": _parse_owner(listed.get("Owner"), f"{field}.Owner", check),
            "Grants": _parse_grants(listed.get("Grants"), f"{field}.Grants", check),
        }
    )


def _parse_owner(value: Any, field: str, check: Checker) -> dict[str, Any]:
    owner = check.structure(value, field)
    check.only(owner, {"ID", "DisplayName"}, field)
    name = check.text(owner.get("ID"), f"{field}.ID", high=_LONGEST)
    if owner.get("ID") is None:
        check.say(f"{field}.ID", "Enter the ID of the owner that the objects have.")
    called = check.text(owner.get("DisplayName"), f"{field}.DisplayName", high=_LONGEST)
    return given({"ID": name, "DisplayName": called})


def _parse_grants(value: Any, field: str, check: Checker) -> list[dict[str, Any]] | None:
    """Without one nobody but the owner has a right."""
    if value is None:
        return None
    items = check.items(value, field)
    if len(items) > MOST_GRANTS:
        check.say(field, f"A list has at most {MOST_GRANTS} grants, not {len(items):,}.")
    grants = []
    for n, item in enumerate(items):
        grant = copy_grants.parse_grant(item, f"{field}[{n}]", check, PERMISSIONS)
        grantee = grant["Grantee"]
        if grantee.get("TypeIdentifier", "id") != "id" and "DisplayName" in grantee:
            message = "Only a grantee that is named by its ID has a display name. Take it out."
            check.say(f"{field}[{n}].Grantee.DisplayName", message)
        grants.append(grant)
    return grants


def to_params(policy: Mapping[str, Any]) -> dict[str, Any]:
    """As PutObjectAcl takes them; a list without grants says so."""
    if CANNED in policy:
        return {"ACL": policy[CANNED]}
    listed = policy[LISTED]
    grants = [_to_grant(grant) for grant in listed.get("Grants", ())]
    return {"AccessControlPolicy": {"Owner": dict(listed["Owner"]), "Grants": grants}}


def _to_grant(grant: Mapping[str, Any]) -> dict[str, Any]:
    who = grant["Grantee"]
    kind = TYPES[who["TypeIdentifier"]]
    grantee = {"Type": kind, _MEMBERS[kind]: who["Identifier"]}
    if "DisplayName" in who:
        grantee["DisplayName"] = who["DisplayName"]
    return {"Grantee": grantee, "Permission": grant["Permission"]}


def is_open_to(policy: Mapping[str, Any], group: str) -> bool:
    """Whether everybody in `group`, which is a URI, has a right."""
    if CANNED in policy:
        return _CANNED_FOR_GROUPS.get(policy[CANNED]) == group
    return any(grant["Grantee"]["Identifier"] == group for grant in _grants(policy))


def to_text(policy: Mapping[str, Any]) -> str:
    if CANNED in policy:
        return f"the canned ACL {policy[CANNED]}"
    return f"exactly these grants: {copy_grants.to_text(_grants(policy)) or 'none'}"


def summary(policy: Mapping[str, Any]) -> list[tuple[str, str]]:
    if CANNED in policy:
        return [("Canned ACL", policy[CANNED])]
    owner = policy[LISTED]["Owner"]
    name = f" ({owner['DisplayName']})" if "DisplayName" in owner else ""
    grants = copy_grants.to_text(_grants(policy)) or "None: only the owner has rights"
    return [("Owner", owner["ID"] + name), ("Grants", grants)]


def described(data: Mapping[str, Any]) -> str:
    """The answer of GetObjectAcl, shortly: "FULL_CONTROL for 12ab, READ for AllUsers"."""
    rights = []
    for grant in data.get("Grants", []):
        grantee = grant.get("Grantee", {})
        who = grantee.get(_MEMBERS.get(grantee.get("Type", ""), "ID"), "nobody known")
        rights.append(f"{grant.get('Permission', 'nothing')} for {who.rpartition('/')[2]}")
    return ", ".join(sorted(rights)) or "none"


def _grants(policy: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = policy[LISTED].get("Grants", ())
    return found


# --- Whether an object has it


def is_kept(policy: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """By the answer of GetObjectAcl, as far as that can be told: whom an e-mail address or a canned
    ACL means is known to the storage alone, and WRITE is no right to an object.
    """
    found = _rights(data.get("Grants", ()))
    if CANNED in policy:
        return _is_canned(policy[CANNED], found, data.get("Owner", {}).get("ID", ""))
    params = to_params(policy)["AccessControlPolicy"]
    wanted = _rights(params["Grants"])
    by_email = {right for right in wanted if right[0] == TYPES["emailAddress"]}
    more = found - wanted
    if not by_email:
        return found == wanted
    return wanted - by_email <= found and len(_who(more)) <= len(_who(by_email))


def _is_canned(canned: str, found: set[Right], owner_id: str) -> bool:
    group = _CANNED_FOR_GROUPS.get(canned)
    wanted = {(TYPES["uri"], group, "READ")} if group else set()
    if {right for right in found if right[0] == TYPES["uri"]} != wanted:
        return False
    others = _who(found) - {(TYPES["id"], owner_id), (TYPES["uri"], group)}
    return not owner_id or len(others) <= (canned in _CANNED_FOR_OTHERS)


def _who(rights: Iterable[Right]) -> set[tuple[str, str | None]]:
    return {(kind, name) for kind, name, _ in rights}


def _rights(grants: Iterable[Mapping[str, Any]]) -> set[Right]:
    """Some storage writes FULL_CONTROL as the rights that it is made of."""
    rights = set()
    for grant in grants:
        grantee, permission = grant.get("Grantee", {}), grant.get("Permission", "")
        kind = grantee.get("Type", "")
        name = grantee.get(_MEMBERS.get(kind, "ID"), "")
        each = _RIGHTS if permission == "FULL_CONTROL" else {permission} & _RIGHTS
        rights |= {(kind, name, right) for right in each}
    return rights
