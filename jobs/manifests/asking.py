"""Asking buckets about a few objects of a list while somebody waits in front of a page."""

import time
from collections.abc import Callable

from jobs.errors import StorageError
from jobs.manifests.presence import Presence, presence
from jobs.s3.storage import Storage

WITHIN_S = 1.5


class Asking:
    """Each object once, for so long and no longer: what is not known by then cannot be seen."""

    def __init__(self, storage: Callable[[str], Storage], *, within_s: float = WITHIN_S) -> None:
        self._storage = storage
        self._until_s = time.monotonic() + within_s
        self._known: dict[tuple[str, str, str | None], Presence] = {}

    def __call__(self, bucket: str, key: str, version_id: str | None) -> Presence:
        asked = (bucket, key, version_id)
        if asked not in self._known:
            self._known[asked] = self._ask(bucket, key, version_id)
        return self._known[asked]

    def _ask(self, bucket: str, key: str, version_id: str | None) -> Presence:
        if time.monotonic() > self._until_s:
            return Presence.HIDDEN
        try:
            return presence(self._storage(bucket), bucket, key, version_id)
        except StorageError:
            return Presence.HIDDEN
