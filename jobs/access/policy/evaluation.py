"""The decision (docs/access.md, How a decision is made): nothing is allowed that no policy allows, and
one that denies counts more than all that allow.
"""

from collections.abc import Iterable, Iterator
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


def known(action: str, keys: Values) -> Values:
    if action == READING and not NOT_FOR_READING.isdisjoint(keys):
        return {key: values for key, values in keys.items() if key not in NOT_FOR_READING}
    return keys
