"""Texts of a policy: with wildcards, and with variables that each request fills in
(docs/access.md, Policy variables).
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from jobs.access.policy import keys

Values = Mapping[str, tuple[str, ...]]
"""What is known of a request: values by the folded names of condition keys."""


class Wild(Enum):
    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """`default` counts where the key is absent; None for none."""

    key: str
    default: str | None = None


Token = str | Wild

Match = Callable[[str], re.Match[str] | None]


@dataclass(frozen=True)
class Glob:
    """A text with wildcards: signs and `Wild`s, no text empty, none beside another."""

    tokens: tuple[Token, ...]

    def fits(self, text: str) -> bool:
        return self.match(text) is not None

    @functools.cached_property
    def match(self) -> Match:
        return _regex(self.tokens).match

    @property
    def fits_all(self) -> bool:
        return bool(self.tokens) and all(token is Wild.ANY for token in self.tokens)

    def after(self, beginning: str) -> set["Glob"]:
        """What is left to fit, one way or another, once `beginning` was fitted."""
        flat = [
            sign for token in self.tokens for sign in (token if isinstance(token, str) else [token])
        ]
        places = _opened(flat, {0})
        for sign in beginning:
            moved = {
                place if flat[place] is Wild.ANY else place + 1
                for place in places
                if place < len(flat) and (isinstance(flat[place], Wild) or flat[place] == sign)
            }
            places = _opened(flat, moved)
        return {Glob(tuple(_joined(flat[place:]))) for place in places}


def _opened(flat: list[Token], places: set[int]) -> set[int]:
    """With those behind a `*` that may stand for nothing."""
    found = set(places)
    for place in sorted(places):
        while place < len(flat) and flat[place] is Wild.ANY:
            place += 1
            found.add(place)
    return found


def _joined(tokens: list[Token]) -> Iterator[Token]:
    text = ""
    for token in tokens:
        if isinstance(token, str):
            text += token
            continue
        if text:
            yield text
        text = ""
        yield token
    if text:
        yield text


@functools.lru_cache(maxsize=4096)
def _regex(tokens: tuple[Token, ...]) -> re.Pattern[str]:
    """What stands between two `*` is taken at its first place and never sought again, so that no
    pattern takes longer than the text is long.
    """
    chunks, written = [""], ""
    for token in tokens:
        if token is Wild.ANY:
            chunks.append("")
        else:
            chunks[-1] += re.escape(token) if isinstance(token, str) else "."
    first, *rest = chunks
    if rest:
        written = "".join(f"(?>.*?{chunk})" for chunk in rest[:-1] if chunk) + f".*{rest[-1]}"
    return re.compile(f"(?s:{first}{written})\\Z")


@dataclass(frozen=True)
class Template:
    """A text of a policy, as it was taken apart. What is the same for every request is made once."""

    tokens: tuple[Token | Variable, ...]

    def filled(self, values: Values) -> Glob | None:
        """With the variables of a request, whose signs stand for themselves; None where one of them
        has no value: then it fits nothing.
        """
        return self._fixed or self._filled(values)

    @functools.cached_property
    def _fixed(self) -> Glob | None:
        return None if self.has_variables else self._filled({})

    def _filled(self, values: Values) -> Glob | None:
        tokens: list[Token] = []
        for token in self.tokens:
            if isinstance(token, Variable):
                found = values.get(token.key, ())
                text = found[0] if len(found) == 1 else None if found else token.default
                if text is None:
                    return None
                tokens.append(text)
            else:
                tokens.append(token)
        return Glob(tuple(tokens) if len(tokens) == 1 else tuple(_joined(tokens)))

    @property
    def has_variables(self) -> bool:
        return bool(self.variables)

    @functools.cached_property
    def variables(self) -> tuple[str, ...]:
        """The condition keys that they name."""
        return tuple(token.key for token in self.tokens if isinstance(token, Variable))


_PART = re.compile(r"\$\{([^{}]*)\}|(\$\{)|([*?])|((?:[^*?$]|\$(?!\{))+)", re.DOTALL)
_NAMED = re.compile(r"\s*([^,']+?)\s*(?:,\s*'([^']*)'\s*)?", re.DOTALL)


def template(text: str, *, wild: bool, variables: bool = True) -> Template:
    """`text` taken apart; wildcards count where `wild` says so. Raises ValueError with a sentence."""
    if not variables and "${" in text:
        raise ValueError('Variables need "Version": "2012-10-17" in the policy.')
    tokens: list[Token | Variable] = []
    for inside, unclosed, wildcard, literal in _PART.findall(text):
        if unclosed:
            raise ValueError(
                '"${" begins a variable that is not closed. Write ${$} for a dollar sign.'
            )
        if wildcard:
            tokens.append(Wild(wildcard) if wild else wildcard)
        elif literal:
            tokens.append(literal)
        elif inside in ("*", "?", "$"):
            tokens.append(inside)
        else:
            tokens.append(_variable(inside))
    return Template(tuple(tokens))


def _variable(inside: str) -> Variable:
    found = _NAMED.fullmatch(inside)
    if found is None:
        raise ValueError(
            f"${{{inside[:80]}}} is no variable. Write it as ${{aws:username}}, or with a value for"
            " whoever has none as ${aws:PrincipalTag/team, 'none'}."
        )
    key = keys.find(found[1])
    if key is None:
        raise ValueError(f'"{found[1][:80]}" is no condition key, so it cannot be a variable.')
    if key.many:
        raise ValueError(f"{key.name} may have several values, so it cannot be a variable.")
    if key.of is keys.Of.JOB:
        raise ValueError(
            f"{found[1][:80]} is the job's. A variable can be of the person or of the request: compare"
            " the job's key with that instead."
        )
    return Variable(keys.fold(found[1]), found[2])
