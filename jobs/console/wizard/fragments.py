"""What htmx fetches while somebody fills the wizard in: quiet saves, and the parts that follow."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from jobs.console.access import draft_or_404, signed_in
from jobs.console.wizard import pages
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import DraftChangedError, Seen
from jobs.console.wizard.looks.again import look_again
from jobs.console.wizard.steps import MANIFEST, OPERATION, step_of
from jobs.console.wizard.submit import save_typed
from jobs.models import Draft


@require_POST
@signed_in
def draft_autosave(request: HttpRequest, draft_id: UUID, step: str) -> HttpResponse:
    """Saves without judging; answers with the note above the form and the live example."""
    draft = draft_or_404(request, draft_id, write=True)
    try:
        save_typed(request, draft, step_of(step), quiet=True)
    except DraftChangedError as error:
        return _saved(request, error.draft, changed=True)
    shown = step_of(step) is OPERATION
    return _saved(request, draft, example=pages.example_of(Reading(draft)) if shown else None)


@require_POST
@signed_in
def draft_preview(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """A look at the manifest that was just typed; trouble is part of the panel."""
    draft = draft_or_404(request, draft_id, write=True)
    try:
        save_typed(request, draft, MANIFEST, quiet=True)
        look_again(draft, Seen(draft.version, Seen.of(request.POST).tab), quiet=True)
    except DraftChangedError as error:
        return _saved(request, error.draft, changed=True)
    reading = Reading(draft)
    return _of_manifest(request, reading, "_preview.html", why=pages.why_no_look(reading))


@require_POST
@signed_in
def draft_source(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The form of the kind of list that was just chosen, and the panel that shows such a list."""
    draft = draft_or_404(request, draft_id, write=True)
    try:
        save_typed(request, draft, MANIFEST, quiet=True)
    except DraftChangedError as error:
        return _saved(request, error.draft, changed=True)
    return _of_manifest(request, Reading(draft), "_source_answer.html", quiet=True)


def _of_manifest(
    request: HttpRequest, reading: Reading, template: str, *, quiet: bool = False, **more: Any
) -> HttpResponse:
    context = pages.manifest_context(reading) | more
    if quiet:  # only now: whether the list may be looked at follows from what is right in the form
        reading.manifest.stay_quiet()
    context |= {"draft": reading.draft, "form": reading.manifest, "alone": True}
    return render(request, f"console/wizard/{template}", context)


@require_POST
@signed_in
def draft_settings(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The settings of the operation that was just chosen."""
    draft = draft_or_404(request, draft_id, write=True)
    try:
        save_typed(request, draft, OPERATION, quiet=True)
    except DraftChangedError as error:
        return _saved(request, error.draft, changed=True)
    reading = Reading(draft)
    context = pages.operation_context(reading)
    if reading.operation and reading.operation.is_bound:
        reading.operation.stay_quiet()
    return render(
        request,
        "console/wizard/_settings.html",
        context | {"draft": draft, "form": reading.operation, "alone": True},
    )


def _saved(
    request: HttpRequest, draft: Draft, *, changed: bool = False, example: str | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"draft": draft, "changed": changed, "example": example}
    response = render(request, "console/wizard/_saved.html", context | {"alone": True})
    if changed:
        # Nothing on the page is replaced; the note says why.
        response["HX-Reswap"] = "none"
    return response
