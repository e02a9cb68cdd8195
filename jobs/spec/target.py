"""One listed object, as an operation sees it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Guard:
    """What an object was like when it was looked at, for a task that may change it only if it still
    is so. What is not known stands empty: `etag` as the storage wrote it, with its quotes,
    `version_id`, `size_bytes`, `last_modified_s` in seconds since 1970. One that `is_absent` was not
    there at all.
    """

    etag: str = ""
    version_id: str = ""
    size_bytes: int | None = None
    last_modified_s: float | None = None
    is_absent: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Target:
    """`key` is decoded; `version_id` is None for the newest version at the time of the task. `guard`
    is what the object must still be like, None where nothing was seen of it.

    Nobody changes one. It is not frozen, as to make a frozen one takes three times as long, and
    each task has its own.
    """

    bucket: str
    key: str
    version_id: str | None = None
    guard: Guard | None = field(default=None, compare=False)
