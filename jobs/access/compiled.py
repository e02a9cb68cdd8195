"""Which jobs policies let somebody see, as one condition for the database (docs/access.md, What is seen).

It says for every job what `policy.evaluation` says: a test compares the two over policies and jobs at
random. What the request alone decides is decided here, so that a policy that shows everything adds
nothing to a query.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.lookups import In

from jobs.access.policy.evaluation import READING
from jobs.access.policy.keys import fold
from jobs.access.policy.operators import NULL, Operator, plain
from jobs.access.policy.patterns import Glob, Values, Wild
from jobs.access.policy.statement import Condition, Effect, Many, Policy, Statement
from jobs.access.text_in_sql import Fits, Folded
from jobs.choices import JobStatus
from jobs.models import JobTag

Told = bool | Q
"""What the request alone decides is a bool."""

Test = Callable[[str], Told]
"""Of the column of that name."""

_TAGS = "aws:resourcetag/"


@dataclass(frozen=True)
class Seen:
    """`values` are what is known of person and request. `places` gives the beginning of the ARNs of the
    jobs of each Region, by its primary key. `owner` is the person's primary key.
    """

    values: Values
    places: Callable[[], Mapping[int, str]]
    owner: int | None

    def by(self, policies: Iterable[Policy]) -> Told:
        statements = [one for policy in policies for one in policy.statements]
        allowed = _any(self._says(one) for one in statements if one.effect is Effect.ALLOW)
        if allowed is False:
            return False
        denied = _any(self._says(one) for one in statements if one.effect is Effect.DENY)
        return _both(allowed, _not(denied))

    def _says(self, statement: Statement) -> Told:
        if statement.unreadable:
            return True
        if READING not in statement.actions:
            return False
        told = True if statement.everywhere else self._is_about(statement)
        for condition in statement.conditions:
            if told is False:
                return False
            told = _both(told, self._holds(condition, statement.effect))
        return told

    def _is_about(self, statement: Statement) -> Told:
        """Regions are few, so an ARN is compared up to the job's ID here, and the rest by the database."""
        filled = [one.filled(self.values) for one in statement.resources]
        left: dict[frozenset[Glob], list[int]] = {}
        for region, beginning in self.places().items():
            rest = frozenset(one for glob in filled if glob for one in glob.after(beginning))
            left.setdefault(rest, []).append(region)
        return _any(
            _both(
                True if len(left) == 1 else Q(region_id__in=regions),
                _not(_like(rest)("pk")) if statement.not_resource else _like(rest)("pk"),
            )
            for rest, regions in left.items()
        )

    def _holds(self, condition: Condition, effect: Effect) -> Told:
        of_job = self._of_job(condition.key)
        if of_job is None:
            return condition.holds(self.values, effect)
        if condition.operator is NULL:
            wanted = {one.value for one in condition.wanted}
            present = of_job.present()
            return True if len(wanted) > 1 else _not(present) if True in wanted else present
        test = self._test(condition)
        if condition.operator.negated:
            test = _negated(test)
        if condition.many is Many.ALL or (condition.many is None and effect is Effect.ALLOW):
            told = _not(of_job.some(_negated(test)))
            return told if condition.without_key else _both(of_job.present(), told)
        told = of_job.some(test)
        return _either(_not(of_job.present()), told) if condition.without_key else told

    def _of_job(self, key: str) -> "_Column | _Tags | None":
        if key.startswith(_TAGS):
            return _Tags(key.removeprefix(_TAGS))
        if key == "batchconsole:isjobowner":
            return _Column("owner_id")
        return _COLUMNS.get(key)

    def _test(self, condition: Condition) -> Test:
        """Whether a value fits one of those that are wanted, negated or not."""
        operator, wanted = condition.operator, condition.wanted
        if operator.base.startswith("String"):
            texts = (one.text.filled(self.values) if one.text else one.value for one in wanted)
            return _text(operator, [text for text in texts if text is not None])
        if operator.base == "Bool":
            return self._is_own({one.value for one in wanted})
        return lambda column: _any(_compared(column, operator, one.value) for one in wanted)

    def _is_own(self, wanted: set[bool]) -> Test:
        own: Told = False if self.owner is None else Q(owner_id=self.owner)
        told = _any(own if one else _not(own) for one in wanted)
        return lambda column: told


# What a condition may be about.


@dataclass(frozen=True)
class _Column:
    """A key with one value, or none where `there` does not hold."""

    name: str
    there: Q | None = None

    def present(self) -> Told:
        return True if self.there is None else self.there

    def some(self, test: Test) -> Told:
        return _both(self.present(), test(self.name))


@dataclass(frozen=True)
class _Tags:
    """Those of a job whose keys are folded to one: two of them may differ in case."""

    key: str

    def present(self) -> Told:
        return self.some(lambda column: True)

    def some(self, test: Test) -> Told:
        told = test("value")
        if told is False:
            return False
        tags = JobTag.objects.filter(In(Folded("key"), [self.key]), job=OuterRef("pk"))
        return Q(Exists(tags if told is True else tags.filter(told)))


_COLUMNS = {
    "s3:existingjobpriority": _Column("priority"),
    "s3:existingjoboperation": _Column("operation"),
    "s3:jobsuspendedcause": _Column(
        "suspended_cause", Q(status=JobStatus.SUSPENDED) & ~Q(suspended_cause="")
    ),
    "batchconsole:totaltasks": _Column("total_tasks", Q(total_tasks__isnull=False)),
    "batchconsole:jobbytes": _Column(
        "listed_bytes",
        Q(listed_bytes__isnull=False, total_tasks__isnull=False, sample_rows__isnull=True),
    ),
}


# Comparisons.


def _text(operator: Operator, wanted: list[Glob]) -> Test:
    if operator.base == "StringLike":
        return _like(frozenset(wanted))
    texts = [plain(glob) for glob in wanted]
    if operator.base == "StringEquals":
        return lambda column: Q(**{f"{column}__in": texts}) if texts else False
    folded = [fold(text) for text in texts]
    return lambda column: Q(In(Folded(column), folded)) if folded else False


def _like(wanted: frozenset[Glob]) -> Test:
    if any(glob.fits_all for glob in wanted):
        return lambda column: True
    wild = [glob for glob in wanted if any(isinstance(token, Wild) for token in glob.tokens)]
    texts = [plain(glob) for glob in wanted if glob not in wild]

    def told(column: str) -> Told:
        same: Told = Q(**{f"{column}__in": texts}) if texts else False
        return _either(same, _any(Q(Fits(F(column), glob)) for glob in wild))

    return told


_HIGH = Decimal(2**63 - 1)


def _compared(column: str, operator: Operator, wanted: Decimal) -> Told:
    """The columns hold whole numbers from 0, and take no others to compare with."""
    value = max(Decimal(-1), min(wanted, _HIGH))
    low, high = value.to_integral_value(ROUND_FLOOR), value.to_integral_value(ROUND_CEILING)
    if operator.base == "NumericEquals":
        return Q(**{column: int(wanted)}) if 0 <= wanted <= _HIGH and low == high else False
    lookup, bound = {
        "NumericLessThan": ("lt", high),
        "NumericLessThanEquals": ("lte", low),
        "NumericGreaterThan": ("gt", low),
        "NumericGreaterThanEquals": ("gte", high),
    }[operator.base]
    return Q(**{f"{column}__{lookup}": int(bound)})


def _negated(test: Test) -> Test:
    return lambda column: _not(test(column))


def _not(told: Told) -> Told:
    return not told if isinstance(told, bool) else ~told


def _both(first: Told, second: Told) -> Told:
    if isinstance(first, bool):
        return second if first else False
    if isinstance(second, bool):
        return first if second else False
    return first & second


def _either(first: Told, second: Told) -> Told:
    return _any((first, second))


def _any(told: Iterable[Told]) -> Told:
    found: Told = False
    for one in told:
        if one is True:
            return True
        if not isinstance(one, bool):
            found = one if isinstance(found, bool) else found | one
    return found
