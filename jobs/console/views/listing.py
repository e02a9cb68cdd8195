"""The jobs list, and the live cells of its visible rows."""

import base64
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from jobs.access.actions import Action
from jobs.access.requests import principal_in
from jobs.choices import JobStatus
from jobs.console.access import can, decide, require, signed_in, user_of, visible
from jobs.console.bulk.acts import ACTS
from jobs.console.downloads import download
from jobs.console.job_filter import parse_filter
from jobs.console.shared import shared_fragments
from jobs.models import JobQuerySet, Region
from jobs.operations import registry
from jobs.queries import words
from jobs.queries.job_export import COLUMNS, job_batches
from jobs.queries.job_list import (
    DEFAULT_SORT,
    PAGE_SIZES,
    RUNNING,
    JobFilter,
    JobPage,
    JobRow,
    job_page,
    job_rows,
    newer_jobs,
)
from jobs.reports.for_people import csv_of


@signed_in
def job_list(request: HttpRequest) -> HttpResponseBase:
    require(request, Action.LIST_JOBS, "Seeing jobs")
    now = timezone.now()
    wanted = parse_filter(request.GET)
    found = job_page(visible(request), wanted, now=now)
    context = {
        "wanted": wanted,
        "found": found,
        "rows": found.rows,
        "statuses": _status_choices(wanted, found, mine=can(request, Action.CREATE_JOB)),
        "operations": [(one.name, one.label) for one in registry.OPERATIONS],
        "regions": _regions(wanted),
        "views": _views(wanted, user_of(request).get_username()),
        "sizes": [(size, f"?{wanted.query(per=size)}", size == wanted.per) for size in PAGE_SIZES],
        "default_sort": DEFAULT_SORT,
        "acts": [
            act
            for act in ACTS
            if decide(request, act.action, doing=act.doing, keys=act.keys).allowed
        ],
        "now": now,
        **_poller(wanted, found.rows, now),
    }
    return render(request, "console/job_list.html", context)


@require_GET
@signed_in
def job_export(request: HttpRequest) -> HttpResponseBase:
    """All that fit the filter as CSV, newest first."""
    require(request, Action.LIST_JOBS, "Seeing jobs")
    return download(request, _csv(visible(request), parse_filter(request.GET)), "jobs.csv")


def _csv(jobs: JobQuerySet, wanted: JobFilter) -> Iterator[bytes]:
    yield csv_of([COLUMNS])
    yield from map(csv_of, job_batches(jobs, wanted))


@signed_in
def list_live(request: HttpRequest) -> HttpResponseBase:
    """Cells of the rows that a page shows: `ids` as `pack_ids` writes them, `since` in seconds."""
    require(request, Action.LIST_JOBS, "Seeing jobs")
    if not request.headers.get("HX-Request"):
        return redirect("job-list")
    key = ("list", principal_in(request).sees_as, request.GET.urlencode())
    if text := shared_fragments.get(key):
        return HttpResponse(text)
    wanted = parse_filter(request.GET)
    now = timezone.now()
    jobs = visible(request).filter(pk__in=unpack_ids(request.GET.get("ids", "")))
    rows = job_rows(jobs.select_related("region").order_by("pk"), now=now)
    since = _since(request, now)
    context = {
        "rows": rows,
        "now": now,
        "newer": newer_jobs(visible(request), wanted, since),
        **_poller(wanted, rows, since),
    }
    response = render(request, "console/_list_live.html", context)
    shared_fragments.keep(key, response.content.decode())
    return response


def _poller(wanted: JobFilter, rows: Iterable[JobRow], since: datetime) -> dict[str, object]:
    """What the next look asks for: only rows that still move."""
    return {
        "query": wanted.query(),
        "poll_ids": pack_ids(row.job.pk for row in rows if row.live),
        "poll_since": f"{since.timestamp():.3f}",
    }


def pack_ids(job_ids: Iterable[str]) -> str:
    """Short enough for a hundred in an address."""
    raw = b"".join(uuid.UUID(job_id).bytes for job_id in job_ids)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpack_ids(packed: str) -> list[str]:
    """Empty for what `pack_ids` did not write."""
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    except ValueError:
        return []
    whole = min(len(raw) // 16, PAGE_SIZES[-1])
    return [str(uuid.UUID(bytes=raw[16 * n : 16 * n + 16])) for n in range(whole)]


def _since(request: HttpRequest, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(float(request.GET.get("since", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return now


def _status_choices(
    wanted: JobFilter, found: JobPage, *, mine: bool
) -> list[tuple[str, str, int, bool]]:
    return [
        (
            status.value,
            words.status(str(status.label), mine=mine),
            found.counts[status],
            status in wanted.statuses,
        )
        for status in JobStatus
    ]


def _regions(wanted: JobFilter) -> list[tuple[str, str, bool]]:
    """Slug, name, and whether it is chosen. One of the URL that is none is there, too: the control
    says what the list was filtered by.
    """
    named = list(Region.objects.values_list("slug", "name"))
    if wanted.region and wanted.region not in dict(named):
        named.append((wanted.region, f"{wanted.region} (no such Region)"))
    return [(slug, name, slug == wanted.region) for slug, name in named]


def _views(wanted: JobFilter, own_name: str) -> list[tuple[str, str, bool]]:
    """Named filters: label, address, and whether it is the one that is shown."""
    named = (
        ("All", JobFilter()),
        ("Mine", JobFilter(owner=own_name)),
        ("Needs you", JobFilter(statuses=(JobStatus.SUSPENDED,))),
        ("Running", JobFilter(statuses=RUNNING)),
        ("Failed", JobFilter(statuses=(JobStatus.FAILED,))),
        ("With failures", JobFilter(failures=True)),
    )
    shown = wanted.query(sort=DEFAULT_SORT, page=1, per=PAGE_SIZES[0])
    return [(label, f"?{one.query()}", one.query() == shown) for label, one in named]
