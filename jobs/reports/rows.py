"""One row of a completion report. Pure.

The real column order is Bucket, Key, VersionId, TaskStatus, HTTPStatusCode, ErrorCode,
ResultMessage. AWS leaves the line end open: ours is a line feed.
"""

import re
from collections.abc import Sequence

SUCCEEDED = "succeeded"
FAILED = "failed"
MAX_TEXT = 8_000
"""Characters of a storage's code or message: readers of CSV give up at some 130,000 (Python's do)."""

_NOT_SEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
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
    """The line for one task, line end included; `raw_key` is the manifest's, still URL-encoded.

    What a storage says is one line, whatever it holds: Athena takes no line break inside a field.
    """
    status = SUCCEEDED if succeeded else FAILED
    facts = (bucket, raw_key, version_id or "", status, str(http_status))
    return csv_line((*facts, _on_one_line(code[:MAX_TEXT]), _on_one_line(message[:MAX_TEXT])))


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else _NOT_SEEN.sub(" ", text)


def csv_line(fields: Sequence[str]) -> bytes:
    """Fields are quoted only when they need it, as in RFC 4180."""
    line = ",".join(fields)
    if '"' in line or "\r" in line or "\n" in line or line.count(",") >= len(fields):
        line = ",".join(map(_quoted, fields))
    return (line + "\n").encode()


def _quoted(field: str) -> str:
    if _NEEDS_QUOTES.isdisjoint(field):
        return field
    return '"' + field.replace('"', '""') + '"'
