"""Retry failed: a draft with everything of an ended job over a list of its failed objects.

A short list is made before the answer; a long one in the background, while a page tells how far
it is. Either way the draft leads to Review next, and nothing runs before it is created and
confirmed like any other.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import queueing
from jobs.access.actions import Action
from jobs.console.access import draft_or_404, job_or_404, signed_in, user_of
from jobs.console.forms.sources.table import place_of as place_of_typed
from jobs.console.forms.typed import storable
from jobs.console.see_other import SeeOther
from jobs.console.views.errors import conflict
from jobs.console.wizard import clone, drafts
from jobs.console.wizard.drafts import Data
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import REVIEW, first_unvisited
from jobs.lifecycle import retrying
from jobs.lifecycle.draft_work import FAILED, FRESH, MAKING
from jobs.lifecycle.retrying import in_the_way
from jobs.models import Draft, FailureCause, Job
from jobs.queries import words
from jobs.queries.retries import retries_of
from jobs.reports import retry_drafts
from jobs.reports.retry_drafts import WORK
from jobs.reports.retry_list import fields_of, place_of, size_to_read
from jobs.spec.retry_list import list_name

AT_ONCE_BYTES = 4 * 1024 * 1024
"""A report of at most this size, some 30,000 rows, is read while the person waits."""

POLL_S = 2

UNGUARDED = (
    "That job left alone what had changed since its dry run. This one has no such guard: it changes"
    " these objects as they are now."
)


@require_POST
@signed_in
def job_retry(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """POST makes the draft; `code` narrows it to the objects that failed with that error code."""
    job = job_or_404(request, job_id, Action.RETRY_JOB, "Retrying jobs")
    user, now = user_of(request), timezone.now()
    code = storable(request.POST.get("code", ""))[:128] or None
    if refusal := words.storage_gone(job) or retrying.why_not(job, code):
        return conflict(request, job, refusal)
    draft = _waiting(user, job, code, now) or _new_draft(user, job, code, now)
    if size_to_read(job.report) <= AT_ONCE_BYTES:
        retry_drafts.make_list(str(draft.pk), clock=timezone.now, for_page=True)
    else:
        _call_if_idle(draft, now)
    return _onward(draft)


def _waiting(user: User, job: Job, code: str | None, now: datetime) -> Draft | None:
    """The draft of an earlier press, whose list is not ready yet."""
    same = drafts.open_drafts(user, now=now).filter(source=f"retry:{job.pk}")
    return next(
        (draft for draft in same if is_waiting(draft) and _told(draft)["code"] == code), None
    )


def _new_draft(user: User, job: Job, code: str | None, now: datetime) -> Draft:
    return drafts.new_draft(
        user,
        now=now,
        source=f"retry:{job.pk}",
        data=_data_of(job, code),
        touched=clone.TOUCHED,
    )


def _data_of(job: Job, code: str | None) -> Data:
    """As a clone, but over the list of the failed objects."""
    data = clone.data_of(job)
    bucket, key = place_of(job.report, code)
    typed = {name: text for name, text in data["manifest"].items() if "column-" not in name}
    manifest = typed | {
        "manifest_object": f"s3://{bucket}/{key}",
        "version_id": "",
        **{f"column-{n}": name for n, name in enumerate(fields_of(job))},
    }
    retry = {
        "job": job.pk,
        "code": code,
        "place": place_of_typed(manifest),
        "rows": retrying.failed_tasks(job, code),
        **FRESH,
        **{"read": 0, "buckets": {}},
    }
    options = data["options"] | {"description": retrying.description_of(job)}
    return data | {"manifest": manifest, "options": options, "retry": retry}


def is_waiting(draft: Draft) -> bool:
    """Whether the wizard has to wait for the list of a retry."""
    return WORK.is_waiting(draft)


def _told(draft: Draft) -> Data:
    told: Data = draft.data["retry"]
    return told


def _call_if_idle(draft: Draft, now: datetime) -> None:
    """Whoever looks repeats a hint that was lost, so that no sweep has to."""
    if WORK.is_idle(draft, now):
        WORK.change(str(draft.pk), called_s=now.timestamp())
        queueing.call("make_retry_list", str(draft.pk))


def _onward(draft: Draft) -> HttpResponse:
    """To Review when the list is ready, else to the page that tells how far it is."""
    draft.refresh_from_db()
    if is_waiting(draft):
        return SeeOther(reverse("retry-list", args=[draft.pk]))
    _look(draft)
    return SeeOther(step_url(draft, REVIEW))


def _look(draft: Draft) -> None:
    """Look at the finished list, once; its numbers are known exactly, however long it is."""
    job = Job.objects.select_related("region", "role").filter(pk=_told(draft)["job"]).first()
    if job is None or "found" in draft.data:
        return
    data = clone.look_and_note(draft, job, now=timezone.now())
    if "found" in data and not data["found"]["error"]:
        exact = {"rows_exact": _told(draft)["rows"], "rows_estimated": None}
        data["found"] |= exact | {"buckets": _told(draft)["buckets"]}
    if left := retrying.never_run(job):
        data["notes"] = [*data["notes"], never_run_sentence(left)]
    if job.guarded_by_id:
        data["notes"] = [*data["notes"], UNGUARDED]
    draft.data = data
    draft.save(update_fields=["data"])


def never_run_sentence(left: int) -> str:
    return (
        f"{words.counted(left, 'object')} of that job {'was' if left == 1 else 'were'} never run."
        " A retry covers only those that failed; clone the job to run them all."
    )


@require_http_methods(["GET", "POST"])
@signed_in
def retry_list(request: HttpRequest, draft_id: UUID) -> HttpResponseBase:
    """How far the list is; POST tries again after it could not be made."""
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id or "retry" not in draft.data:
        return SeeOther(step_url(draft, first_unvisited(draft.touched)))
    if request.method == "POST" and _told(draft)["state"] == FAILED:
        draft.data = draft.data | {"retry": _told(draft) | FRESH}
        draft.save(update_fields=["data"])
    if not is_waiting(draft):
        return _onward(draft)
    _call_if_idle(draft, timezone.now())
    if request.method == "POST":
        return SeeOther(request.path)
    return render(request, "console/retry_list.html", _waiting_context(draft))


@require_GET
@signed_in
def retry_list_live(request: HttpRequest, draft_id: UUID) -> HttpResponseBase:
    """The polled part; leads on as soon as the list is ready."""
    draft = draft_or_404(request, draft_id, write=True)
    page = reverse("retry-list", args=[draft.pk])
    if not request.headers.get("HX-Request"):
        return redirect(page)
    if draft.job_id or "retry" not in draft.data or not is_waiting(draft):
        return HttpResponse(headers={"HX-Redirect": page})
    _call_if_idle(draft, timezone.now())
    return render(request, "console/_retry_list.html", _waiting_context(draft))


def _waiting_context(draft: Draft) -> Data:
    told = _told(draft)
    job = Job.objects.filter(pk=told["job"]).first()
    making = told["state"] == MAKING
    return {"draft": draft, "told": told, "job": job, "every_s": POLL_S if making else 0}


@dataclass(frozen=True, slots=True)
class Choice:
    """One error code on the Failures page; `by` is the job that retries its objects already."""

    code: str
    tasks: int
    by: Job | None


def choices_of(job: Job, causes: Iterable[FailureCause]) -> dict[str, Choice]:
    """What may be retried of an ended job, by error code, from all its causes."""
    tasks = Counter[str]()
    for cause in causes:
        tasks[cause.code] += cause.tasks
    retries = list(job.retries.all())
    return {
        code: Choice(code, count, in_the_way(retries, job.pk, list_name(job.pk, code)))
        for code, count in tasks.items()
        if code
    }


def after_failures(job: Job) -> Data:
    """What the pages of an ended job say about its failed objects."""
    left = retrying.never_run(job)
    return {
        "retries": retries_of(job),
        "never_run": never_run_sentence(left) if left else "",
        "no_list": retrying.without_report(job),
    }


@require_GET
@signed_in
def job_retries(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The polled part of a job's page: what has become of its failed objects."""
    job = job_or_404(request, job_id)
    if not request.headers.get("HX-Request"):
        return redirect("job-detail", job.pk)
    return render(request, "console/_retries.html", {"job": job} | after_failures(job))
