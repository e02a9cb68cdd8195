"""What a person does to one job: run, cancel, change priority and tags.

Each is a page with a form (GET) that posts to itself. A job that moved on meanwhile gives the
409 page; the same person sending the same form twice gets the answer of the first time.
"""

import hashlib
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.asking import requesting_status
from jobs.choices import CANCELLABLE, UNSTARTED, JobStatus, Risk
from jobs.console import estimating
from jobs.console.access import decide, job_or_404, signed_in, user_of, visible
from jobs.console.forms.actions import (
    ACKNOWLEDGED,
    TYPED,
    CancelForm,
    PriorityForm,
    RunForm,
    TagRows,
)
from jobs.console.job_frame import frame
from jobs.console.views.errors import conflict, last_move
from jobs.errors import JobStatusError, ValidationFailedError
from jobs.lifecycle import commands, priorities
from jobs.lifecycle.tagging import action_of, replace_tags
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.base import AtStake, Operation
from jobs.queries import foreseen, words
from jobs.queries.generator_words import list_pairs
from jobs.queries.job_detail import remaining
from jobs.queries.limit_words import limit_pairs


def _to_job(job: Job) -> HttpResponse:
    response = redirect("job-detail", job.pk)
    response.status_code = 303
    return response


_READY, _CANCELLED = map(requesting_status, (JobStatus.READY, JobStatus.CANCELLED))


# Run


@signed_in
def job_run(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.UPDATE_JOB_STATUS, "Running jobs", _READY)
    facts = _run_facts(job)
    buckets = list(job.buckets)
    options = {"risk": facts["risk"], "buckets": buckets, "understand": facts["understand"]}
    if request.method != "POST":
        return _run_page(request, job, RunForm(**options), facts)
    if facts["blocked"]:
        return _to_job(job) if _did(request, job) else conflict(request, job, facts["blocked"])
    form = RunForm(request.POST, **options)
    if not form.is_valid():
        return _run_page(request, job, form, facts)
    try:
        by = decide(request, Action.UPDATE_JOB_STATUS, job, "Running jobs")
        commands.confirm(job.pk, by=by, now=timezone.now())
    except JobStatusError as error:
        job.refresh_from_db()
        return _to_job(job) if _did(request, job) else conflict(request, job, error.message)
    messages.success(request, f"Successfully received confirmation to run job ID {job.short_id}.")
    return _to_job(job)


def _did(request: HttpRequest, job: Job) -> bool:
    """This person confirmed it already: a double click, or Back and again."""
    return job.confirmed_by_id == user_of(request).pk


def _run_facts(job: Job) -> dict[str, Any]:
    kind = registry.find(job.operation)
    operation = kind.parse(job.parameters).knowing(job.found) if kind else None
    total, buckets = job.total_tasks, list(job.buckets)
    risk = operation.danger() if operation else Risk.DESTRUCTIVE
    usual = kind or Operation
    at_stake = (
        operation.at_stake() if operation else AtStake(usual.loss, usual.undo, usual.understood)
    )
    consequence = operation.consequence(total, buckets) if operation else ""
    return {
        "risk": risk,
        "buckets": job.buckets.items(),
        "lead": _lead(consequence, total),
        "understand": at_stake.understood,
        "caution": risk in ACKNOWLEDGED,
        "destructive": risk in TYPED,
        "blocked": _why_blocked(job) if operation else "This version does not know the operation.",
        "warning": f"{words.counted(total or 0, 'object')} {at_stake.loss} {at_stake.undo}",
    }


def _lead(consequence: str, total: int | None) -> tuple[str, str, str]:
    """The sentence before the number of objects, the number, and the rest."""
    number = f"{total:,}" if total is not None else ""
    return consequence.partition(number) if number else (consequence, "", "")


def _why_blocked(job: Job) -> str:
    if job.status != JobStatus.SUSPENDED:
        label = JobStatus(job.status).label
        return f"The job does not wait for confirmation: it is {label}. {last_move(job)}".strip()
    return words.storage_gone(job)


def _run_page(request: HttpRequest, job: Job, form: RunForm, facts: dict[str, Any]) -> HttpResponse:
    context = {**frame(request, job), **facts, "form": form, "typed": "typed" in form.fields}
    context |= {"generated": list_pairs(job), "limits": limit_pairs(job)}
    context["estimate"] = estimating.of_job(job, visible(request), timezone.now())
    if dry_run := foreseen.dry_run_of(job, visible(request)):
        context |= {"dry_run": dry_run, "dry_run_found": foreseen.sentence(dry_run)}
    return render(request, "console/job_run.html", context)


# Cancel


@signed_in
def job_cancel(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.UPDATE_JOB_STATUS, "Cancelling jobs", _CANCELLED)
    if request.method != "POST":
        return _cancel_page(request, job, CancelForm())
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _cancel_page(request, job, form)
    try:
        reason = form.cleaned_data["reason"]
        by = decide(request, Action.UPDATE_JOB_STATUS, job, "Cancelling jobs")
        job = commands.cancel(job.pk, by=by, now=timezone.now(), reason=reason)
    except JobStatusError as error:
        if _cancelled_by(request, job):
            return _to_job(job)
        return conflict(request, job, error.message)
    if job.status == JobStatus.CANCELLED:
        messages.success(request, f"Cancelled job ID {job.short_id}.")
    else:
        messages.info(
            request, f"Cancelling job ID {job.short_id}. Requests in flight finish first."
        )
    return _to_job(job)


def _cancelled_by(request: HttpRequest, job: Job) -> bool:
    stops = (JobStatus.CANCELLING, JobStatus.CANCELLED)
    return job.status_changes.filter(to_status__in=stops, actor=user_of(request)).exists()


def _cancel_page(request: HttpRequest, job: Job, form: CancelForm) -> HttpResponse:
    label = JobStatus(job.status).label
    blocked = f"The job cannot be cancelled: it is {label}. {last_move(job)}".strip()
    context = {
        **frame(request, job),
        "form": form,
        "remaining": remaining(job),
        "unstarted": job.status in UNSTARTED,
        "blocked": "" if job.status in CANCELLABLE else blocked,
    }
    return render(request, "console/job_cancel.html", context)


# Priority


@signed_in
def job_priority(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.UPDATE_JOB_PRIORITY, "Changing the priority")
    if request.method != "POST":
        return _priority_page(request, job, PriorityForm(initial={"priority": job.priority}))
    form = PriorityForm(request.POST)
    if not form.is_valid():
        return _priority_page(request, job, form)
    try:
        priority = form.cleaned_data["priority"]
        by = decide(request, Action.UPDATE_JOB_PRIORITY, job, "Changing the priority")
        job = priorities.reprioritise(job.pk, priority, by=by, now=timezone.now())
    except JobStatusError as error:
        return conflict(request, job, error.message)
    messages.success(request, f"Job ID {job.short_id} has priority {job.priority} now.")
    return _to_job(job)


def _priority_page(request: HttpRequest, job: Job, form: PriorityForm) -> HttpResponse:
    blocked = "The job has ended, so its priority cannot change any more."
    context = {**frame(request, job), "form": form, "blocked": blocked if job.is_terminal else ""}
    return render(request, "console/job_priority.html", context)


# Tags


@signed_in
def job_tags(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.PUT_JOB_TAGGING, "Changing tags")
    current = dict(job.tags.values_list("key", "value"))
    if request.method != "POST":
        return _tags_page(request, job, TagRows.of(current), current)
    rows = TagRows.posted(request.POST)
    if "add" in request.POST:
        added = f"tags-{len(rows.rows)}-key"
        return _tags_page(request, job, rows.with_blank(), current, focus=added)
    if "remove" in request.POST:
        at = request.POST["remove"]
        return _tags_page(request, job, rows.without(at), current, focus=f"remove-{at}")
    rows = rows.filled()
    tags = rows.tags()
    if request.POST.get("seen", "") != _mark(current) and tags != current:
        return _tags_page(request, job, rows, current, changed=True)
    if rows.errors:
        return _tags_page(request, job, rows, current)
    try:
        by = decide(request, action_of(tags), job, "Changing tags")
        replace_tags(job.pk, tags, by=by, now=timezone.now())
    except ValidationFailedError as error:
        general = [p.message for p in error.problems if not rows.blame(p.field, p.message)]
        return _tags_page(request, job, rows, current, general=general)
    messages.success(request, f"Saved the tags of job ID {job.short_id}.")
    response = redirect(f"{reverse('job-configuration', args=[job.pk])}#tags")
    response.status_code = 303
    return response


def _mark(tags: dict[str, str]) -> str:
    """What the form was drawn from: a save over somebody else's change is noticed by it."""
    return hashlib.sha256(repr(sorted(tags.items())).encode()).hexdigest()[:16]


def _tags_page(
    request: HttpRequest,
    job: Job,
    rows: TagRows,
    current: dict[str, str],
    *,
    general: list[str] | None = None,
    changed: bool = False,
    focus: str = "",
) -> HttpResponse:
    """`focus` is the ID of the control that a person is at."""
    problems = [*(("", text) for text in general or []), *rows.problems()]
    shown = rows if rows.rows else rows.with_blank()
    context = {
        **frame(request, job),
        "rows": shown.numbered(),
        "problems": problems,
        "has_errors": bool(problems),
        "changed": changed,
        "focus": focus,
        "current": current,
        "seen": _mark(current),
        "full": len(rows.rows) >= TagRows.MAX_ROWS,
    }
    return render(request, "console/job_tags.html", context)
