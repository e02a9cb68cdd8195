"""Worker health: who works, on what, and when each was heard of last."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs import queueing
from jobs.access.actions import Action
from jobs.console.access import require, signed_in, visible
from jobs.engine.database import now_s
from jobs.errors import QueueUnavailableError
from jobs.queries import workers


@signed_in
def worker_list(request: HttpRequest) -> HttpResponseBase:
    require(request, Action.LIST_JOBS, "Seeing workers")
    return render(request, "console/worker_list.html", _context(request))


@signed_in
def workers_live(request: HttpRequest) -> HttpResponseBase:
    require(request, Action.LIST_JOBS, "Seeing workers")
    if not request.headers.get("HX-Request"):
        return redirect("worker-list")
    return render(request, "console/_workers_live.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    """`health` is None where Redis does not answer: then only what is held can be told."""
    in_hand = workers.work_in_hand(visible(request), now_s())
    found: dict[str, Any] = {"now": timezone.now(), "in_hand": in_hand, "health": None}
    try:
        seen = queueing.workers_seen()
        hints = queueing.waiting_in(queueing.RUN) + queueing.waiting_in(queueing.CONTROL)
    except QueueUnavailableError:
        return found
    health = workers.health(seen, in_hand, workers.jobs_that_wait())
    return {**found, "health": health, "hints": hints}
