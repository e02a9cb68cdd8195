"""Who may do what with a copy: AccessControlGrants (docs/batch-operations.md, Copy)."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.operations.checking import Checker, given

GRANTEE_TYPES = ("id", "emailAddress", "uri")
HEADERS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}
"""Permission to CopyObject's parameter. The wire knows WRITE too, which no object has."""

_FIELD = "AccessControlGrants"
_GRANTEE = ("TypeIdentifier", "Identifier", "DisplayName")


def parse_grants(value: Any, check: Checker) -> list[dict[str, Any]] | None:
    """The grants as they were given; None where the member is absent."""
    if value is None:
        return None
    grants = check.items(value, _FIELD)
    if not grants:
        check.say(_FIELD, "Enter at least one grant, or take the grants out.")
    return [
        parse_grant(grant, f"{_FIELD}[{n}]", check, tuple(HEADERS))
        for n, grant in enumerate(grants)
    ]


def parse_grant(
    value: Any, field: str, check: Checker, permissions: Sequence[str]
) -> dict[str, Any]:
    """One of `permissions` for one grantee, as it was given."""
    grant = check.structure(value, field)
    check.only(grant, {"Grantee", "Permission"}, field)
    grantee = check.structure(grant.get("Grantee"), f"{field}.Grantee")
    check.only(grantee, _GRANTEE, f"{field}.Grantee")
    permission = check.choice(grant.get("Permission"), f"{field}.Permission", permissions)
    if grant.get("Permission") is None:
        check.say(f"{field}.Permission", f"Choose one of {', '.join(permissions)}.")
    return {"Grantee": _parse_grantee(grantee, f"{field}.Grantee", check), "Permission": permission}


def _parse_grantee(grantee: Mapping[str, Any], field: str, check: Checker) -> dict[str, str]:
    kind = check.choice(grantee.get("TypeIdentifier"), f"{field}.TypeIdentifier", GRANTEE_TYPES)
    if grantee.get("TypeIdentifier") is None:
        check.say(f"{field}.TypeIdentifier", f"Choose one of {', '.join(GRANTEE_TYPES)}.")
    identifier = check.header(grantee.get("Identifier", ""), f"{field}.Identifier", high=1024)
    if identifier and any(character in identifier for character in '",\\'):
        check.say(f"{field}.Identifier", "An identifier holds no quotes, commas or backslashes.")
    name = check.text(grantee.get("DisplayName"), f"{field}.DisplayName", high=1024)
    return given({"TypeIdentifier": kind, "Identifier": identifier, "DisplayName": name})


def to_params(grants: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """As CopyObject takes them: a list of grantees for each permission."""
    params: dict[str, list[str]] = {}
    for grant in grants:
        who = grant["Grantee"]
        entry = f'{who["TypeIdentifier"]}="{who["Identifier"]}"'
        params.setdefault(HEADERS[grant["Permission"]], []).append(entry)
    return {name: ", ".join(entries) for name, entries in params.items()}


def to_text(grants: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{grant['Permission']} to {grant['Grantee']['Identifier']}" for grant in grants
    )
