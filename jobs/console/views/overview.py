"""The Overview: what needs a person, what runs, what ended, and where."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.requests import principal_in
from jobs.console.access import require, signed_in, visible
from jobs.console.shared import shared_fragments
from jobs.queries.job_list import RUNNING, JobFilter
from jobs.queries.overview import overview as query_overview


@signed_in
def overview(request: HttpRequest) -> HttpResponseBase:
    require(request, Action.LIST_JOBS, "Seeing jobs")
    return render(request, "console/overview.html", _context(request))


@signed_in
def overview_live(request: HttpRequest) -> HttpResponseBase:
    require(request, Action.LIST_JOBS, "Seeing jobs")
    if not request.headers.get("HX-Request"):
        return redirect("overview")
    key = ("overview", principal_in(request).sees_as)
    if text := shared_fragments.get(key):
        return HttpResponse(text)
    response = render(request, "console/_overview_live.html", _context(request))
    shared_fragments.keep(key, response.content.decode())
    return response


def _context(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    running_url = f"{reverse('job-list')}?{JobFilter(statuses=RUNNING).query()}"
    return {"found": query_overview(visible(request), now), "now": now, "running_url": running_url}
