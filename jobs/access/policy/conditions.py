"""The element Condition (docs/access.md, Conditions)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jobs.access.policy import keys
from jobs.access.policy.keys import Key
from jobs.access.policy.operators import NULL, OPERATORS, Operator, Wanted
from jobs.access.policy.places import Problems, listed, shown
from jobs.access.policy.statement import Condition, Many

_IF_EXISTS = "IfExists"


def parse_conditions(
    written: Any, path: str, problems: Problems, has_variables: bool
) -> tuple[Condition, ...]:
    if written is None:
        return ()
    if not isinstance(written, Mapping):
        problems.add(path, 'Condition is a JSON object: {"StringEquals": {"aws:username": "..."}}.')
        return ()
    found: list[Condition] = []
    for name, wanted in written.items():
        place = f"{path}.{name}"
        try:
            many, operator, if_exists = _operator(name)
        except ValueError as error:
            problems.add(place, str(error))
            continue
        if not isinstance(wanted, Mapping) or not wanted:
            problems.add(place, f'Behind {name} stand keys with values: {{"aws:username": "..."}}.')
            continue
        for key_name, values in wanted.items():
            at = f"{place}.{key_name}"
            key = keys.find(key_name)
            problem = _misfit(key_name, key, operator, many)
            if problem:
                problems.add(at, problem)
                continue
            read = tuple(_wanted(operator, values, at, problems, has_variables))
            found.append(
                Condition(
                    operator, keys.fold(key_name), read, many, if_exists, f"{name} {key_name}"
                )
            )
    _check_twice(found, path, problems)
    return tuple(found)


def _operator(name: str) -> tuple[Many | None, Operator, bool]:
    """Raises ValueError with a sentence."""
    before, colon, rest = name.partition(":")
    many = next((one for one in Many if colon and one.value == before), None)
    base = rest if many else name
    if_exists = base.endswith(_IF_EXISTS)
    operator = OPERATORS.get(base.removesuffix(_IF_EXISTS) if if_exists else base)
    if operator is None:
        raise ValueError(
            f"There is no operator {shown(name)}. docs/access.md has all that there are."
        )
    if operator is NULL and (if_exists or many):
        raise ValueError("Null asks whether a key is there. Write it alone, as Null.")
    return many, operator, if_exists


def _misfit(name: str, key: Key | None, operator: Operator, many: Many | None) -> str:
    """Why the operator cannot be used with the key, as a sentence; empty when it can."""
    if key is None:
        return f"There is no condition key {shown(name)}. docs/access.md has all that there are."
    if key.kind not in operator.kinds:
        fitting = [one.name for one in OPERATORS.values() if key.kind in one.kinds]
        return f"{name} is {key.kind.value}, so {operator.name} does not fit. Use {fitting[0]} or the like."
    if key.many and many is None and operator is not NULL:
        return (
            f"{name} may have several values. Write ForAllValues:{operator.name} or"
            f" ForAnyValue:{operator.name}."
        )
    return ""


def _wanted(
    operator: Operator, values: Any, path: str, problems: Problems, has_variables: bool
) -> list[Wanted]:
    found = []
    for place, value in listed(values, path, problems):
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, str | int | float | Decimal):
            text = str(value)
        else:
            problems.add(place, f"A value is a text, a number, true or false, not {shown(value)}.")
            continue
        try:
            found.append(operator.read(text, has_variables))
        except ValueError as error:
            problems.add(place, str(error))
    if values is None:
        problems.add(path, "Name at least one value.")
    return found


def _check_twice(found: list[Condition], path: str, problems: Problems) -> None:
    """JSON tells keys apart that differ in case; the policy language does not."""
    seen = set()
    for condition in found:
        what = (condition.operator.name, condition.many, condition.if_exists, condition.key)
        if what in seen:
            operator, _, key = condition.written.partition(" ")
            said = f"{key} stands under {operator} twice, in different letters. Join the two."
            problems.add(f"{path}.{operator}.{key}", said)
        seen.add(what)
