"""What a listing tells as a table for SQL: its columns have the names of an inventory's in CSV."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from jobs.manifests.generated.told_by_listing import STANDARD
from jobs.manifests.listing.listed import Listed
from jobs.manifests.sql.process import Question
from jobs.manifests.sql.statements import ENCODED
from jobs.s3.template import quote_key
from jobs.spec.generator import GeneratorSpec

_NAMES = (("Bucket", ""), ("Key", ENCODED))
_OF_VERSIONS = (("VersionId", ""), ("IsLatest", "BOOLEAN"), ("IsDeleteMarker", "BOOLEAN"))
_FACTS = (("Size", "BIGINT"), ("LastModifiedDate", "TIMESTAMP"), ("ETag", ""), ("StorageClass", ""))


def question(spec: GeneratorSpec, sql: str) -> Question:
    """Those of versions are there where versions are listed. Keys are as they are."""
    versions = _OF_VERSIONS if spec.names_versions else ()
    return Question(sql, (*_NAMES, *versions, *_FACTS))


def text_of(rows: Iterable[tuple[str, Listed]], *, with_versions: bool) -> bytes:
    """Lines of CSV for buckets with what was listed of them. A key is URL-encoded there, so that none has
    a line break or a quote.
    """
    return "".join([_line(bucket, one, with_versions) for bucket, one in rows]).encode()


def _line(bucket: str, one: Listed, with_versions: bool) -> str:
    """A delete marker has neither size nor ETag nor class."""
    of_version = ""
    if with_versions:
        flags = f"{one.is_latest},{one.is_delete_marker}".lower()
        of_version = f"{_cell(one.version_id or '')},{flags},"
    size, facts = "", ","
    if not one.is_delete_marker:
        size = str(one.size_bytes)
        facts = f"{_cell(one.etag)},{_cell(one.storage_class or STANDARD)}"
    moment = _moment(one.last_modified_s)
    return f"{bucket},{quote_key(one.key)},{of_version}{size},{moment},{facts}\n"


@lru_cache(maxsize=4096)
def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ")


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
