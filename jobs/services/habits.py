"""What a worker found out about one destination: how it differs from what the books say."""

from dataclasses import dataclass, field

MOST_AT_ONCE = 1000
"""Keys that a request DeleteObjects may name."""

LARGEST_COPY_BYTES = 5 * 1024**3
"""What S3 says of CopyObject; a storage may have another limit, or none."""


@dataclass(slots=True)
class Habits:
    """Kept for as long as a worker's connections; begins with what the Region says.

    `at_once` is how many keys one DeleteObjects may name, 1 where that call does not work here.
    `conditions` are those that a probe saw kept (`choices.Capability`): a stale one was refused.
    `tags_after_every_copy`: even a copy that changes nothing loses its source's tags.
    `untags_by_put`: tags go by setting none, and stay where they are to be deleted.
    `largest_copy_bytes` is how large an object may be that one CopyObject copies, as far as is known.
    `unmarked` are the actions whose answers have nothing that only a storage sends, `known` those
    that it was seen to know, and not to take for something else.
    """

    tags_after_copy: bool = False
    tags_after_every_copy: bool = False
    lock_after_copy: bool = False
    untags_by_put: bool = False
    at_once: int = MOST_AT_ONCE
    largest_copy_bytes: int = LARGEST_COPY_BYTES
    conditions: frozenset[str] = frozenset()
    has_deleted_many: bool = False
    unmarked: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
