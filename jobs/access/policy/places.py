"""Problems of a document by their places, and values that may be one or a list."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from jobs.errors import Problem, ValidationFailedError


class Problems(list[Problem]):
    def add(self, path: str, said: str) -> None:
        self.append(Problem(path, said))

    def raise_if_any(self) -> None:
        if self:
            raise ValidationFailedError(list(self))


def listed(value: Any, path: str, problems: Problems) -> Iterator[tuple[str, Any]]:
    """One value or several, each with its path. None is told of elsewhere: it is not there."""
    if isinstance(value, list):
        if not value:
            problems.add(path, "This list is empty. Name at least one.")
        for place, one in enumerate(value):
            yield f"{path}[{place}]", one
    elif value is not None:
        yield path, value


def unknown_names(
    written: Mapping[str, Any], known: Collection[str], path: str, problems: Problems
) -> None:
    meant = {name.lower(): name for name in known}
    for name in written:
        if name in known:
            continue
        right = meant.get(name.lower())
        said = (
            f"Write {shown(name)} as {right}." if right else f"There is no element {shown(name)}."
        )
        problems.add(f"{path}.{name}" if path else name, said)


def shown(value: Any) -> str:
    """A value of a document inside a sentence."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
