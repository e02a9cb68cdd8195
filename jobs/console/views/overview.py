"""The Overview: what needs a person, what runs, what ended, and where."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jobs.access.actions import Action
from jobs.access.requests import principal_in
from jobs.console.access import require, signed_in, visible
from jobs.console.see_other import SeeOther
from jobs.console.shared import shared_fragments
from jobs.lifecycle import setting_aside
from jobs.models import Region
from jobs.queries.job_list import RUNNING, JobFilter
from jobs.queries.overview import needs_set_aside
from jobs.queries.overview import overview as query_overview
from jobs.queries.set_aside import Aside, aside_of


@signed_in
def overview(request: HttpRequest) -> HttpResponseBase:
    user = require(request, Action.LIST_JOBS, "Seeing jobs")
    return render(request, "console/overview.html", _context(request, aside_of(user)))


@signed_in
def overview_live(request: HttpRequest) -> HttpResponseBase:
    user = require(request, Action.LIST_JOBS, "Seeing jobs")
    if not request.headers.get("HX-Request"):
        return redirect("overview")
    aside = aside_of(user)
    key = ("overview", principal_in(request).sees_as, aside)
    if text := shared_fragments.get(key):
        return HttpResponse(text)
    response = render(request, "console/_overview_live.html", _context(request, aside))
    shared_fragments.keep(key, response.content.decode())
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def set_aside(request: HttpRequest) -> HttpResponseBase:
    """What somebody has set aside; a POST sets a `job` or a `region` aside."""
    user = require(request, Action.LIST_JOBS, "Seeing jobs")
    now = timezone.now()
    if request.method != "POST":
        needs = needs_set_aside(visible(request), now, aside_of(user))
        return render(request, "console/set_aside.html", {"needs": needs})
    job_id, slug = _named(request)
    if job := visible(request).filter(pk=job_id).first():
        setting_aside.set_job_aside(user, job, now=now)
        messages.info(request, f"Set aside: {job}. It comes back when its status changes.")
    if region := Region.objects.filter(slug=slug).first():
        setting_aside.set_region_aside(user, region, now=now)
        messages.info(request, f"Set aside: {region}. It comes back when it is tested again.")
    return SeeOther(reverse("overview"))


@require_POST
@signed_in
def bring_back(request: HttpRequest) -> HttpResponseBase:
    user = require(request, Action.LIST_JOBS, "Seeing jobs")
    job_id, slug = _named(request)
    setting_aside.bring_back(user, job_id=job_id, region=slug)
    return SeeOther(reverse("set-aside"))


def _named(request: HttpRequest) -> tuple[str, str]:
    """The job and the Region of a form, without NUL, which PostgreSQL takes in no text."""
    job_id, slug = (request.POST.get(name, "").replace("\0", "") for name in ("job", "region"))
    return job_id, slug


def _context(request: HttpRequest, aside: Aside) -> dict[str, Any]:
    now = timezone.now()
    running_url = f"{reverse('job-list')}?{JobFilter(statuses=RUNNING).query()}"
    found = query_overview(visible(request), now, aside)
    return {"found": found, "now": now, "running_url": running_url}
