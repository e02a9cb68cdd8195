"""One row of a completion report (reference 6.4). Pure.

The real column order is Bucket, Key, VersionId, TaskStatus, HTTPStatusCode, ErrorCode,
ResultMessage. AWS leaves the line end open: ours is a line feed.
"""

from collections.abc import Iterable

SUCCEEDED = "succeeded"
FAILED = "failed"
_NEEDS_QUOTES = frozenset(',"\r\n')


def report_row(
    *,
    bucket: str,
    raw_key: str,
    version_id: str | None,
    succeeded: bool,
    http_status: int,
    code: str,
    message: str,
) -> bytes:
    """The line for one task, line end included; `raw_key` is the manifest's, still URL-encoded."""
    status = SUCCEEDED if succeeded else FAILED
    fields = (bucket, raw_key, version_id or "", status, str(http_status), code, message)
    return csv_line(fields)


def csv_line(fields: Iterable[str]) -> bytes:
    """Fields are quoted only when they need it, as in RFC 4180."""
    return (",".join(map(_quoted, fields)) + "\n").encode()


def _quoted(field: str) -> str:
    if _NEEDS_QUOTES.isdisjoint(field):
        return field
    return '"' + field.replace('"', '""') + '"'
