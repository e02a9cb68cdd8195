"""Worker health: who works, on what, and when each was heard of last."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs import queueing
from jobs.console.access import Level, require, signed_in
from jobs.engine.database import now_s
from jobs.errors import QueueUnavailableError
from jobs.queries import workers


@signed_in
def worker_list(request: HttpRequest) -> HttpResponseBase:
    require(request, Level.VIEWER, "Seeing workers")
    return render(request, "console/worker_list.html", _context())


@signed_in
def workers_live(request: HttpRequest) -> HttpResponseBase:
    require(request, Level.VIEWER, "Seeing workers")
    if not request.headers.get("HX-Request"):
        return redirect("worker-list")
    return render(request, "console/_workers_live.html", _context())


def _context() -> dict[str, Any]:
    """`health` is None where Redis does not answer: then only what is held can be told."""
    in_hand = workers.work_in_hand(now_s())
    found: dict[str, Any] = {"now": timezone.now(), "in_hand": in_hand, "health": None}
    try:
        seen = queueing.workers_seen()
        hints = queueing.waiting_in(queueing.RUN) + queueing.waiting_in(queueing.CONTROL)
    except QueueUnavailableError:
        return found
    health = workers.health(seen, in_hand, workers.jobs_that_wait())
    return {**found, "health": health, "hints": hints}
