"""Create job: making drafts, and their four steps (docs/pages.md, Create job)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jobs.access.actions import Action
from jobs.console.access import draft_or_404, job_or_404, require, signed_in, user_of
from jobs.console.retry_failed import is_waiting
from jobs.console.see_other import SeeOther
from jobs.console.wizard import clone, drafts, pages, review, review_pages
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST, REVIEW, first_unvisited, step_of
from jobs.console.wizard.submit import submit, to_job
from jobs.models import Draft


@require_http_methods(["GET", "POST"])
@signed_in
def job_create(request: HttpRequest) -> HttpResponse:
    """POST makes a draft; GET offers that, and the drafts there are."""
    user = require(request, Action.CREATE_JOB, "Creating jobs")
    now = timezone.now()
    if request.method == "POST":
        return SeeOther(step_url(drafts.new_draft(user, now=now), MANIFEST))
    latest = drafts.open_drafts(user, now=now).first()
    url = step_url(latest, first_unvisited(latest.touched)) if latest else ""
    return render(request, "console/wizard/start.html", {"latest": latest, "latest_url": url})


@require_http_methods(["GET", "POST"])
@signed_in
def wizard_step(request: HttpRequest, draft_id: UUID, step: str) -> HttpResponse:
    draft = draft_or_404(request, draft_id, write=request.method == "POST")
    here = step_of(step)
    if draft.job_id:
        return to_job(draft)
    if is_waiting(draft):
        return SeeOther(reverse("retry-list", args=[draft.pk]))
    is_own = draft.owner_id == request.user.pk
    if is_own and "conversion" in draft.data and here is MANIFEST and request.method == "GET":
        return SeeOther(reverse("list-converting", args=[draft.pk]))
    furthest = first_unvisited(draft.touched)
    if here.number > furthest.number:
        messages.info(request, f"Finish step {furthest.number} first.")
        return SeeOther(step_url(draft, furthest))
    if request.method == "POST":
        return submit(request, draft, here)
    return _review(request, draft) if here is REVIEW else pages.show(request, draft, here)


def _review(request: HttpRequest, draft: Draft) -> HttpResponse:
    return review_pages.show(request, draft, review.problems_of(Reading(draft), write_test=False))


@require_http_methods(["GET"])
@signed_in
def draft_leave(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Cancel: the draft is saved already, so leaving loses nothing."""
    draft = draft_or_404(request, draft_id, write=True)
    back_url = step_url(draft, first_unvisited(draft.touched))
    context = {"draft": draft, "back_url": back_url, "kept_days": drafts.kept_days()}
    return render(request, "console/wizard/leave.html", context)


@require_POST
@signed_in
def job_clone(request: HttpRequest, job_id: str) -> HttpResponse:
    job = job_or_404(request, job_id, Action.CREATE_JOB, "Cloning jobs")
    with_saved_list = request.GET.get("list") == "saved"
    draft = clone.draft_of(
        user_of(request), job, now=timezone.now(), with_saved_list=with_saved_list
    )
    return SeeOther(step_url(draft, MANIFEST))
