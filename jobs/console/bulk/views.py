"""An action over many jobs: they are counted, a person confirms, then each is done by itself.

A request does so many jobs as fit into a few seconds; a person goes on with the rest. No background call
does: it would have to act as somebody who may have lost the right, or the session, meanwhile.
"""

import functools
import time
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jobs.access.actions import Action
from jobs.access.decisions import Decision
from jobs.audit.log import record
from jobs.console.access import bulk_or_404, decide, require, signed_in, visible
from jobs.console.bulk.acts import BY_NAME, Act, Turn
from jobs.console.bulk.at_stake import Stakes, progress_of, stakes_of_run
from jobs.console.bulk.forms import form_of, settings_of
from jobs.console.bulk.groups import State, counts_of, groups_of
from jobs.console.forms.actions import TYPED
from jobs.console.job_filter import parse_filter
from jobs.console.see_other import SeeOther
from jobs.errors import AccessDeniedError, BatchConsoleError, NoSuchJobError
from jobs.lifecycle import bulk_actions
from jobs.models import BulkAction, Job, JobQuerySet
from jobs.queries.job_list import PAGE_SIZES
from jobs.queries.words import counted

SECONDS_AT_ONCE = 5.0
"""After so long a request answers, whatever is left."""

_BATCH = 500
_LONG = ("listed_by", "generated_manifest", "saved_files", "report_files", "found", "parameters")


@require_POST
@signed_in
def bulk_count(request: HttpRequest, act: str) -> HttpResponseBase:
    """Counts the jobs that are ticked, or all that fit the filter of the URL, and leads to their page."""
    wish = BY_NAME[act]
    user = require(request, wish.action, wish.doing)
    wanted = parse_filter(request.GET)
    back = f"{reverse('job-list')}?{wanted.query()}"
    jobs = visible(request)
    if "all" in request.POST:
        jobs = cast(JobQuerySet, wanted.of(jobs))
    else:
        jobs = jobs.filter(pk__in=request.POST.getlist("job")[: PAGE_SIZES[-1]])
    found = jobs.order_by("created_at", "pk").values_list("pk", flat=True)
    job_ids = list(found[: bulk_actions.MOST_JOBS + 1])
    if not job_ids:
        messages.info(request, "Tick jobs first, or tick “All that match”.")
        return SeeOther(back)
    if len(job_ids) > bulk_actions.MOST_JOBS:
        most = counted(bulk_actions.MOST_JOBS, "job")
        said = f"More than {most} match. Narrow the filter: {most} can be changed at once."
        messages.error(request, said)
        return SeeOther(back)
    judged = _judged(request, wish, job_ids)
    bulk = bulk_actions.make(user, act, wanted.query(), judged, now=timezone.now())
    return SeeOther(reverse("bulk-action", args=[bulk.pk]))


def _judged(request: HttpRequest, wish: Act, job_ids: list[str]) -> Iterator[tuple[str, str]]:
    """Each with why it cannot be done, as far as that can be told before the form is filled in."""
    for first in range(0, len(job_ids), _BATCH):
        keys = job_ids[first : first + _BATCH]
        jobs = visible(request).defer(*_LONG).select_related("region").prefetch_related("tags")
        by_key = jobs.in_bulk(keys)
        for key in keys:
            if job := by_key.get(key):
                yield key, wish.why_not(job) or _why_denied(request, wish, job)


def _why_denied(request: HttpRequest, wish: Act, job: Job) -> str:
    return decide(request, wish.action, job, wish.doing, wish.keys).why_not


@require_http_methods(["GET", "POST"])
@signed_in
def bulk_action(request: HttpRequest, bulk_id: UUID) -> HttpResponseBase:
    """Before it is confirmed what it would do, then what it did; a POST confirms it, or goes on with it."""
    bulk = bulk_or_404(request, bulk_id)
    wish = BY_NAME[bulk.act]
    if bulk.confirmed_at is None:
        stakes = stakes_of_run(bulk) if bulk.act == "run" else Stakes()
        form = form_of(bulk.act, stakes, request.POST if request.method == "POST" else None)
        if request.method != "POST" or not form.is_valid():
            return _plan_page(request, bulk, wish, stakes, form)
        bulk_actions.confirm(bulk, settings_of(form), now=timezone.now())
        bulk.refresh_from_db()
    elif request.method != "POST":
        return _result_page(request, bulk, wish)
    _do_some(request, bulk, wish)
    return SeeOther(request.path)


def _do_some(request: HttpRequest, bulk: BulkAction, wish: Act) -> None:
    end_s = time.monotonic() + SECONDS_AT_ONCE
    jobs = visible(request).select_related("region").prefetch_related("tags")

    def command(job_id: str) -> None:
        job = jobs.filter(pk=job_id).first()
        if job is None:
            raise NoSuchJobError("You do not see this job any more.")
        decision = functools.partial(_decision, request, wish, job)
        wish.command(Turn(job_id, bulk.settings, decision, timezone.now()))

    def refused(job_id: str, error: BatchConsoleError) -> str:
        if isinstance(error, AccessDeniedError):
            record(error.action, "Job", job_id, allowed=False)
            return error.message
        job = jobs.filter(pk=job_id).first()
        return (wish.why_not(job) if job else "") or error.message

    bulk_actions.do_some(bulk, command, refused, is_time=lambda: time.monotonic() < end_s)


def _decision(request: HttpRequest, wish: Act, job: Job, action: Action) -> Decision:
    return decide(request, action, job, wish.doing)


def _plan_page(
    request: HttpRequest, bulk: BulkAction, wish: Act, stakes: Stakes, form: Form
) -> HttpResponse:
    jobs = visible(request)
    context = {
        **_frame(bulk, wish),
        "form": form,
        "fields": [
            bound for bound in form if bound.name not in ("expected", "typed", "understood")
        ],
        "stakes": stakes,
        "danger": wish.is_danger or stakes.risk in TYPED,
        "progress": progress_of(bulk) if bulk.act in ("cancel", "pause", "resume") else None,
        "able": next(iter(groups_of(bulk, jobs, State.WAITING)), None),
        "unable": groups_of(bulk, jobs, State.UNFIT),
    }
    return render(request, "console/bulk_plan.html", context)


def _result_page(request: HttpRequest, bulk: BulkAction, wish: Act) -> HttpResponse:
    jobs = visible(request)
    frame = _frame(bulk, wish)
    context = {
        **frame,
        "done": next(iter(groups_of(bulk, jobs, State.DONE)), None),
        "refused": groups_of(bulk, jobs, State.REFUSED),
        "unable": groups_of(bulk, jobs, State.UNFIT),
        "next": min(frame["counts"][State.WAITING], bulk_actions.AT_ONCE),
    }
    return render(request, "console/bulk_result.html", context)


def _frame(bulk: BulkAction, wish: Act) -> dict[str, Any]:
    counts = counts_of(bulk)
    asked = QueryDict(bulk.query)
    return {
        "bulk": bulk,
        "act": wish,
        "counts": counts,
        "total": sum(counts.values()),
        "able_jobs": counted(counts[State.WAITING], "job"),
        "back": f"{reverse('job-list')}?{asked.urlencode()}" if asked else reverse("job-list"),
    }
