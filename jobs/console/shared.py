"""Polled fragments that all who look at the same thing share: each is made once a second."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from django.utils import timezone

FRESH_S = 1.0
MOST = 1_000
"""Fragments kept: those of so many jobs at once, or of so many filters of the list."""


class SharedFragments:
    """Of one process. A key names all that a fragment depends on besides the database: what it is
    about, what its reader may do, and what the reader's page shows already.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, str]] = OrderedDict()

    def get(self, key: Hashable) -> str | None:
        """None where it has to be made."""
        with self._lock:
            made_s, text = self._kept.get(_zoned(key), (-FRESH_S, ""))
        return text if self._clock() - made_s < FRESH_S else None

    def keep(self, key: Hashable, text: str) -> None:
        with self._lock:
            self._kept[_zoned(key)] = (self._clock(), text)
            self._kept.move_to_end(_zoned(key))
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()


def _zoned(key: Hashable) -> Hashable:
    """Moments in a fragment are in the zone of its reader."""
    return key, timezone.get_current_timezone_name()


shared_fragments = SharedFragments()
