"""All completion reports, newest first: what is asked for, and a page of them in two queries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from jobs.models import Job
from jobs.queries.days import begin_of, end_of

PER_PAGE = 50
MAX_WORDS = 10
SIZES = {"1MB": 10**6, "100MB": 10**8, "1GB": 10**9}
"""The least sizes in bytes that may be asked for, by their names in the URL."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a report: when it was written, and its ID."""

    written_at: datetime
    report_id: int

    @classmethod
    def from_text(cls, text: str) -> "Place | None":
        """None for what `str` did not write."""
        found = _PLACE.fullmatch(text)
        return cls(_EPOCH + int(found[1]) * _MICROSECOND, int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{(self.written_at - _EPOCH) // _MICROSECOND}-{self.report_id}"


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What the URL asks for: words of the job's description or the beginning of its ID, a Region's
    slug, the first and the last day, a name of SIZES. `behind` is where the page before ended.
    """

    q: str = ""
    region: str = ""
    first_day: date | None = None
    last_day: date | None = None
    size: str = ""
    behind: Place | None = None

    @property
    def narrows(self) -> bool:
        return any((self.q, self.region, self.first_day, self.last_day, self.size))

    def query(self, behind: Place | None) -> str:
        """The query string of the page behind that place."""
        named = {
            "q": self.q,
            "region": self.region,
            "from": self.first_day,
            "to": self.last_day,
            "size": self.size,
            "behind": behind,
        }
        return urlencode({name: value for name, value in named.items() if value})

    def of(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        """Those of `jobs` that have a report that fits. Days are those of the active time zone."""
        found = jobs.filter(report__isnull=False)
        for word in self.q.split()[:MAX_WORDS]:
            found = found.filter(Q(description__icontains=word) | Q(pk__istartswith=word))
        if self.region:
            found = found.filter(region__slug=self.region)
        if self.first_day:
            found = found.filter(report__written_at__gte=begin_of(self.first_day))
        if self.last_day:
            found = found.filter(report__written_at__lt=end_of(self.last_day))
        if self.size:
            found = found.filter(report__size_bytes__gte=SIZES[self.size])
        return found


@dataclass(frozen=True, slots=True)
class ReportPage:
    """`jobs` come with their reports and Regions; `next` is the place of the page behind this one."""

    jobs: Sequence[Job]
    next: Place | None


def report_page(jobs: QuerySet[Job], wanted: ReportFilter) -> ReportPage:
    """Of the reports of `jobs`."""
    found = wanted.of(jobs)
    if at := wanted.behind:
        before = Q(report__written_at__lt=at.written_at) | Q(report__id__lt=at.report_id)
        found = found.filter(before, report__written_at__lte=at.written_at)
    listed = found.order_by("-report__written_at", "-report__id")
    # Keys first, by indexes alone: a job is a long row.
    keys = list(listed.values_list("pk", flat=True)[: PER_PAGE + 1])
    rows = jobs.filter(pk__in=keys[:PER_PAGE]).select_related("report", "region")
    shown = list(rows.order_by("-report__written_at", "-report__id"))
    last = shown[-1].report if len(keys) > PER_PAGE else None
    return ReportPage(shown, Place(last.written_at, last.pk) if last else None)
