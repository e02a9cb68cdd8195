"""The jobs list, and the live cells of its visible rows."""

from datetime import UTC, datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.console.access import Level, require, signed_in
from jobs.models import Job, Region
from jobs.operations import registry
from jobs.queries.job_list import (
    DEFAULT_SORT,
    PAGE_SIZES,
    JobFilter,
    JobPage,
    job_page,
    job_rows,
    newer_jobs,
)


@signed_in
def job_list(request: HttpRequest) -> HttpResponseBase:
    require(request, Level.VIEWER, "Seeing jobs")
    now = timezone.now()
    wanted = JobFilter.parse(request.GET)
    found = job_page(wanted, now=now)
    context = {
        "wanted": wanted,
        "found": found,
        "rows": found.rows,
        "statuses": _status_choices(wanted, found),
        "operations": registry.OPERATIONS,
        "regions": Region.objects.all(),
        "views": _views(wanted),
        "sizes": [(size, f"?{wanted.query(per=size)}", size == wanted.per) for size in PAGE_SIZES],
        "default_sort": DEFAULT_SORT,
        "now": now,
        **_poller(wanted, found.rows, now),
    }
    return render(request, "console/job_list.html", context)


@signed_in
def list_live(request: HttpRequest) -> HttpResponseBase:
    """Cells of the rows that a page shows; `ids` are separated by commas, `since` is a moment."""
    require(request, Level.VIEWER, "Seeing jobs")
    if not request.headers.get("HX-Request"):
        return redirect("job-list")
    wanted = JobFilter.parse(request.GET)
    ids = [
        part for part in request.GET.get("ids", "").split(",")[: PAGE_SIZES[-1]] if part.isascii()
    ]
    now = timezone.now()
    jobs = Job.objects.filter(pk__in=[part.replace("\0", "") for part in ids])
    rows = job_rows(jobs.select_related("region").order_by("pk"), now=now)
    since = _since(request, now)
    context = {
        "rows": rows,
        "live": True,
        "wanted": wanted,
        "now": now,
        "newer": newer_jobs(wanted, since),
        **_poller(wanted, rows, since),
    }
    return render(request, "console/_list_live.html", context)


def _poller(wanted: JobFilter, rows: object, since: datetime) -> dict[str, object]:
    """What the next look asks for: only rows that still move."""
    moving = [row.job.pk for row in rows if row.live]  # type: ignore[attr-defined]
    return {"poll_ids": ",".join(moving), "poll_since": f"{since.timestamp():.3f}"}


def _since(request: HttpRequest, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(float(request.GET.get("since", "")), UTC)
    except (ValueError, OverflowError, OSError):
        return now


def _status_choices(wanted: JobFilter, found: JobPage) -> list[tuple[str, str, int, bool]]:
    return [
        (status.value, str(status.label), found.counts[status], status in wanted.statuses)
        for status in JobStatus
    ]


_RUNNING = (
    JobStatus.NEW,
    JobStatus.PREPARING,
    JobStatus.READY,
    JobStatus.ACTIVE,
    JobStatus.PAUSING,
    JobStatus.PAUSED,
    JobStatus.COMPLETING,
    JobStatus.CANCELLING,
    JobStatus.FAILING,
)


def _views(wanted: JobFilter) -> list[tuple[str, str, bool]]:
    """Named filters: label, address, and whether it is the one that is shown."""
    named = (
        ("All", JobFilter()),
        ("Needs you", JobFilter(statuses=(JobStatus.SUSPENDED,))),
        ("Running", JobFilter(statuses=_RUNNING)),
        ("Failed", JobFilter(statuses=(JobStatus.FAILED,))),
        ("With failures", JobFilter(failures=True)),
    )
    shown = wanted.query(sort=DEFAULT_SORT, page=1, per=PAGE_SIZES[0])
    return [(label, f"?{one.query()}", one.query() == shown) for label, one in named]
