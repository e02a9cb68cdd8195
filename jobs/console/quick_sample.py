"""A look ahead at a hundred objects, in Review and before Run job: what would happen to each, by
reads alone (docs/batch-operations.md, Dry run).

The part loads by itself after the page; without scripts a link leads to it as a page of its own.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from jobs.access.actions import Action
from jobs.access.asking import requesting_status
from jobs.choices import Foreseen, JobStatus
from jobs.console.access import draft_or_404, job_or_404, signed_in
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.looks.table import some_rows
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import REVIEW, first_unvisited
from jobs.engine import quick_look
from jobs.engine.quick_look import QuickLook
from jobs.errors import ManifestError, StorageError, WorkStoreError
from jobs.lifecycle.page_turns import page_patience, page_turn
from jobs.manifests.frozen_list import Rows
from jobs.models import Job
from jobs.operations.base import Outcome
from jobs.queries.foreseen import WOULD_FAIL
from jobs.s3.work_store import work_storage

SHOWN = 10
NOTHING = Rows([], [], [], [])


@require_GET
@signed_in
def job_sample(request: HttpRequest, job_id: str) -> HttpResponseBase:
    keys = requesting_status(JobStatus.READY)
    job = job_or_404(request, job_id, Action.UPDATE_JOB_STATUS, "Looking ahead", keys)
    back = reverse("job-run", args=[job.pk])
    if job.status != JobStatus.SUSPENDED:
        return _answer(request, QuickLook(NOTHING, [], "The job does not wait for you."), 0, back)
    try:
        with page_turn():
            rows = quick_look.rows_of(job, work_storage(page_patience()))
            look = quick_look.look_ahead(job, rows)
    except (StorageError, WorkStoreError) as error:
        return _answer(request, QuickLook(NOTHING, [], error.message), 0, back)
    return _answer(request, look, job.prepared_rows, back)


@require_GET
@signed_in
def draft_sample(request: HttpRequest, draft_id: UUID) -> HttpResponseBase:
    draft = draft_or_404(request, draft_id, write=True)
    reading, back = Reading(draft), step_url(draft, REVIEW)
    is_finished = first_unvisited(draft.touched) is REVIEW and not reading.all_problems()
    if draft.job_id or not is_finished:
        said = "Finish the steps above to preview a sample."
        return _answer(request, QuickLook(NOTHING, [], said), 0, back)
    spec = reading.spec()
    role = reading.options.cleaned_data["role"]
    job = Job(region=reading.region, role=role, operation=spec.operation,
              parameters=spec.parameters, dry_run=True)  # fmt: skip
    try:
        with page_turn():
            rows, listed = some_rows(reading.manifest, reading.found)
            look = quick_look.look_ahead(job, rows)
    except (StorageError, ManifestError) as error:
        return _answer(request, QuickLook(NOTHING, [], error.message), 0, back)
    return _answer(request, look, listed, back)


def _answer(request: HttpRequest, look: QuickLook, listed: int, back: str) -> HttpResponse:
    """`listed` is of how many rows they are a sample."""
    answered = [outcome for outcome in look.outcomes if outcome is not None]
    kinds = Counter(_kind(outcome) for outcome in answered)
    labels = [Foreseen.WOULD_CHANGE.label, Foreseen.ALREADY_SO.label, WOULD_FAIL,
              Foreseen.CANNOT_TELL.label]  # fmt: skip
    context: dict[str, Any] = {
        "asked": len(look.outcomes),
        "answered": len(answered),
        "unanswered": len(look.outcomes) - len(answered),
        "listed": listed,
        "within_s": int(quick_look.WITHIN_S),
        "trouble": look.trouble,
        "kinds": [(label, kinds[label]) for label in labels if kinds[label]],
        "brief": "brief" in request.GET,
        "shown": _shown(look),
        "back": back,
    }
    alone = request.headers.get("HX-Request")
    return render(request, f"console/{'_sample' if alone else 'sample'}.html", context)


def _kind(outcome: Outcome) -> str:
    if not outcome.succeeded:
        return WOULD_FAIL
    known = outcome.code in Foreseen.values
    return str((Foreseen(outcome.code) if known else Foreseen.CANNOT_TELL).label)


def _shown(look: QuickLook) -> list[dict[str, Any]]:
    rows = [
        {
            "place": f"{look.rows.buckets[n]}/{look.rows.keys[n]}",
            "version_id": look.rows.version_ids[n],
            "code": "" if outcome.succeeded else outcome.code,
            "message": outcome.message,
        }
        for n, outcome in enumerate(look.outcomes)
        if outcome is not None
    ]
    return rows[:SHOWN]
