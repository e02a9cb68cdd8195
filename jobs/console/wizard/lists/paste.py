"""Paste keys: a list in a field becomes a manifest object."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jobs.console.access import draft_or_404, signed_in
from jobs.console.see_other import SeeOther
from jobs.console.wizard.lists.offers import Offer, offer
from jobs.console.wizard.lists.use_manifest import role_arn_of, use_manifest
from jobs.console.wizard.lists.where import Where, where_of
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST
from jobs.errors import ManifestError, StorageError
from jobs.lifecycle.list_places import CSV, ListPlace
from jobs.lifecycle.list_uploads import sentence
from jobs.lifecycle.page_turns import page_turn
from jobs.manifests.converting.convert import Counts, convert
from jobs.manifests.converting.recipe import Recipe
from jobs.models import Draft

MOST_BYTES = 1024 * 1024


@require_http_methods(["GET", "POST"])
@signed_in
def list_paste(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id:
        raise Http404
    where = where_of(request, draft)
    if request.method != "POST":
        return _page(request, draft, where)
    # Browsers send CRLF for each line end of a field, whatever was pasted.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    data = text.encode("utf-8", "replace")
    if not text.strip():
        return _page(request, draft, where, error="Paste a list: one object on each line.")
    if len(data) > MOST_BYTES:
        return _page(request, draft, where, text=text, error=_too_long(len(data)), status=413)
    found = offer(data, complete=True, typed=_typed(request))
    was_shown = "separator" in request.POST
    if request.POST.get("go") != "make" or found.problem or where.place is None:
        # A field for the bucket is what the page asks for next: no reason to complain yet.
        is_asking = found.lacks_bucket and not was_shown and not found.why_not
        error = "" if is_asking and not found.form.errors else found.problem
        return _page(request, draft, where, text=text, found=found, error=error)
    return _make(request, draft, where, where.place, text, found)


def _typed(request: HttpRequest) -> dict[str, str] | None:
    """What was chosen of a conversion that was shown; before that there is a field for the bucket alone."""
    if "separator" in request.POST:
        return {name: str(text) for name, text in request.POST.items() if name != "text"}
    bucket = request.POST.get("bucket", "").strip()
    return {"bucket": bucket} if bucket else None


def _too_long(size_bytes: int) -> str:
    return (
        f"The text has {size_bytes:,} bytes, and a field takes {MOST_BYTES:,}. Save it as a file and"
        " upload that."
    )


def _make(
    request: HttpRequest, draft: Draft, where: Where, place: ListPlace, text: str, found: Offer
) -> HttpResponse:
    try:
        key = _stored(place, text.encode("utf-8", "replace"), found.recipe)
    except StorageError as error:
        return _page(
            request, draft, where, text=text, found=found, error=sentence(error, place.path)
        )
    except ManifestError as error:
        return _page(request, draft, where, text=text, found=found, error=error.message)
    return SeeOther(
        use_manifest(draft, place.region, place.bucket, key, role_arn=role_arn_of(draft))
    )


def _stored(place: ListPlace, data: bytes, recipe: Recipe) -> str:
    """Returns the key. Raises ManifestError and StorageError."""
    manifest = b"".join(convert([data], recipe, Counts()))
    key = place.key_for("pasted.csv", timezone.now())
    with page_turn():
        place.storage().put_object(place.bucket, key, manifest, CSV)
    return key


def _page(
    request: HttpRequest,
    draft: Draft,
    where: Where,
    *,
    text: str = "",
    found: Offer | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "draft": draft,
        "where": where,
        "text": text,
        "offer": found,
        "error": error,
        "has_errors": bool(error),
        "most_bytes": MOST_BYTES,
        "back_url": step_url(draft, MANIFEST),
    }
    return render(request, "console/wizard/lists/paste.html", context, status=status)
