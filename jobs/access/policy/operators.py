"""The condition operators (docs/access.md, Operators): how the values of a policy are read, and what
fits them.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from jobs.access.policy.keys import Kind, fold
from jobs.access.policy.patterns import Glob, Template, Values, Wild, template

Test = Callable[[str], bool]
"""Whether a value of the request fits one value of the policy."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value of a condition. `test` is ready where it needs nothing of the request, else `text`
    makes it.
    """

    test: Test | None
    text: Template | None = None
    value: Any = None
    """As it was read: a Decimal, a datetime, a Glob, True."""

    def of(self, values: Values, make: Callable[[Glob], Test]) -> Test | None:
        """None where a variable has no value: then nothing fits."""
        if self.text is None:
            return self.test
        filled = self.text.filled(values)
        return None if filled is None else make(filled)


@dataclass(frozen=True, slots=True)
class Operator:
    """`read` makes a Wanted of a value's text, told whether the policy has variables, and raises
    ValueError with a sentence. `make` makes the test of a text in which variables were filled in.
    """

    name: str
    kinds: frozenset[Kind]
    read: Callable[[str, bool], Wanted]
    make: Callable[[Glob], Test]
    negated: bool = False

    @property
    def base(self) -> str:
        """The name of what it negates, or its own."""
        return self.name.replace("Not", "") if self.negated else self.name


# Texts and ARNs: the kinds in which variables stand.


def _same(glob: Glob) -> Test:
    wanted = plain(glob)
    return lambda value: value == wanted


def _same_letters(glob: Glob) -> Test:
    wanted = fold(plain(glob))
    return lambda value: fold(value) == wanted


def _like(glob: Glob) -> Test:
    return glob.fits


def _arn_like(glob: Glob) -> Test:
    if glob.tokens == (Wild.ANY,):
        return lambda value: True
    parts = _parts_of(glob)

    def fits(value: str) -> bool:
        given = value.split(":", 5)
        return len(given) == len(parts) and all(map(Glob.fits, parts, given))

    return fits


def _parts_of(glob: Glob) -> list[Glob]:
    """The six of an ARN, of which the last may hold colons."""
    parts: list[list[str | Wild]] = [[]]
    for token in glob.tokens:
        if isinstance(token, Wild):
            parts[-1].append(token)
            continue
        first, *rest = token.split(":", 6 - len(parts))
        parts[-1] += [first] if first else []
        parts += [[text] if text else [] for text in rest]
    return [Glob(tuple(part)) for part in parts]


def plain(glob: Glob) -> str:
    """Of a text without wildcards."""
    return "".join(str(token) for token in glob.tokens)


def _text(text: str, variables: bool, *, wild: bool, make: Callable[[Glob], Test]) -> Wanted:
    read = template(text, wild=wild, variables=variables)
    if read.has_variables:
        return Wanted(None, read)
    filled = read.filled({}) or Glob(())
    return Wanted(make(filled), value=filled)


def _arn(text: str, variables: bool) -> Wanted:
    if text != "*" and text.count(":") < 5:
        raise ValueError(f'"{text[:80]}" is no ARN: it has six parts with colons between them.')
    return _text(text, variables, wild=True, make=_arn_like)


# Values without variables, as in AWS.


def _value(
    parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]
) -> Callable[[str, bool], Wanted]:
    def read(text: str, variables: bool) -> Wanted:
        _refuse_variables(text)
        wanted = parse(text)

        def fits(value: str) -> bool:
            try:
                return compare(parse(value), wanted)
            except ValueError:
                return False

        return Wanted(fits, value=wanted)

    return read


_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?", re.ASCII)


@functools.lru_cache(maxsize=1024)
def number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'"{text[:80]}" is no number. Write it in digits, without an exponent.')
    return Decimal(text)


@functools.lru_cache(maxsize=1024)
def date(text: str) -> datetime:
    """ISO 8601, or seconds since 1970; without a zone it is UTC."""
    try:
        if text.isascii() and text.isdecimal() and len(text) <= 11:
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f'"{text[:80]}" is no date. Write it as 2026-12-31T23:59:59Z.') from error


def truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f'"{text[:80]}" is neither true nor false.')
    return text.lower() == "true"


Network = IPv4Network | IPv6Network


def network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        said = f'"{text[:80]}" is no IP address. Write it as 203.0.113.0/24 or 2001:db8::/32.'
        raise ValueError(said) from error


@functools.lru_cache(maxsize=1024)
def _address(text: str) -> tuple[int, int]:
    """Its version and its number."""
    found = ip_address(text)
    found = getattr(found, "ipv4_mapped", None) or found
    return found.version, int(found)


def _in_network(text: str, variables: bool) -> Wanted:
    _refuse_variables(text)
    wanted = network(text)
    version, mask, masked = wanted.version, int(wanted.netmask), int(wanted.network_address)

    def fits(value: str) -> bool:
        try:
            of, number = _address(value)
        except ValueError:
            return False
        return of == version and number & mask == masked

    return Wanted(fits, value=wanted)


def _refuse_variables(text: str) -> None:
    if "${" in text:
        raise ValueError("A variable can stand in texts and ARNs only, not in this operator.")


def _no_variables(glob: Glob) -> Test:
    raise AssertionError("This operator takes no variables.")


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanEquals": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanEquals": lambda value, wanted: value >= wanted,
}


def _operators() -> list[Operator]:
    texts = frozenset({Kind.STRING, Kind.ARN})
    found = []
    for name, negation, make in (
        ("StringEquals", "StringNotEquals", _same),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _same_letters),
        ("StringLike", "StringNotLike", _like),
    ):
        read = functools.partial(_text, wild=make is _like, make=make)
        found += [Operator(name, texts, read, make), Operator(negation, texts, read, make, True)]
    # As in AWS both are the same: ArnEquals knows wildcards, too.
    for name, negation in (("ArnEquals", "ArnNotEquals"), ("ArnLike", "ArnNotLike")):
        arns = frozenset({Kind.ARN})
        found += [
            Operator(name, arns, _arn, _arn_like),
            Operator(negation, arns, _arn, _arn_like, True),
        ]
    for family, kind, parse in (("Numeric", Kind.NUMERIC, number), ("Date", Kind.DATE, date)):
        kinds = frozenset({kind})
        for name, compare in COMPARISONS.items():
            found.append(Operator(family + name, kinds, _value(parse, compare), _no_variables))
        same = _value(parse, COMPARISONS["Equals"])
        found.append(Operator(family + "NotEquals", kinds, same, _no_variables, True))
    bools, addresses = frozenset({Kind.BOOL}), frozenset({Kind.IP})
    same = _value(truth, COMPARISONS["Equals"])
    return [
        *found,
        Operator("Bool", bools, same, _no_variables),
        Operator("IpAddress", addresses, _in_network, _no_variables),
        Operator("NotIpAddress", addresses, _in_network, _no_variables, True),
        Operator("Null", frozenset(Kind), same, _no_variables),
    ]


OPERATORS = {operator.name: operator for operator in _operators()}
NULL = OPERATORS["Null"]
