"""Run for real: from a dry run to the job itself (docs/batch-operations.md, Run for real)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jobs.access.actions import Action
from jobs.choices import ReportScope
from jobs.console.access import decide, job_or_404, signed_in, user_of
from jobs.console.job_frame import frame
from jobs.console.see_other import SeeOther
from jobs.console.views.errors import conflict
from jobs.console.wizard.clone import draft_of
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import REVIEW
from jobs.errors import ValidationFailedError
from jobs.lifecycle import freezing, preflight
from jobs.lifecycle.creation import create_job
from jobs.models import Job
from jobs.queries import words
from jobs.queries.foreseen import kinds_found


class RealForm(forms.Form):
    """All else is as it was in the dry run, whose report always has every row."""

    report_scope = forms.ChoiceField(
        label="Report scope",
        choices=ReportScope.choices,
        initial=ReportScope.FAILED_TASKS_ONLY,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a report scope.",
            "invalid_choice": "Choose a report scope.",
        },
    )

    def __init__(self, job: Job, data: Any = None) -> None:
        super().__init__(data)
        if not job.report_enabled:
            del self.fields["report_scope"]


@require_http_methods(["GET", "POST"])
@signed_in
def job_real(request: HttpRequest, job_id: str) -> HttpResponse:
    """GET asks; POST makes the job over the list of the dry run, or, with `go=manifest`, a draft of
    one over the whole manifest.
    """
    job = job_or_404(request, job_id, Action.CREATE_JOB, "Creating jobs")
    refused = freezing.why_not(job, timezone.now())
    if request.method != "POST":
        return _page(request, job, RealForm(job), refused)
    if not job.dry_run or not job.is_terminal:
        return conflict(request, job, refused)
    if request.POST.get("go") == "manifest":
        return SeeOther(step_url(draft_of(user_of(request), job, now=timezone.now()), REVIEW))
    form = RealForm(job, request.POST)
    if not form.is_valid():
        return _page(request, job, form, refused)
    return _create(request, job, form, refused)


def _create(request: HttpRequest, job: Job, form: RealForm, refused: str) -> HttpResponse:
    scope = form.cleaned_data.get("report_scope", ReportScope.FAILED_TASKS_ONLY)
    spec = freezing.spec_of(job, ReportScope(scope))
    real = freezing.real_job_of(job)
    if real and real.owner_id == user_of(request).pk:
        return _to(real)  # a double click, or Back and again
    if refused:
        return conflict(request, job, refused)
    problems = preflight.check_report(spec.report, job.region, job.role, write_test=True)
    try:
        if not problems:
            real = create_job(
                spec,
                by=decide(request, Action.CREATE_JOB, doing="Creating jobs"),
                now=timezone.now(),
            )
    except ValidationFailedError as error:
        problems = error.problems
    if real is None:
        for problem in problems:
            form.add_error(None, problem.message)
        return _page(request, job, form, refused)
    said = (
        f"Successfully created job ID {real.pk}. When it is prepared, review it and choose Run job."
    )
    messages.success(request, said)
    return _to(real)


def _to(job: Job) -> HttpResponse:
    return SeeOther(reverse("job-detail", args=[job.pk]))


def _page(request: HttpRequest, job: Job, form: RealForm, refused: str) -> HttpResponse:
    context = {
        **frame(request, job),
        "form": form,
        "refused": refused,
        "kinds": [(one.label, f"{one.tasks:,}") for one in kinds_found(job)],
        "objects": words.counted(job.tasks_done, "object"),
        "may_list_anew": job.dry_run and job.is_terminal,
    }
    status = 422 if form.errors else 200
    return render(request, "console/job_real.html", context, status=status)
