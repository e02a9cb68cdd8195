"""What a listing says of one object, one version or one delete marker."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Listed:
    """`key` is the key itself, not encoded. `version_id` is None where versions were not asked for,
    and "null" for the null version; `is_latest` is True for what a listing of current objects has.
    `etag` is without quotes, "" for a delete marker, as is `storage_class`. `last_modified_s` is
    in seconds since 1970. `owner` is the ID of the owner, "" where the storage does not tell.
    """

    key: str
    version_id: str | None
    is_latest: bool
    is_delete_marker: bool
    size_bytes: int
    etag: str
    last_modified_s: float
    storage_class: str
    owner: str = ""


Keeps = Callable[[list[Listed]], list[Listed]]
"""Gives those of a page that belong to the list, in their order. Called from one thread."""


def keeps_all(batch: list[Listed]) -> list[Listed]:
    return batch
