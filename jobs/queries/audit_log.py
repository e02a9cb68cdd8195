"""The audit log: what is asked for in the URL, and pages of it, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from jobs.models import AuditEntry

PAGE_ROWS = 100
EXPORT_ROWS = 1_000
"""Of one look at the database while all are exported."""

RESULTS = {"allowed": True, "denied": False}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """`since` and `until` are days, both included; `before` is where the page begins: moment and
    number of the entry above it, empty for the newest.
    """

    who: str = ""
    action: str = ""
    target: str = ""
    result: str = ""
    request_id: str = ""
    since: date | None = None
    until: date | None = None
    before: str = ""

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        """Unknown names and values are dropped, never errors."""
        return cls(
            who=_text(query, "who"),
            action=_text(query, "action"),
            target=_text(query, "target"),
            result=_text(query, "result") if query.get("result") in RESULTS else "",
            request_id=_text(query, "request"),
            since=_day(query, "since"),
            until=_day(query, "until"),
            before=_text(query, "before"),
        )

    def query(self, **changes: Any) -> str:
        """The query string of this filter with `changes`; a changed filter begins at the newest."""
        new = replace(self, **({"before": ""} | changes))
        named = {
            "who": new.who,
            "action": new.action,
            "target": new.target,
            "result": new.result,
            "request": new.request_id,
            "since": new.since.isoformat() if new.since else "",
            "until": new.until.isoformat() if new.until else "",
            "before": new.before,
        }
        return urlencode({name: value for name, value in named.items() if value})

    @property
    def narrows(self) -> bool:
        return bool(self.query())

    def entries(self) -> QuerySet[AuditEntry]:
        found = AuditEntry.objects.order_by("-at", "-id")
        exact = {"who": self.who, "action": self.action, "request_id": self.request_id}
        found = found.filter(**{name: value for name, value in exact.items() if value})
        if self.target:
            found = found.filter(target=self.target)
        if self.result:
            found = found.filter(allowed=RESULTS[self.result])
        if self.since:
            found = found.filter(at__gte=_midnight(self.since))
        if self.until:
            found = found.filter(at__lt=_midnight(self.until) + timedelta(days=1))
        return found


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`older` is the query string of the next page, empty where nothing is older."""

    rows: Sequence[AuditEntry]
    older: str


def audit_page(wanted: AuditFilter) -> AuditPage:
    """One query, that reads its own rows alone however far behind the page lies."""
    rows = list(_from(wanted.entries(), wanted.before)[: PAGE_ROWS + 1])
    shown = rows[:PAGE_ROWS]
    has_more = len(rows) > PAGE_ROWS
    return AuditPage(shown, wanted.query(before=_mark(shown[-1])) if has_more else "")


def all_entries(wanted: AuditFilter) -> Iterator[Sequence[AuditEntry]]:
    """All that fit, in batches."""
    before = ""
    while rows := list(_from(wanted.entries(), before)[:EXPORT_ROWS]):
        yield rows
        before = _mark(rows[-1])


def _mark(entry: AuditEntry) -> str:
    return f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}_{entry.pk}"


def _from(entries: QuerySet[AuditEntry], before: str) -> QuerySet[AuditEntry]:
    """Those behind the entry of that mark; all, for what is no mark."""
    moment, _, number = before.partition("_")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return entries
    try:
        at = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return entries
    return entries.filter(Q(at__lte=at) & (Q(at__lt=at) | Q(pk__lt=int(number))))


def _text(query: QueryDict, name: str) -> str:
    # A NUL can be in no text of PostgreSQL, not even in one that is looked for.
    return query.get(name, "").replace("\0", "").strip()[:256]


def _day(query: QueryDict, name: str) -> date | None:
    try:
        day = date.fromisoformat(query.get(name, ""))
    except ValueError:
        return None
    return day if 1970 <= day.year < 9999 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
