"""The decision (docs/access.md, How a decision is made): nothing is allowed that no policy allows, and
one that denies counts more than all that allow.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jobs.access.policy.keys import NOT_FOR_READING
from jobs.access.policy.patterns import Values, Variable
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
    values = known(action, keys)
    verdict = NOTHING_ALLOWS
    for policy in policies:
        for statement in policy.statements:
            denies = statement.effect is Effect.DENY
            if verdict.allowed and not denies:
                continue
            about = statement.is_about(action, resource, values)
            if about and statement.unmet(values) is None:
                if denies:
                    return Verdict(False, policy, statement)
                verdict = Verdict(True, policy, statement)
    return verdict


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
    allowed = False
    for policy in policies:
        for statement in policy.statements:
            says = _may_say(statement, action, resource, values, is_open)
            if statement.effect is Effect.DENY and says is True:
                return False
            allowed = allowed or (statement.effect is Effect.ALLOW and says is not False)
    return allowed


def _may_say(
    statement: Statement,
    action: str,
    resource: str | None,
    values: Values,
    is_open: Callable[[str], bool],
) -> bool | None:
    """None where it cannot be told yet."""
    if statement.unreadable:
        return True
    if action not in statement.actions:
        return False
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
        tokens = wanted.text.tokens if wanted.text else ()
        names |= {token.key for token in tokens if isinstance(token, Variable)}
    return any(name not in values and is_open(name) for name in names)


def known(action: str, keys: Values) -> Values:
    if action == READING and not NOT_FOR_READING.isdisjoint(keys):
        return {key: values for key, values in keys.items() if key not in NOT_FOR_READING}
    return keys
