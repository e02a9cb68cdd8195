"""The decision (docs/access.md, How a decision is made): nothing is allowed that no policy allows, and
one that denies counts more than all that allow.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jobs.access.policy.keys import NOT_FOR_READING
from jobs.access.policy.patterns import Values
from jobs.access.policy.statement import Condition, Effect, Policy, Statement

READING = "s3:DescribeJob"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`statement` of `policy` decides; both None where nothing allows it."""

    allowed: bool
    policy: Policy | None = None
    statement: Statement | None = None

    @property
    def explicit(self) -> bool:
        return self.statement is not None


NOTHING_ALLOWS = Verdict(False)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A statement about the same action and resource whose `condition` does not hold."""

    policy: Policy
    statement: Statement
    condition: Condition


def evaluate(policies: Iterable[Policy], action: str, resource: str, keys: Values) -> Verdict:
    values, policies = known(action, keys), tuple(policies)
    for effect in (Effect.DENY, Effect.ALLOW):
        for policy in policies:
            for statement in policy.about(action, effect):
                if statement.applies(resource, values):
                    return Verdict(effect is Effect.ALLOW, policy, statement)
    return NOTHING_ALLOWS


def near_misses(
    policies: Iterable[Policy], action: str, resource: str, keys: Values
) -> Iterator[NearMiss]:
    """Why others did not decide: for whoever writes policies, not for the one who was denied."""
    values = known(action, keys)
    for policy in policies:
        for statement in policy.statements:
            if statement.is_about(action, resource, values):
                condition = statement.unmet(values)
                if condition is not None:
                    yield NearMiss(policy, statement, condition)


def possible(
    policies: Iterable[Policy],
    action: str,
    resource: str | None,
    keys: Values,
    *,
    is_open: Callable[[str], bool],
) -> bool:
    """Whether `evaluate` may say yes to a request of which only a part is known yet. What is not, may
    still become anything: absent keys that are open, and the resource where it is None.
    """
    values = known(action, keys)
    policies = tuple(policies)
    for policy in policies:
        for statement in policy.about(action, Effect.DENY):
            if _may_say(statement, resource, values, is_open) is True:
                return False
    return any(
        _may_say(statement, resource, values, is_open) is not False
        for policy in policies
        for statement in policy.about(action, Effect.ALLOW)
    )


def _may_say(
    statement: Statement,
    resource: str | None,
    values: Values,
    is_open: Callable[[str], bool],
) -> bool | None:
    """Of a statement about the action; None where it cannot be told yet."""
    if statement.unreadable:
        return True
    told: bool | None = True
    if not statement.everywhere:
        told = None if resource is None else statement.fits(resource, values)
    for condition in statement.conditions:
        if _is_open(condition, values, is_open):
            told = told and None
        elif not condition.holds(values, statement.effect):
            return False
    return told


def _is_open(condition: Condition, values: Values, is_open: Callable[[str], bool]) -> bool:
    names = {condition.key}
    for wanted in condition.wanted:
        names.update(wanted.text.variables if wanted.text else ())
    return any(name not in values and is_open(name) for name in names)


def known(action: str, keys: Values) -> Values:
    if action == READING and not NOT_FOR_READING.isdisjoint(keys):
        return {key: values for key, values in keys.items() if key not in NOT_FOR_READING}
    return keys
