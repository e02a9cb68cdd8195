"""The Drafts page."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from jobs.access.actions import Action
from jobs.console.access import draft_or_404, require, signed_in
from jobs.console.forms.operations.table import FORMS
from jobs.console.forms.sources.table import named_in
from jobs.console.see_other import SeeOther
from jobs.console.wizard import drafts
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import Step, first_unvisited
from jobs.models import Draft


@dataclass(frozen=True, slots=True)
class Line:
    """One draft of the list."""

    draft: Draft
    description: str
    operation: str
    step: Step
    url: str


@require_GET
@signed_in
def draft_list(request: HttpRequest) -> HttpResponse:
    user = require(request, Action.CREATE_JOB, "Creating jobs")
    rows = drafts.open_drafts(user, now=timezone.now())
    context = {"lines": [_line(draft) for draft in rows], "kept_days": drafts.kept_days()}
    return render(request, "console/draft_list.html", context)


def _line(draft: Draft) -> Line:
    form = FORMS.get(draft.data.get("operation", ""))
    step = first_unvisited(draft.touched)
    manifest = named_in(draft.data.get("manifest", {}))
    return Line(
        draft=draft,
        description=draft.data.get("options", {}).get("description", "") or manifest,
        operation=str(form.operation.label) if form else "",
        step=step,
        url=step_url(draft, step),
    )


@require_POST
@signed_in
def draft_delete(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id:
        messages.info(request, "This draft became a job. The job stays as it is.")
    else:
        draft.delete()
        messages.success(request, "The draft was deleted.")
    return SeeOther(reverse("draft-list"))
