"""Reading a policy's text: JSON whose every place is known by its line, and that says nothing twice."""

import json
import re
from decimal import Decimal
from typing import Any

from jobs.errors import Problem, ValidationFailedError

MOST_CHARACTERS = 20_000
MOST_DEPTH = 8
"""A value of a condition, the deepest that a policy has, is at 7."""

_SPACE = re.compile(r"[ \t\r\n]*")


def read(text: str) -> tuple[Any, dict[str, int]]:
    """The document, and the line of each path in it ("Statement[0].Effect"), counted from 1.

    Python's own reader takes the last of two equal names and keeps quiet: a Deny might be written
    and not count. Raises ValidationFailedError.
    """
    if len(text) > MOST_CHARACTERS:
        said = (
            f"The policy has {len(text):,} characters. It may have {MOST_CHARACTERS:,}: split it."
        )
        raise ValidationFailedError([Problem("", said)])
    return _Reader(text).document()


def _no_number(name: str) -> Any:
    raise json.JSONDecodeError(f"it has no number {name}", "", 0)


def _is_storable(text: str) -> bool:
    """Neither NUL nor half of a surrogate pair, which JSON may write."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


class _Reader:
    _scalars = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[str, int] = {}

    def document(self) -> tuple[Any, dict[str, int]]:
        value, end = self._value(self._space(0), "", 1)
        if end < len(self.text):
            raise self._problem(end, "Something follows behind the end of the policy. Remove it.")
        return value, self.lines

    def _value(self, at: int, path: str, depth: int) -> tuple[Any, int]:
        """The value, and where what follows it begins."""
        self.lines[path] = self._line(at)
        opens = self.text[at : at + 1]
        if opens in ("{", "[") and depth > MOST_DEPTH:
            raise self._problem(at, f"The policy is nested deeper than {MOST_DEPTH} levels.")
        if opens == "{":
            return self._object(at + 1, path, depth)
        if opens == "[":
            return self._array(at + 1, path, depth)
        try:
            value, end = self._scalars.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            place = error.pos if error.doc else at
            said = error.msg.removesuffix(" at")
            raise self._problem(
                place, f"This is not JSON: {said[:1].lower()}{said[1:]}."
            ) from error
        except ValueError as error:  # Python reads no number of very many digits
            raise self._problem(at, "This number is too long.") from error
        if isinstance(value, str) and not value.isprintable() and not _is_storable(value):
            raise self._problem(at, "This text has a sign that no database keeps. Remove it.")
        return value, self._space(end)

    def _object(self, at: int, path: str, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self._space(at)
        while self.text[at : at + 1] != "}" or found:
            if self.text[at : at + 1] != '"':
                raise self._problem(
                    at, 'This is not JSON: a name in double quotes or "}" belongs here.'
                )
            name, end = self._value(at, "", depth)
            inner = f"{path}.{name}" if path else name
            if name in found:
                raise self._problem(at, f'"{name[:80]}" stands here twice. Join the two.')
            end = self._skip(end, ":")
            found[name], at = self._value(end, inner, depth + 1)
            if self.text[at : at + 1] == "}":
                break
            at = self._skip(at, ",")
        return found, self._space(at + 1)

    def _array(self, at: int, path: str, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self._space(at)
        while self.text[at : at + 1] != "]" or found:
            value, at = self._value(at, f"{path}[{len(found)}]", depth + 1)
            found.append(value)
            if self.text[at : at + 1] == "]":
                break
            at = self._skip(at, ",")
        return found, self._space(at + 1)

    def _skip(self, at: int, sign: str) -> int:
        if self.text[at : at + 1] != sign:
            raise self._problem(
                at, f'This is not JSON: "{sign}" or a closing bracket belongs here.'
            )
        return self._space(at + 1)

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _problem(self, at: int, said: str) -> ValidationFailedError:
        """Of what has no path yet: the line stands for it."""
        return ValidationFailedError([Problem(f"line {self._line(at)}", said)])
