"""An object's content on its way through a hash: taken from one answer, or from several where the
connection was lost in between; always of one and the same object.
"""

import re
from collections.abc import Callable, Mapping

from jobs.operations.checksums.checksum_algorithms import Data, Hasher
from jobs.s3.answers import Answer

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class Content:
    """`etag` is as it came, in quotes; empty where no answer has come yet or it has none. `headers`
    are those of the first answer. `size_bytes` is None while nobody has said it.

    With `is_quick` a piece takes less time than a thread would cost. `has_begun` is set when an answer begins, and unset by whoever asks for another.
    """

    def __init__(
        self, begin_hash: Callable[[], Hasher], *, etag: str = "", is_quick: bool = False
    ) -> None:
        self.etag = etag
        self.is_quick = is_quick
        self.headers: Mapping[str, str] = {}
        self.size_bytes: int | None = None
        self.taken_bytes = 0
        self.has_begun = self.has_changed = False
        self._begin_hash = begin_hash
        self._hash = begin_hash()

    @property
    def can_go_on(self) -> bool:
        """Whether the rest can be asked for, so that it is surely of the same object."""
        return bool(self.taken_bytes and self.etag)

    @property
    def is_whole(self) -> bool:
        return self.size_bytes == self.taken_bytes

    @property
    def is_over(self) -> bool:
        """Whether there is nothing that could still be asked for."""
        return self.size_bytes is None or self.taken_bytes >= self.size_bytes

    def restart(self) -> None:
        """All that was taken does not count."""
        self.taken_bytes = 0
        self._hash = self._begin_hash()

    def begin(self, answer: Answer) -> None:
        """An answer that is not the rest of what was taken is taken from its beginning."""
        self.has_begun = True
        headers = answer.headers
        etag = headers.get("etag", "")
        self.has_changed = self.has_changed or (self.etag not in ("", etag))
        rest = _RANGE.fullmatch(headers.get("content-range", ""))
        if answer.http_status == 206 and rest and int(rest[1]) == self.taken_bytes:
            self.size_bytes = int(rest[2])
        else:
            # A range that nobody asked for is no whole object: its size tells.
            length = headers.get("content-length", "")
            size_bytes = int(rest[2]) if rest else int(length) if length.isdecimal() else None
            self.size_bytes = size_bytes
            self.restart()
        if not self.headers:
            self.etag, self.headers = etag, headers

    def take(self, data: Data) -> None:
        if not self.has_changed:
            self._hash.update(data)
            self.taken_bytes += len(data)

    def digest(self) -> bytes:
        """Once, at the end."""
        return self._hash.digest()
