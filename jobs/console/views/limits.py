"""Changing how fast one job may go: a page with a form (GET) that posts to itself."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs.access.actions import Action
from jobs.console.access import decide, job_or_404, signed_in
from jobs.console.forms.limits import CeilingFields, typed_limits
from jobs.console.job_frame import frame
from jobs.console.views.errors import conflict
from jobs.errors import JobStatusError
from jobs.lifecycle.limits import change_ceilings
from jobs.models import Job
from jobs.queries.limit_words import ceilings


@signed_in
def job_limits(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.UPDATE_JOB_LIMITS, "Changing limits")
    if request.method != "POST":
        return _limits_page(request, job, CeilingFields(initial=typed_limits(job)))
    form = CeilingFields(CeilingFields.typed_from(request.POST))
    if not form.is_valid():
        return _limits_page(request, job, form)
    try:
        job = change_ceilings(
            job.pk,
            **form.cleaned_data,
            by=decide(request, Action.UPDATE_JOB_LIMITS, job, "Changing limits"),
            now=timezone.now(),
        )
    except JobStatusError as error:
        return conflict(request, job, error.message)
    said = ceilings(job.requests_per_s, job.in_flight) or "No limit"
    messages.success(request, f"Changed the limits of job ID {job.short_id}. {said}.")
    response = redirect("job-detail", job.pk)
    response.status_code = 303
    return response


def _limits_page(request: HttpRequest, job: Job, form: forms.Form) -> HttpResponse:
    blocked = "The job has ended, so its limits cannot change any more."
    context = {
        **frame(request, job),
        "form": form,
        "has_errors": bool(form.errors),
        "ceilings": ceilings(job.requests_per_s, job.in_flight),
        "blocked": blocked if job.is_terminal else "",
    }
    return render(request, "console/job_limits.html", context)
