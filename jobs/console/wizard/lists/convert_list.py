"""Convert: a list that lies in a storage becomes a manifest beside it, after a look at what becomes of it."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from jobs.console.access import draft_or_404, signed_in
from jobs.console.forms.typed import storable
from jobs.console.see_other import SeeOther
from jobs.console.wizard import drafts
from jobs.console.wizard.drafts import Data, Seen
from jobs.console.wizard.lists.offers import Offer, offer
from jobs.console.wizard.lists.use_manifest import role_arn_of, use_manifest
from jobs.console.wizard.lists.where import Where, where_of
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST
from jobs.errors import StorageError
from jobs.lifecycle import list_conversions, preflight
from jobs.lifecycle.connections import storage_for_page
from jobs.lifecycle.draft_work import FAILED, FRESH, MAKING
from jobs.lifecycle.list_conversions import AT_ONCE_BYTES, CONVERSION
from jobs.lifecycle.list_places import ListPlace
from jobs.lifecycle.page_turns import page_turn
from jobs.manifests.converting.encodings import is_compressed
from jobs.manifests.opened import encryption_problem
from jobs.models import Draft, Region
from jobs.s3.arns import parse_s3_uri
from jobs.s3.storage import ObjectFacts

SAMPLE_BYTES = 1024 * 1024
POLL_S = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """The list's object and its beginning."""

    bucket: str
    key: str
    version_id: str
    facts: ObjectFacts
    sample: bytes

    @property
    def is_complete(self) -> bool:
        return self.facts.size_bytes <= SAMPLE_BYTES

    @property
    def path(self) -> str:
        return preflight.place_of(self.bucket, self.key, self.version_id or None)


@require_http_methods(["GET", "POST"])
@signed_in
def list_convert(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """With `new` in the address the list was just stored: where there is nothing to convert, step 1
    follows. `fix` is what the preview suggests.
    """
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id:
        raise Http404
    if CONVERSION.is_waiting(draft):
        return SeeOther(reverse("list-converting", args=[draft.pk]))
    where = where_of(request, draft)
    try:
        listed = _look(draft, where)
    except (StorageError, ValueError) as error:
        return _page(request, draft, where, error=str(error.args[0]))
    if request.method == "POST":
        return _submit(request, draft, where, listed)
    found = offer(listed.sample, complete=listed.is_complete, fix=request.GET.get("fix", ""))
    packed = is_compressed(listed.sample)
    if "new" in request.GET and (packed or not (found.why_not or found.is_needed)):
        return SeeOther(step_url(draft, MANIFEST, "preview"))
    return _page(request, draft, where, listed=listed, found=found, error=found.why_not or "")


def _look(draft: Draft, where: Where) -> Listed:
    """Raises StorageError and ValueError with a sentence."""
    typed = draft.data.get("manifest", {})
    if where.place is None:
        raise ValueError(where.error)
    path = typed.get("manifest_object", "").strip()
    if not path or path.endswith("/"):
        raise ValueError("Enter the path to a list in step 1 first.")
    bucket, key = parse_s3_uri(path)
    version_id = typed.get("version_id", "").strip()
    region, role = where.place.region, where.place.role
    shown = preflight.place_of(bucket, key, version_id or None)
    try:
        with page_turn():
            facts = preflight.look_at(bucket, key, version_id or None, region, role)
            if problem := encryption_problem(facts, shown):
                raise ValueError(problem)
            storage = storage_for_page(bucket, region, role)
            sample = storage.read_range(
                bucket, key, 0, SAMPLE_BYTES, version_id or None, if_match=facts.etag
            )
    except StorageError as error:
        raise ValueError(preflight.sentence(error, shown)) from error
    return Listed(bucket, key, version_id, facts, sample)


def _submit(request: HttpRequest, draft: Draft, where: Where, listed: Listed) -> HttpResponse:
    typed = {name: str(text) for name, text in request.POST.items()}
    found = offer(listed.sample, complete=listed.is_complete, typed=typed)
    error = found.problem
    if typed.get("etag") != listed.facts.etag:
        error = "The list changed after you looked at it. Look at it again."
    if typed.get("go") != "make" or error or where.place is None:
        return _page(request, draft, where, listed=listed, found=found, error=error)
    _tell(draft, where.place, listed, found)
    if listed.facts.size_bytes <= AT_ONCE_BYTES:
        list_conversions.make(str(draft.pk), clock=timezone.now, for_page=True)
    return _onward(request, draft)


def _tell(draft: Draft, place: ListPlace, listed: Listed, found: Offer) -> None:
    """The draft what is to be made for it."""
    now = timezone.now()
    name = listed.key.rpartition("/")[2].rpartition(".")[0] or "list"
    told = list_conversions.told_of(
        region=place.region.slug,
        role=place.role.arn,
        bucket=listed.bucket,
        key=listed.key,
        version_id=listed.version_id,
        etag=listed.facts.etag,
        size_bytes=listed.facts.size_bytes,
        recipe=found.recipe.to_json(),
        target_bucket=place.bucket,
        target_key=place.key_for(f"{name}-converted.csv", now),
    )

    def change(data: Data) -> Data:
        return data | {"conversion": told}

    drafts.save(draft, MANIFEST, change, Seen(draft.version, ""), now=now, force=True)


def _onward(request: HttpRequest, draft: Draft) -> HttpResponse:
    """To step 1 when the manifest is there, else to the page that tells how far it is."""
    draft.refresh_from_db()
    told = draft.data.get("conversion")
    region = Region.objects.filter(slug=told["region"]).first() if told else None
    if CONVERSION.is_waiting(draft):
        list_conversions.call_if_idle(draft, clock=timezone.now)
        return SeeOther(reverse("list-converting", args=[draft.pk]))
    if told is None or region is None:
        return SeeOther(step_url(draft, MANIFEST))
    bucket, key = told["target_bucket"], told["target_key"]
    url = use_manifest(draft, region, bucket, key, role_arn=role_arn_of(draft))
    messages.success(request, _done(told))
    return SeeOther(url)


def _done(told: Data) -> str:
    row = "row" if told["rows"] == 1 else "rows"
    facts = [f"Converted {told['rows']:,} {row} to a new manifest."]
    if told["blank"]:
        facts.append(f"Blank lines left out: {told['blank']:,}.")
    if told["filled"]:
        facts.append(f"Version IDs written as null: {told['filled']:,}.")
    return " ".join([*facts, f"Your list stays as it is at s3://{told['bucket']}/{told['key']}."])


@require_http_methods(["GET", "POST"])
@signed_in
def list_converting(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """How far a conversion is. POST tries again after it could not be made, or gives it up."""
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id or "conversion" not in draft.data:
        return SeeOther(step_url(draft, MANIFEST))
    if request.method == "POST":
        return _press(request, draft)
    if not CONVERSION.is_waiting(draft):
        return _onward(request, draft)
    list_conversions.call_if_idle(draft, clock=timezone.now)
    return render(request, "console/wizard/lists/converting.html", _context(draft))


def _press(request: HttpRequest, draft: Draft) -> HttpResponse:
    given_up = request.POST.get("go") == "stop"

    def change(data: Data) -> Data:
        told = data.get("conversion", {})
        if given_up:
            return {name: value for name, value in data.items() if name != "conversion"}
        return data | {"conversion": told | FRESH} if told.get("state") == FAILED else data

    seen = Seen(draft.version, "")
    drafts.save(draft, MANIFEST, change, seen, now=timezone.now(), force=True)
    return SeeOther(reverse("list-convert" if given_up else "list-converting", args=[draft.pk]))


@require_GET
@signed_in
def list_converting_live(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The polled part; leads on as soon as the manifest is there."""
    draft = draft_or_404(request, draft_id, write=True)
    page = reverse("list-converting", args=[draft.pk])
    if not request.headers.get("HX-Request"):
        return redirect(page)
    if draft.job_id or not CONVERSION.is_waiting(draft):
        return HttpResponse(headers={"HX-Redirect": page})
    list_conversions.call_if_idle(draft, clock=timezone.now)
    return render(request, "console/wizard/lists/_converting.html", _context(draft))


def _context(draft: Draft) -> Data:
    told = draft.data["conversion"]
    size = told["size_bytes"] or 1
    return {
        "draft": draft,
        "told": told,
        "percent": min(100, told["read_bytes"] * 100 // size),
        "every_s": POLL_S if told["state"] == MAKING else 0,
    }


def _page(
    request: HttpRequest,
    draft: Draft,
    where: Where,
    *,
    listed: Listed | None = None,
    found: Offer | None = None,
    error: str = "",
) -> HttpResponse:
    context = {
        "draft": draft,
        "where": where,
        "listed": listed,
        "offer": found if found and not found.why_not else None,
        "error": storable(error),
        "has_errors": bool(error),
        "back_url": step_url(draft, MANIFEST),
        "at_once": listed is not None and listed.facts.size_bytes <= AT_ONCE_BYTES,
    }
    return render(request, "console/wizard/lists/convert.html", context)
