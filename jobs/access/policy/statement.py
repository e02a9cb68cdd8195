"""A policy as it was read, and whether it has something to say about a request
(docs/access.md, How a decision is made).
"""

import functools
from dataclasses import dataclass
from enum import Enum

from jobs.access.policy.operators import NULL, Operator, Test, Wanted
from jobs.access.policy.patterns import Match, Template, Values


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
        if self._asks_presence:
            return any(wanted.value is not bool(given) for wanted in self.wanted)
        if not given:
            return self.without_key
        test, negated = self._fixed or self._filled(values), self._negated
        if len(given) == 1:
            return test(given[0]) is not negated
        fits = [test(value) is not negated for value in given]
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

    # A decision looks at hundreds of conditions, so what is the same for every request is made once.

    @functools.cached_property
    def _asks_presence(self) -> bool:
        return self.operator is NULL

    @functools.cached_property
    def _negated(self) -> bool:
        return self.operator.negated

    @functools.cached_property
    def _fixed(self) -> Test | None:
        """Whether one of the values fits; None where that takes something of the request."""
        return None if any(wanted.text for wanted in self.wanted) else self._test({})

    def _filled(self, values: Values) -> Test:
        """The same, of a condition with variables."""
        known, names = self._made
        filled_with = tuple([values.get(name) for name in names])
        test = known.get(filled_with)
        if test is None:
            if len(known) >= _MOST_MADE:
                known.clear()
            test = known[filled_with] = self._test(values)
        return test

    @functools.cached_property
    def _made(self) -> tuple[dict[tuple[tuple[str, ...] | None, ...], Test], tuple[str, ...]]:
        """Tests of late by the values of the variables, and the names of these."""
        texts = [wanted.text for wanted in self.wanted if wanted.text]
        return {}, tuple(dict.fromkeys(name for text in texts for name in text.variables))

    def _test(self, values: Values) -> Test:
        make = self.operator.make
        made = (wanted.of(values, make) for wanted in self.wanted)
        return _any_of([test for test in made if test is not None])


_MOST_MADE = 64


def _any_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def fits(value: str) -> bool:
        for test in tests:  # noqa: SIM110 (a generator takes twice the time)
            if test(value):
                return True
        return False

    return fits


@dataclass(frozen=True)
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
        for match in self._matches or self._filled(values):
            if match(resource):
                return not self.not_resource
        return self.not_resource

    @functools.cached_property
    def _matches(self) -> tuple[Match, ...]:
        """Of resources that are the same for every request; empty where one is not."""
        return () if any(one.has_variables for one in self.resources) else self._filled({})

    def _filled(self, values: Values) -> tuple[Match, ...]:
        globs = (one.filled(values) for one in self.resources)
        return tuple(glob.match for glob in globs if glob is not None)

    def applies(self, resource: str, values: Values) -> bool:
        """Whether it has its say, of an action that is its."""
        if not (self.everywhere or self.fits(resource, values)):
            return False
        effect = self.effect
        for condition in self.conditions:  # noqa: SIM110 (as above)
            if not condition.holds(values, effect):
                return False
        return True

    def unmet(self, values: Values) -> Condition | None:
        """The first condition that does not hold; None when all do."""
        for condition in self.conditions:
            if not condition.holds(values, self.effect):
                return condition
        return None


@dataclass(frozen=True)
class Policy:
    name: str
    statements: tuple[Statement, ...]

    def about(self, action: str, effect: Effect) -> tuple[Statement, ...]:
        """Those that may have something to say of `action`, in their order."""
        found = self._about.get((action, effect))
        if found is None:
            found = self._about[action, effect] = tuple(
                one
                for one in self.statements
                if one.effect is effect and (one.unreadable or action in one.actions)
            )
        return found

    @functools.cached_property
    def _about(self) -> dict[tuple[str, Effect], tuple[Statement, ...]]:
        return {}


UNREADABLE = Statement(
    0, "", Effect.DENY, frozenset(), (), False, (), unreadable=True, everywhere=True
)
"""Stands for what cannot be read any more: it may have denied something, and nobody can say what."""
