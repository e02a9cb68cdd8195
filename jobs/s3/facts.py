"""What a storage tells of an object, and of a page of a listing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """`etag` without quotes; `encryption` as S3 says it ("aws:kms"); `customer_key` for SSE-C."""

    size_bytes: int
    etag: str
    version_id: str | None
    last_modified: datetime
    encryption: str | None
    customer_key: bool


@dataclass(frozen=True, slots=True)
class Put:
    """`etag` without quotes; a version where the bucket keeps them."""

    etag: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class ListedObject:
    key: str
    size_bytes: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class ListPage:
    """One level below a prefix: `folders` end in a slash."""

    folders: list[str]
    objects: list[ListedObject]
    next_token: str | None
