"""A policy as it was read, and whether it has something to say about a request
(docs/access.md, How a decision is made).
"""

import functools
from dataclasses import dataclass
from enum import Enum

from jobs.access.policy.operators import NULL, Operator, Test, Wanted
from jobs.access.policy.patterns import Template, Values


class Effect(Enum):
    ALLOW = "Allow"
    DENY = "Deny"


class Many(Enum):
    """What stands in front of an operator where a key has several values."""

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True)
class Condition:
    """One key under one operator. `key` is folded, `written` as the policy has it."""

    operator: Operator
    key: str
    wanted: tuple[Wanted, ...]
    many: Many | None = None
    if_exists: bool = False
    written: str = ""

    def holds(self, values: Values, effect: Effect) -> bool:
        given = values.get(self.key, ())
        if self.operator is NULL:
            return any(wanted.value is not bool(given) for wanted in self.wanted)
        if not given:
            return self.without_key
        tests = self._fixed or self._tests(values)
        negated = self.operator.negated
        if len(given) == 1:
            return _any_fits(tests, given[0]) is not negated
        fits = [_any_fits(tests, value) is not negated for value in given]
        # Two tags of a job may differ in case alone. Then what is allowed must hold for each of
        # them, and what is denied for one.
        if self.many is Many.ALL or (self.many is None and effect is Effect.ALLOW):
            return all(fits)
        return any(fits)

    @property
    def without_key(self) -> bool:
        """What it says of a request that has no such key."""
        if self.if_exists or self.many is Many.ALL:
            return True
        return self.operator.negated and self.many is None

    @functools.cached_property
    def _fixed(self) -> list[Test] | None:
        """Those that need nothing of the request."""
        return None if any(wanted.text for wanted in self.wanted) else self._tests({})

    def _tests(self, values: Values) -> list[Test]:
        make = self.operator.make
        made = (wanted.of(values, make) for wanted in self.wanted)
        return [test for test in made if test is not None]


def _any_fits(tests: list[Test], value: str) -> bool:
    for test in tests:  # noqa: SIM110 (a generator takes twice the time)
        if test(value):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Statement:
    """`number` counts from 1 in its policy. `actions` are all that it is about, as the words of
    `Action` write them. With `not_resource` it is about what `resources` do not fit. One that is
    `unreadable` denies everything.
    """

    number: int
    sid: str
    effect: Effect
    actions: frozenset[str]
    resources: tuple[Template, ...]
    not_resource: bool
    conditions: tuple[Condition, ...]
    unreadable: bool = False
    everywhere: bool = False
    """It is about every resource, whatever that is."""

    @property
    def is_for_all(self) -> bool:
        """It says the same to everybody it is attached to, at all times."""
        return not self.conditions and not any(one.has_variables for one in self.resources)

    @property
    def label(self) -> str:
        return f'"{self.sid}"' if self.sid else f"{self.number}"

    def is_about(self, action: str, resource: str, values: Values) -> bool:
        """Whether action and resource are its, whatever the conditions say."""
        if self.unreadable:
            return True
        return action in self.actions and (self.everywhere or self.fits(resource, values))

    def fits(self, resource: str, values: Values) -> bool:
        for template in self.resources:
            glob = template.filled(values)
            if glob is not None and glob.fits(resource):
                return not self.not_resource
        return self.not_resource

    def unmet(self, values: Values) -> Condition | None:
        """The first condition that does not hold; None when all do."""
        for condition in self.conditions:
            if not condition.holds(values, self.effect):
                return condition
        return None


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    statements: tuple[Statement, ...]


UNREADABLE = Statement(
    0, "", Effect.DENY, frozenset(), (), False, (), unreadable=True, everywhere=True
)
"""Stands for what cannot be read any more: it may have denied something, and nobody can say what."""
