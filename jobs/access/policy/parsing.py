"""From a document to a Policy, with every problem that it has (docs/access.md, Policies).

Problems are named by the place in the document: "Statement[0].Condition.StringEquals".
"""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from jobs.access.actions import Action
from jobs.access.policy.conditions import parse_conditions
from jobs.access.policy.patterns import Glob, Template, Wild, template
from jobs.access.policy.places import Problems, listed, shown, unknown_names
from jobs.access.policy.statement import UNREADABLE, Effect, Policy, Statement
from jobs.access.policy.text import read
from jobs.errors import ValidationFailedError

VERSION = "2012-10-17"
VERSIONS = (VERSION, "2008-10-17")
MOST_STATEMENTS = 200

_OF_A_DOCUMENT = ("Version", "Id", "Statement")
_OF_A_STATEMENT = (
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"),
)
_SID = re.compile(r"[0-9A-Za-z]{0,128}")
_ACTIONS = frozenset(action.value for action in Action)
_SERVICES = ("s3", "iam", "batchconsole")


def parse(document: Any, name: str = "") -> Policy:
    """Raises ValidationFailedError with all problems."""
    problems = Problems()
    written = _statements_of(document, problems)
    has_variables = _has_variables(document)
    found = [
        _statement(one, number, path, problems, has_variables)
        for number, (path, one) in enumerate(written, 1)
    ]
    _check_sids(found, problems)
    problems.raise_if_any()
    return Policy(name, tuple(statement for statement in found if statement))


def parse_text(text: str, name: str = "") -> Policy:
    """Raises ValidationFailedError."""
    return parse(read(text)[0], name)


@functools.lru_cache(maxsize=256)
def stored(text: str, name: str = "") -> Policy:
    """A policy that was checked when it was saved. What cannot be read all the same allows nothing,
    and denies everything unless it was meant to allow.
    """
    try:
        document = read(text)[0]
        written = _statements_of(document, problems := Problems())
        problems.raise_if_any()
    except ValidationFailedError:
        return Policy(name, (UNREADABLE,))
    statements = []
    for number, (path, one) in enumerate(written, 1):
        problems = Problems()
        found = _statement(one, number, path, problems, _has_variables(document))
        if found and not problems:
            statements.append(found)
        elif not isinstance(one, Mapping) or one.get("Effect") != Effect.ALLOW.value:
            statements.append(UNREADABLE)
    return Policy(name, tuple(statements))


def _has_variables(document: Any) -> bool:
    """Before this version "${aws:username}" meant these very signs."""
    return isinstance(document, Mapping) and document.get("Version") == VERSION


def _statements_of(document: Any, problems: Problems) -> list[tuple[str, Any]]:
    """With their paths."""
    if not isinstance(document, Mapping):
        problems.add("", 'A policy is a JSON object: {"Version": ..., "Statement": [...]}.')
        return []
    unknown_names(document, _OF_A_DOCUMENT, "", problems)
    if document.get("Version", VERSIONS[1]) not in VERSIONS:
        problems.add("Version", f'Version must be "{VERSION}".')
    if not isinstance(document.get("Id", ""), str):
        problems.add("Id", "Id must be a text.")
    found = document.get("Statement")
    if isinstance(found, Mapping):
        return [("Statement", found)]
    if not isinstance(found, list) or not found:
        problems.add("Statement", "Statement must be a statement, or a list of at least one.")
        return []
    if len(found) > MOST_STATEMENTS:
        problems.add("Statement", f"A policy has {MOST_STATEMENTS} statements at most. Split it.")
    return [(f"Statement[{place}]", one) for place, one in enumerate(found)]


def _statement(
    written: Any, number: int, path: str, problems: Problems, has_variables: bool
) -> Statement | None:
    if not isinstance(written, Mapping):
        problems.add(path, 'A statement is a JSON object: {"Effect": ..., "Action": ..., ...}.')
        return None
    for name in ("Principal", "NotPrincipal"):
        if name in written:
            said = f"Leave {name} out: a policy is about whomever it is attached to."
            problems.add(f"{path}.{name}", said)
    unknown_names(written, (*_OF_A_STATEMENT, "Principal", "NotPrincipal"), path, problems)
    sid, effect = written.get("Sid", ""), written.get("Effect")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        problems.add(f"{path}.Sid", "Sid has letters A to Z and digits only, 128 at most.")
        sid = ""
    if effect not in ("Allow", "Deny"):
        problems.add(f"{path}.Effect", 'Effect must be "Allow" or "Deny".')
        effect = "Deny"
    actions = _actions(written, path, problems)
    resources, everywhere = _resources(written, path, problems, has_variables)
    conditions = parse_conditions(
        written.get("Condition"), f"{path}.Condition", problems, has_variables
    )
    return Statement(
        number=number,
        sid=sid,
        effect=Effect(effect),
        actions=actions,
        resources=resources,
        not_resource="NotResource" in written,
        conditions=conditions,
        everywhere=everywhere,
    )


def _one_of(written: Mapping[str, Any], name: str, path: str, problems: Problems) -> str:
    """Which of Action and NotAction it has."""
    negation = f"Not{name}"
    if (name in written) == (negation in written):
        problems.add(path, f"A statement has either {name} or {negation}.")
    return name if name in written else negation


def _actions(written: Mapping[str, Any], path: str, problems: Problems) -> frozenset[str]:
    """All that there are and that it is about. Actions are few, so no request has to match them."""
    name = _one_of(written, "Action", path, problems)
    found: set[str] = set()
    for place, text in listed(written.get(name), f"{path}.{name}", problems):
        if not isinstance(text, str):
            problems.add(place, "An action must be a text, such as s3:CreateJob.")
            continue
        matched = _matching(text)
        if not matched:
            problems.add(place, _no_action(text))
        found |= matched
    return _ACTIONS - found if name == "NotAction" else frozenset(found)


def _matching(pattern: str) -> set[str]:
    """Actions have no case."""
    service, colon, _ = pattern.partition(":")
    if pattern != "*" and (not colon or service.lower() not in _SERVICES):
        return set()
    wild = Glob(tuple(Wild(sign) if sign in "*?" else sign for sign in pattern.lower()))
    return {action for action in _ACTIONS if wild.fits(action.lower())}


def _no_action(text: str) -> str:
    said = f"There is no action {shown(text)} here."
    if text.partition(":")[0].lower() not in _SERVICES:
        return f"{said} Actions begin with s3:, iam: or batchconsole:."
    return f"{said} docs/access.md has all that there are."


def _resources(
    written: Mapping[str, Any], path: str, problems: Problems, has_variables: bool
) -> tuple[tuple[Template, ...], bool]:
    """And whether these are all there may be."""
    name = _one_of(written, "Resource", path, problems)
    found = []
    for place, text in listed(written.get(name), f"{path}.{name}", problems):
        if not isinstance(text, str) or not (text == "*" or text.startswith("arn:")):
            said = f'A resource is "*" or an ARN such as arn:aws:s3:*:*:job/*, not {shown(text)}.'
            problems.add(place, said)
            continue
        try:
            found.append(template(text, wild=True, variables=has_variables))
        except ValueError as error:
            problems.add(place, str(error))
    everywhere = name == "Resource" and any(one.tokens == (Wild.ANY,) for one in found)
    return tuple(found), everywhere


def _check_sids(found: list[Statement | None], problems: Problems) -> None:
    seen: set[str] = set()
    for place, statement in enumerate(found):
        if statement and statement.sid in seen:
            said = f'Another statement has the Sid "{statement.sid}". Give each its own.'
            problems.add(f"Statement[{place}].Sid", said)
        if statement and statement.sid:
            seen.add(statement.sid)


def written_as(document: Mapping[str, Any]) -> str:
    """The text of a document that the program itself makes."""
    return json.dumps(document, indent=2)
