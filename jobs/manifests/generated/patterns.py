"""Globs and regular expressions, in time that grows with the text alone. Pure.

In a glob * stands for any characters, slashes included, ? for one, [a-z] for one of these and [!a-z] for
one that is none of these. A regular expression has RE2's syntax and may match anywhere in a key.
"""

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jobs.errors import Problem
from jobs.spec.generator import EXTENSION, GeneratorSpec
from jobs.spec.pairs import Pair

Matches = Callable[[str], bool]
MOST_MEMORY_BYTES = 1024 * 1024
"""Of one expression, compiled. A larger one is refused."""


def globs(patterns: Sequence[str]) -> Matches:
    """Whether a text as a whole is like any of them. Raises ValueError with a sentence."""
    if len(patterns) == 1 and (simple := _simple(patterns[0])):
        return simple
    found = _compiled(f"(?s)\\A(?:{'|'.join(map(_in_re2, patterns))})\\z")
    return lambda text: found.search(text.encode()) is not None


def _simple(glob: str) -> Matches | None:
    """For a glob with * at its ends alone, without RE2: thirty times as fast."""
    inside = glob.strip("*")
    if set("*?[") & set(inside):
        return None
    match glob.startswith("*"), glob.endswith("*"):
        case True, True:
            return lambda text: inside in text
        case True, False:
            return lambda text: text.endswith(inside)
        case False, True:
            return lambda text: text.startswith(inside)
    return lambda text: text == inside


def expression(pattern: str) -> Matches:
    """Raises ValueError with a sentence."""
    found = _compiled(pattern)
    # Of a text, places would be counted in characters: twice the time.
    return lambda text: found.search(text.encode()) is not None


def problems_of_pairs(named: Mapping[str, Sequence[Pair]]) -> list[Problem]:
    """What is wrong with globs of tags and metadata; `named` has them by the path of the member."""
    found = [
        (f"{name}[{n}].Glob", _wrong(globs, [pair.glob]))
        for name, pairs in named.items()
        for n, pair in enumerate(pairs)
        if pair.glob
    ]
    return [Problem(field, said) for field, said in found if said]


def problems_of(spec: GeneratorSpec) -> list[Problem]:
    """What is wrong with the patterns of a generator, which its wire form does not tell."""
    found = [(f"Globs[{n}]", _wrong(globs, [glob])) for n, glob in enumerate(spec.more.globs)]
    if spec.more.expression is not None:
        found.append(("RegularExpression", _wrong(expression, spec.more.expression)))
    if len(spec.more.globs) > 1:
        found.append(("Globs", _wrong(globs, spec.more.globs)))
    pairs = {f"{EXTENSION}.Tags": spec.more.tags, f"{EXTENSION}.Metadata": spec.more.metadata}
    problems = [Problem(f"{EXTENSION}.{field}", said) for field, said in found if said]
    return problems + problems_of_pairs(pairs)


def _wrong(make: Callable[..., Matches], pattern: object) -> str:
    try:
        make(pattern)
    except ValueError as error:
        return str(error)
    return ""


def _compiled(pattern: str) -> Any:
    # With the first pattern, as it takes memory, and the workers that run tasks meet none.
    re2 = importlib.import_module("re2")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_MEMORY_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(f"This is no regular expression of RE2: {_said(error)}.") from None


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _in_re2(glob: str) -> str:
    parts, place = [], 0
    while place < len(glob):
        sign = glob[place]
        place += 1
        end = glob.find("]", place + (2 if glob.startswith("!", place) else 1))
        if sign == "[" and end > 0:
            parts.append(_class(glob[place:end]))
            place = end + 1
        else:
            parts.append({"*": ".*", "?": "."}.get(sign) or _quoted(sign))
    return "".join(parts)


def _class(inside: str) -> str:
    negated = inside.startswith("!")
    ranges = re.findall(r"(.)-(.)|(.)", inside[negated:], re.DOTALL)
    for low, high, _ in ranges:
        if low > high:
            raise ValueError(f"In a glob {low}-{high} is no range: its end comes before its start.")
    signs = [
        _quoted(one) if one else f"{_quoted(low)}-{_quoted(high)}" for low, high, one in ranges
    ]
    return f"[{'^' if negated else ''}{''.join(signs)}]"


def _quoted(sign: str) -> str:
    return sign if sign.isalnum() or sign == "_" else rf"\x{{{ord(sign):x}}}"
