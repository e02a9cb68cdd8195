"""Letting a job end without the rows that work storage lost, or look for them again: a page with a
form (GET) that posts to itself.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs.access.actions import Action
from jobs.console.access import decide, job_or_404, signed_in, user_of
from jobs.console.job_frame import frame
from jobs.console.views.errors import conflict
from jobs.errors import JobStatusError
from jobs.lifecycle import losses
from jobs.models import Job, JobEvent


@signed_in
def job_lost(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.RESUME_JOB, "Ending jobs")
    if request.method != "POST":
        return _page(request, job)
    by = decide(request, Action.RESUME_JOB, job, "Ending jobs")
    now = timezone.now()
    try:
        if "again" in request.POST:
            losses.look_again(job.pk, by=by, now=now)
            messages.success(request, f"Job ID {job.short_id} looks for what it has lost.")
        else:
            losses.end_without(job.pk, _rows_seen(request), by=by, now=now)
            messages.success(request, f"Job ID {job.short_id} ends without what it has lost.")
    except JobStatusError as error:
        job.refresh_from_db()
        return _to_job(job) if _did(request, job) else conflict(request, job, error.message)
    return _to_job(job)


def _rows_seen(request: HttpRequest) -> int:
    """As the page said it; what is no number fits no job."""
    typed = request.POST.get("rows", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else -1


def _did(request: HttpRequest, job: Job) -> bool:
    """This person decided it already: a double click, or Back and again."""
    last = job.events.filter(kind=JobEvent.Kind.WITHOUT).last()
    accepted = str(job.lost_rows_accepted) == request.POST.get("rows", "")
    return bool(last and last.actor_id == user_of(request).pk and accepted)


def _to_job(job: Job) -> HttpResponse:
    response = redirect("job-detail", job.pk)
    response.status_code = 303
    return response


def _page(request: HttpRequest, job: Job) -> HttpResponse:
    blocked = "" if losses.asks(job) else "The job does not wait for a decision about lost rows."
    context = {**frame(request, job), "losses": losses.losses_of(job), "blocked": blocked}
    return render(request, "console/job_lost.html", context)
