"""One listed object, as an operation sees it."""

from dataclasses import dataclass


@dataclass(slots=True, unsafe_hash=True)
class Target:
    """`key` is decoded; `version_id` is None for the newest version at the time of the task.

    Nobody changes one. It is not frozen, as to make a frozen one takes three times as long, and
    each task has its own.
    """

    bucket: str
    key: str
    version_id: str | None = None
