"""Pages of ListJobs, the newest job first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

from jobs.choices import JobStatus
from jobs.models import Job, Region
from jobs.s3control.errors import INVALID_REQUEST, CallError

MOST = 1_000
"""So many jobs has a page at most, and where nothing else is asked for."""
_SALT = "s3control.list-jobs"
_COLUMNS = (
    *("description", "operation", "priority", "status", "created_at", "terminated_at"),
    *("total_tasks", "tasks_succeeded", "tasks_failed", "active_since", "active_elapsed_s"),
)


def page_size(text: str | None) -> int:
    """0 asks for as many as there may be. Raises CallError."""
    if text is None:
        return MOST
    good = text.isascii() and text.isdecimal() and len(text) < 10
    if not good or int(text) > MOST:
        raise CallError(INVALID_REQUEST, f"maxResults must be a whole number from 0 to {MOST:,}.")
    return int(text) or MOST


def statuses_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Raises CallError."""
    for text in texts:
        if text not in JobStatus.values:
            known = ", ".join(JobStatus.values)
            raise CallError(INVALID_REQUEST, f'jobStatuses: "{text[:64]}" is none of {known}.')
    return tuple(sorted(set(texts)))


def page_of(
    jobs: QuerySet[Job], region: Region, statuses: Sequence[str], size: int, token: str | None
) -> tuple[list[Job], str | None]:
    """Jobs of a page and the token of the next one, None on the last. Raises CallError."""
    asked = {"region": region.pk, "statuses": list(statuses)}
    found = jobs.filter(region=region)
    if statuses:
        found = found.filter(status__in=statuses)
    if token is not None:
        created_at, key = _from_token(token, asked)
        found = found.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=key))
    rows = list(found.order_by("-created_at", "-pk").only(*_COLUMNS)[: size + 1])
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    after = {**asked, "after": [last.created_at.isoformat(), last.pk]}
    return rows[:size], signing.dumps(after, salt=_SALT)


def _from_token(token: str, asked: dict[str, Any]) -> tuple[datetime, str]:
    """Signed, so nobody makes one up; it goes on with the list that it was given for."""
    try:
        told = signing.loads(token, salt=_SALT)
        created_at, key = told.pop("after")
        if told == asked:
            return datetime.fromisoformat(created_at), key
    except (signing.BadSignature, ValueError):
        pass
    said = "nextToken is not one of this list. Ask for the first page anew."
    raise CallError("InvalidNextTokenException", said)
