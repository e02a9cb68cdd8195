"""Tick objects: what is chosen in the bucket browser, over pages and folders, becomes a list."""

from dataclasses import dataclass
from urllib.parse import unquote
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jobs.console.access import draft_or_404, signed_in
from jobs.console.forms.typed import storable
from jobs.console.see_other import SeeOther
from jobs.console.wizard import drafts
from jobs.console.wizard.browse import Place, shown
from jobs.console.wizard.drafts import Data, Seen
from jobs.console.wizard.lists.folders import MOST_FOLDERS, use_folders
from jobs.console.wizard.lists.use_manifest import role_arn_of, use_manifest
from jobs.console.wizard.lists.where import Where, where_of
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST
from jobs.errors import ManifestError, StorageError
from jobs.lifecycle.list_places import CSV, ListPlace
from jobs.lifecycle.list_uploads import sentence
from jobs.lifecycle.page_turns import page_turn
from jobs.manifests.converting.convert import line_of
from jobs.models import Draft

MOST_TICKED = 1_000
KINDS = ("objects", "folders")
Ticked = list[list[str]]


@dataclass(frozen=True, slots=True)
class Ticks:
    """(bucket, key) of objects, and (bucket, prefix) of folders, in the order in which they were ticked."""

    objects: Ticked
    folders: Ticked

    @classmethod
    def of(cls, draft: Draft) -> "Ticks":
        told = draft.data.get("ticked", {})
        return cls(told.get("objects", []), told.get("folders", []))

    @property
    def count(self) -> int:
        return len(self.objects) + len(self.folders)

    @property
    def buckets(self) -> list[str]:
        return list(dict.fromkeys(bucket for bucket, _ in [*self.objects, *self.folders]))

    def problem(self) -> str:
        """What keeps them from being one list, as a sentence; empty where nothing does."""
        if not self.count:
            return "Tick at least one object or folder."
        if self.objects and self.folders:
            return (
                "Objects and folders cannot be one list: untick either. Objects become a manifest; what"
                " lies in folders is listed when the job prepares."
            )
        if len(self.folders) > MOST_FOLDERS:
            return f"At most {MOST_FOLDERS} folders can be one list: untick some, or tick one above them."
        return ""


@require_http_methods(["GET", "POST"])
@signed_in
def list_tick(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id:
        raise Http404
    where = where_of(request, draft)
    if request.method == "POST":
        return _press(request, draft, where)
    return _page(request, draft, where)


def _press(request: HttpRequest, draft: Draft, where: Where) -> HttpResponse:
    """Whatever is pressed, the ticks of the page are kept."""
    place = Place.of(request)
    error = _keep(request, draft, place)
    order, _, about = request.POST.get("go", "").partition(":")
    if order == "use" and not error:
        return _use(request, draft, where)
    if error:
        return _page(request, draft, where, error=error)
    return SeeOther(_next_url(request, draft, place, order, about))


def _next_url(request: HttpRequest, draft: Draft, place: Place, order: str, about: str) -> str:
    query = {"bucket": place.bucket, "prefix": place.prefix, "token": place.token}
    if order == "open":
        query |= {"prefix": unquote(about), "token": ""}
    elif order == "more":
        query["token"] = about
    query["region"] = request.GET.get("region", "")
    given = {name: text for name, text in query.items() if text}
    return reverse("list-tick", args=[draft.pk], query=given or None)


def _keep(request: HttpRequest, draft: Draft, place: Place) -> str:
    """Remember what the page shows as ticked, and forget what it shows as not. Returns a sentence where
    there is no room for so many.
    """
    error = ""

    def change(data: Data) -> Data:
        nonlocal error
        told = data.get("ticked", {})
        fresh = {kind: _merged(told.get(kind, []), place.bucket, request, kind) for kind in KINDS}
        if request.POST.get("go") == "clear":
            fresh = {kind: [] for kind in KINDS}
        if sum(map(len, fresh.values())) > MOST_TICKED:
            error = f"At most {MOST_TICKED:,} objects can be ticked. For more, use a list or a whole folder."
            return data
        return data | {"ticked": fresh}

    seen = Seen(draft.version, "")
    drafts.save(draft, MANIFEST, change, seen, now=timezone.now(), force=True)
    return error


def _merged(known: Ticked, bucket: str, request: HttpRequest, kind: str) -> Ticked:
    """`known` without what the page showed and was not ticked there, and with what was."""
    shown, ticked = set(_keys(request, f"shown-{kind}")), dict.fromkeys(_keys(request, kind))
    kept = [one for one in known if one[0] != bucket or one[1] not in shown or one[1] in ticked]
    there = {key for other, key in kept if other == bucket}
    return [*kept, *([bucket, key] for key in ticked if key not in there and bucket)]


def _keys(request: HttpRequest, name: str) -> list[str]:
    """URL-encoded in the form: browsers rewrite line ends in a field."""
    return [storable(unquote(key)) for key in request.POST.getlist(name)]


def _use(request: HttpRequest, draft: Draft, where: Where) -> HttpResponse:
    ticks = Ticks.of(draft)
    error = ticks.problem() or ("" if where.place else where.error)
    if error or where.place is None or where.region is None:
        return _page(request, draft, where, error=error)
    if ticks.folders:
        return SeeOther(use_folders(draft, where.region, ticks.folders))
    try:
        key = _stored(where.place, ticks.objects)
    except StorageError as problem:
        return _page(request, draft, where, error=sentence(problem, where.place.path))
    except ManifestError as problem:
        return _page(request, draft, where, error=problem.message)
    place = where.place
    url = use_manifest(draft, place.region, place.bucket, key, role_arn=role_arn_of(draft))
    return SeeOther(url)


def _stored(place: ListPlace, objects: Ticked) -> str:
    """Returns the key. Raises ManifestError and StorageError."""
    lines = [f"{line_of(bucket, key).text}\n" for bucket, key in objects]
    key = place.key_for("ticked.csv", timezone.now())
    with page_turn():
        place.storage().put_object(place.bucket, key, "".join(lines).encode(), CSV)
    return key


def _page(request: HttpRequest, draft: Draft, where: Where, *, error: str = "") -> HttpResponse:
    place = Place.of(request)
    ticks = Ticks.of(draft)
    there = where.place
    found = shown(place, there.region, there.role) if there else {"error": where.error}
    context = {
        "draft": draft,
        "where": where,
        "place": place,
        "ticks": ticks,
        "ticked_objects": _here(ticks.objects, place),
        "ticked_folders": _here(ticks.folders, place),
        "problem": error,
        "has_errors": bool(error),
        "back_url": step_url(draft, MANIFEST),
        **found,
    }
    return render(request, "console/wizard/lists/tick.html", context)


def _here(told: Ticked, place: Place) -> set[str]:
    return {key for bucket, key in told if bucket == place.bucket}
