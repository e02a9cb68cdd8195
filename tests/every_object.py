"""What a storage of a test's own knows of objects that nobody put: each is there until it is deleted."""

from collections.abc import Iterable
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from jobs.operations import probing

GONE = "gone/"
"""No object is there whose key begins so."""

LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"
NO_TAGS = b"<?xml version='1.0'?><Tagging><TagSet></TagSet></Tagging>"
Place = tuple[str, str]
"""Bucket and key."""


class EveryObject:
    """Tags are kept as the document that set them."""

    def __init__(self) -> None:
        self._tags: dict[Place, bytes] = {}
        self._alike: dict[bytes, bytes] = {}
        self._deleted: set[Place] = set()

    def is_there(self, place: Place) -> bool:
        is_gone = place[1].startswith(GONE) or probing.NAME in place[1]
        return place not in self._deleted and not is_gone

    def tags(self, place: Place) -> bytes:
        return self._tags.get(place, NO_TAGS)

    def tag(self, place: Place, document: bytes) -> None:
        # Millions of objects have the same.
        self._tags[place] = self._alike.setdefault(document, document)

    def copy(self, source: Place, target: Place, headers: dict[str, str]) -> None:
        self.put(target)
        if headers.get("x-amz-tagging-directive") == "REPLACE":
            if asked := headers.get("x-amz-tagging"):
                self.tag(target, _document(asked))
        elif source in self._tags:
            self._tags[target] = self._tags[source]

    def put(self, place: Place) -> None:
        self._deleted.discard(place)
        self._tags.pop(place, None)

    def delete(self, place: Place) -> None:
        self._deleted.add(place)
        self._tags.pop(place, None)

    def forget(self, bucket: str, keys: Iterable[str]) -> None:
        for key in keys:
            self.put((bucket, key))


def _document(header: str) -> bytes:
    tags = "".join(
        f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>"
        for key, value in parse_qsl(header, keep_blank_values=True)
    )
    return f"<?xml version='1.0'?><Tagging><TagSet>{tags}</TagSet></Tagging>".encode()
