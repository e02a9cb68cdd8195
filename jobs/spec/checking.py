"""Collects what is wrong with the members of a wire form, field by field."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jobs.errors import Problem, ValidationFailedError


class Checker:
    """Gathers problems while a structure is read; `done` raises when there are any.

    Each reader returns None for an absent member, and for one that cannot be used at all.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(self, field: str, message: str) -> None:
        self.problems.append(Problem(field, message))

    def done(self) -> None:
        if self.problems:
            raise ValidationFailedError(self.problems)

    def only(self, value: Mapping[str, Any], allowed: Collection[str], field: str = "") -> None:
        for name in value:
            if name not in allowed:
                path = f"{field}.{name}" if field else str(name)
                self.say(path, f'"{name}" is not a parameter here. Take it out.')

    def structure(self, value: Any, field: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self.say(field, f"{field} must be a structure.")
        return {}

    def items(self, value: Any, field: str) -> Sequence[Any]:
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return value
        self.say(field, f"{field} must be a list.")
        return ()

    def text(self, value: Any, field: str, *, low: int = 1, high: int) -> str | None:
        """A text of `low` to `high` characters."""
        if value is None:
            return None
        if not isinstance(value, str):
            self.say(field, f"{field} must be a text.")
            return None
        if not low <= len(value) <= high:
            self.say(field, f"{field} must have {low} to {high:,} characters, not {len(value):,}.")
        if any(ord(character) < 32 or "\ud800" <= character <= "\udfff" for character in value):
            self.say(field, f"{field} must not hold control characters.")
        return value

    def header(self, value: Any, field: str, *, low: int = 1, high: int) -> str | None:
        """A text that travels in an HTTP header, where only ASCII arrives as it was sent."""
        read = self.text(value, field, low=low, high=high)
        if read and not read.isascii():
            self.say(field, f"{field} must hold ASCII characters only; encode others.")
        elif read and (read != read.strip() or "\x7f" in read):
            self.say(field, f"{field} must not begin or end with a space.")
        return read

    def choice(self, value: Any, field: str, allowed: Sequence[str]) -> str | None:
        if value is None:
            return None
        if value not in allowed:
            self.say(field, f"{field} must be one of {', '.join(allowed)}.")
            return None
        return str(value)

    def flag(self, value: Any, field: str) -> bool | None:
        if value is None or isinstance(value, bool):
            return value
        self.say(field, f"{field} must be true or false.")
        return None

    def moment(self, value: Any, field: str) -> str | None:
        """An ISO 8601 moment with its zone, kept as it was written."""
        if value is None:
            return None
        with contextlib.suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is not None and moment.astimezone(UTC):  # some have no year there
                return str(value)
        self.say(field, f"{field} must be a moment such as 2030-01-02T03:04:05Z.")
        return None


def given(members: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are there."""
    return {name: value for name, value in members.items() if value is not None}
