"""The jobs list: what is asked for in the URL, and the rows that fit, in a fixed number of queries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from jobs.choices import TERMINAL, JobStatus
from jobs.models import Job, JobQuerySet, JobTag
from jobs.operations import registry
from jobs.queries import words
from jobs.queries.days import begin_of, end_of
from jobs.queries.job_history import person
from jobs.queries.paging import KeysFirst

PAGE_SIZES = (25, 50, 100)
SORTS = {
    "created": "created_at",
    "status": "status",
    "description": "description",
    "operation": "operation",
    "total": "total_tasks",
    "failed": "tasks_failed",
    "priority": "priority",
}
DEFAULT_SORT = "-created"
MAX_WORDS = 10
_BEGINS_ID = re.compile(r"[0-9a-fA-F-]{1,36}")
RUNNING = tuple(
    status for status in JobStatus if status not in TERMINAL and status != JobStatus.SUSPENDED
)
"""Jobs that move, or will without anybody's doing."""


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What the URL asks for. `tag` is "key" or "key=value", `region` a slug, `owner` what whoever made
    a job signs in with, `sort` a name of SORTS with "-" in front for the highest first. Both days are
    included, and those of the active time zone.
    """

    q: str = ""
    statuses: tuple[str, ...] = ()
    operation: str = ""
    region: str = ""
    tag: str = ""
    failures: bool = False
    sort: str = DEFAULT_SORT
    page: int = 1
    per: int = PAGE_SIZES[0]
    owner: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def query(self, **changes: Any) -> str:
        """The query string of this filter with `changes`; a changed filter starts at page 1."""
        if changes and "page" not in changes:
            changes["page"] = 1
        new = replace(self, **changes)
        pairs: list[tuple[str, str]] = [("status", status) for status in new.statuses]
        named = {
            "q": new.q,
            "op": new.operation,
            "region": new.region,
            "owner": new.owner,
            "from": str(new.first_day or ""),
            "to": str(new.last_day or ""),
            "tag": new.tag,
            "has": "failures" if new.failures else "",
            "sort": new.sort if new.sort != DEFAULT_SORT else "",
            "page": str(new.page) if new.page > 1 else "",
            "per": str(new.per) if new.per != PAGE_SIZES[0] else "",
        }
        return urlencode([*pairs, *((name, value) for name, value in named.items() if value)])

    @property
    def narrows(self) -> int:
        """How many filters are set."""
        given = (self.q, self.statuses, self.operation, self.region, self.tag, self.failures)
        return sum(map(bool, (*given, self.owner, self.first_day, self.last_day)))

    def of(self, jobs: QuerySet[Job], *, own_id: str = "pk") -> QuerySet[Job]:
        """Those of `jobs` that fit."""
        found = jobs
        for word in self.q.split()[:MAX_WORDS]:
            fits = Q(description__icontains=word)
            if _BEGINS_ID.fullmatch(word):
                beginning = word.lower()
                fits |= Q(pk__startswith=beginning) | Q(retry_of__pk__startswith=beginning)
            found = found.filter(fits)
        if self.statuses:
            found = found.filter(status__in=self.statuses)
        if self.operation:
            found = found.filter(operation=self.operation)
        if self.region:
            found = found.filter(region__slug=self.region)
        if self.owner:
            found = found.filter(owner__username=self.owner)
        if self.first_day:
            found = found.filter(created_at__gte=begin_of(self.first_day))
        if self.last_day:
            found = found.filter(created_at__lt=end_of(self.last_day))
        if self.failures:
            found = found.filter(tasks_failed__gt=0)
        if self.tag:
            found = found.filter(**{f"{own_id}__in": self.tagged().values("job_id")})
        return found

    def tagged(self) -> QuerySet[JobTag]:
        """What jobs with `tag` have."""
        key, equals, value = self.tag.partition("=")
        return JobTag.objects.filter(key=key, **({"value": value} if equals else {})).order_by()

    def ordered(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        """The highest first is the lowest first from behind, so that one index serves both. A number
        that is not known yet counts as the lowest.
        """
        column = SORTS[self.sort.removeprefix("-")]
        sign = "-" if self.sort.startswith("-") else ""
        first: list[Any] = [] if column == "created_at" else [f"{sign}{column}"]
        if column == "total_tasks":
            total = F(column)
            first = [total.desc(nulls_last=True) if sign else total.asc(nulls_first=True)]
        # With an ID as it stands, that of each job with a tag would be looked up, and all these be
        # sorted; so jobs are walked in the order of the list, up to the end of the page.
        walked = jobs.alias(walked=Concat("pk", Value(""), output_field=CharField()))
        found = self.of(walked, own_id="walked")
        return found.order_by(*first, f"{sign}created_at", f"{sign}pk")


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the list shows it; `note` is a sentence or empty."""

    job: Job
    operation: str
    note: str

    @property
    def live(self) -> bool:
        return not self.job.is_terminal

    @property
    def owner_name(self) -> str:
        return person(self.job.owner) if self.job.owner else ""


@dataclass(frozen=True, slots=True)
class JobPage:
    """`counts` maps every status to its number of jobs, whatever the filter; `jobs` is their sum."""

    page: Page[Job]
    rows: Sequence[JobRow]
    counts: Mapping[str, int]

    @property
    def jobs(self) -> int:
        return sum(self.counts.values())

    @property
    def matches(self) -> int:
        return self.page.paginator.count


def job_page(visible: JobQuerySet, wanted: JobFilter, *, now: datetime) -> JobPage:
    """Four queries over the `visible` jobs at most. A page after the last one becomes the last one."""
    numbers = dict(visible.values_list("status").annotate(jobs=Count("*")))
    retries = visible.filter(retry_of=OuterRef("pk")).order_by("-created_at").values("pk")
    whole = visible.select_related("region", "owner").annotate(retried_by=Subquery(retries[:1]))
    paginator = KeysFirst(wanted.ordered(visible), wanted.per, whole=whole)
    paginator.count = _matches(visible, wanted, numbers)
    page = paginator.get_page(wanted.page)
    return JobPage(
        page=page,
        rows=job_rows(page.object_list, now=now),
        counts={status.value: numbers.get(status.value, 0) for status in JobStatus},
    )


def _matches(visible: JobQuerySet, wanted: JobFilter, numbers: Mapping[str, int]) -> int:
    """How many of the `visible` jobs fit; `numbers` are those by status. Not as they are paged, which
    walks; and what is counted by then, or in an index alone, is not looked for in the table of jobs.
    """
    if replace(wanted, statuses=()).narrows == 0:
        return sum(numbers.get(one, 0) for one in set(wanted.statuses) or numbers)
    if replace(wanted, tag="").narrows == 0 and not visible.query.where:
        return wanted.tagged().count()  # a job has a key once
    return wanted.of(visible).count()


def job_rows(jobs: Iterable[Job], *, now: datetime) -> list[JobRow]:
    """`jobs` come with their Regions."""
    return [_row(job, now) for job in jobs]


def _row(job: Job, now: datetime) -> JobRow:
    return JobRow(
        job=job,
        operation=operation_label(job.operation),
        note=words.storage_gone(job)
        or words.expiry(job, now)
        or words.pause(job)
        or job.waiting_for,
    )


def operation_label(name: str) -> str:
    """The console's name of an operation, or the wire's for one that is not there any more."""
    operation = registry.find(name)
    return operation.label if operation else name


def newer_jobs(visible: JobQuerySet, wanted: JobFilter, since: datetime) -> int:
    """How many of the `visible` jobs that fit were created after `since`."""
    return wanted.of(visible).filter(created_at__gt=since).count()
