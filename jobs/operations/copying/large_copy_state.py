"""What a copy in parts keeps of itself beyond a pause or a kill."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from jobs.operations.looks import Facts
from jobs.s3.answers import Answer

_KIND = "copy in parts"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload, and the source that its parts come from: its ETag as the storage wrote it, its size,
    and its last change in seconds since 1970. `version_id` is the version that is read, empty for the
    newest; `seen_version_id` is which one that was. `checksum` is the algorithm that was asked for.
    `begun_s` is when the upload began, in seconds since 1970 by the storage's clock, 0 where it did
    not say.

    `holder` is drawn anew by everyone who goes on with it: so whoever was left behind sees that
    somebody took over. `made_etag` is what the object's ETag will be, once it is about to be made.
    """

    upload_id: str
    etag: str
    version_id: str
    seen_version_id: str
    size_bytes: int
    changed_s: float
    part_bytes: int
    begun_s: float = 0.0
    checksum: str = ""
    holder: str = ""
    made_etag: str = ""

    def taken_over(self) -> "Upload":
        return replace(self, holder=secrets.token_hex(8))

    def is_of(self, facts: Facts) -> bool:
        """Whether the source is still as it was."""
        known = (self.size_bytes, self.etag, self.changed_s, self.seen_version_id)
        return known == (facts.size_bytes, facts.etag, changed_s(facts), version_of(facts))

    def written(self) -> bytes:
        return json.dumps({"kind": _KIND, **asdict(self)}).encode()


def read(state: bytes) -> Upload | None:
    """None where nothing was kept, or nothing of ours."""
    if not state:
        return None
    try:
        told: Mapping[str, Any] = json.loads(state)
        if told.get("kind") != _KIND:
            return None
        return Upload(**{name: value for name, value in told.items() if name != "kind"})
    except (ValueError, TypeError, AttributeError):
        return None


def version_of(facts: Facts) -> str:
    return str(facts.data.get("VersionId") or "")


def date_s(answer: Answer) -> float:
    """When an answer was sent, in seconds since 1970 by the storage's clock; 0 for none."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def changed_s(facts: Facts) -> float:
    return facts.last_modified.timestamp() if facts.last_modified else 0.0
