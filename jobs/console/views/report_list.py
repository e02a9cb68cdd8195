"""All completion reports."""

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from jobs.access.actions import Action
from jobs.console.access import require, signed_in, visible
from jobs.console.typed_text import typed_day, typed_text
from jobs.models import Region
from jobs.queries import words
from jobs.queries.report_list import SIZES, Place, ReportFilter, report_page


@signed_in
def report_list(request: HttpRequest) -> HttpResponseBase:
    require(request, Action.GET_JOB_REPORT, "Reading reports")
    wanted = _filter(request.GET)
    found = report_page(visible(request), wanted)
    context = {
        "wanted": wanted,
        "rows": [
            {"job": job, "report": job.report, "gone": words.storage_gone(job)}
            for job in found.jobs
        ],
        "next": found.next and f"{reverse('report-list')}?{wanted.query(found.next)}",
        "regions": Region.objects.all(),
        "sizes": [(name, size_bytes) for name, size_bytes in SIZES.items()],
        "first": f"?{wanted.query(None)}",
    }
    return render(request, "console/report_list.html", context)


def _filter(query: QueryDict) -> ReportFilter:
    """Unknown names and values are dropped, never errors."""
    size = query.get("size", "")
    return ReportFilter(
        q=typed_text(query, "q"),
        region=typed_text(query, "region"),
        first_day=typed_day(query, "from"),
        last_day=typed_day(query, "to"),
        size=size if size in SIZES else "",
        behind=Place.from_text(query.get("behind", "")),
    )
