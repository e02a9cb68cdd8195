"""Pausing a job and letting it go on: a page with a form each (GET) that posts to itself."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs.access.actions import Action
from jobs.choices import JobStatus
from jobs.console.access import decide, job_or_404, signed_in, user_of
from jobs.console.job_frame import frame
from jobs.console.pausing import can_resume, why_not_pause
from jobs.console.views.errors import conflict, last_move
from jobs.errors import JobStatusError
from jobs.lifecycle import pauses
from jobs.models import Job
from jobs.queries.job_detail import remaining


@signed_in
def job_pause(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.PAUSE_JOB, "Pausing jobs")
    if request.method != "POST":
        return _page(request, job, "console/job_pause.html", why_not_pause(job))
    try:
        job = pauses.pause(
            job.pk, by=decide(request, Action.PAUSE_JOB, job, "Pausing jobs"), now=timezone.now()
        )
    except JobStatusError as error:
        if pauses.was_paused_by(job, user_of(request)):
            return _to_job(job)
        return conflict(request, job, error.message)
    messages.success(request, f"Job ID {job.short_id} pauses. Requests in flight finish first.")
    return _to_job(job)


@signed_in
def job_resume(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.RESUME_JOB, "Resuming jobs")
    if request.method != "POST":
        blocked = "" if can_resume(job) else "Nobody has to let this job go on."
        return _page(request, job, "console/job_resume.html", blocked)
    try:
        job = pauses.resume(
            job.pk, by=decide(request, Action.RESUME_JOB, job, "Resuming jobs"), now=timezone.now()
        )
    except JobStatusError as error:
        if pauses.was_resumed_by(job, user_of(request)):
            return _to_job(job)
        return conflict(request, job, error.message)
    messages.success(request, _resumed(job))
    return _to_job(job)


def _resumed(job: Job) -> str:
    if job.status == JobStatus.ACTIVE:
        return f"Job ID {job.short_id} goes on."
    return f"Job ID {job.short_id} goes on by itself when it is its turn."


def _to_job(job: Job) -> HttpResponse:
    response = redirect("job-detail", job.pk)
    response.status_code = 303
    return response


def _page(request: HttpRequest, job: Job, template: str, reason: str) -> HttpResponse:
    blocked = f"{reason.rstrip('.')}. {last_move(job)}".strip() if reason else ""
    context: dict[str, Any] = {"remaining": remaining(job), "blocked": blocked}
    return render(request, template, {**frame(request, job), **context})
