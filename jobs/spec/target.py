"""One listed object, as an operation sees it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """`key` is decoded; `version_id` is None for the newest version at the time of the task."""

    bucket: str
    key: str
    version_id: str | None = None
