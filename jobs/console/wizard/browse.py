"""Browse S3: from buckets to folders to objects, for the fields that hold a path."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jobs.console.access import draft_or_404, signed_in
from jobs.console.forms.sources.base import no_role, role_for
from jobs.console.forms.sources.table import SOURCES
from jobs.console.forms.typed import storable
from jobs.console.see_other import SeeOther
from jobs.console.wizard import drafts
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import Data, DraftChangedError, Seen
from jobs.console.wizard.looks.again import look_again
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, Step
from jobs.errors import StorageError
from jobs.lifecycle import preflight
from jobs.lifecycle.connections import storage_for_page
from jobs.lifecycle.page_turns import page_turn
from jobs.models import Draft, Region, Role
from jobs.operations import registry
from jobs.operations.fields import TextField
from jobs.s3.arns import check_bucket_name, parse_s3_uri
from jobs.s3.storage import ListPage


@dataclass(frozen=True, slots=True)
class Goal:
    """The field that the chosen path goes to; `wants` is "object", "folder" or "bucket". `of` is the
    operation, or the kind of list, that the field belongs to.
    """

    field: str
    step: Step
    label: str
    wants: str
    of: str = ""


GOALS = (
    Goal("report_path", OPTIONS, "Path to completion report destination", "folder"),
    *(
        Goal(one.name, MANIFEST, one.label, one.browse, kind)
        for kind, form in SOURCES.items()
        for one in form.asked.fields
        if isinstance(one, TextField) and one.browse
    ),
)
_USUAL = {"report_path": "report_prefix", "source": ""}
"""The Region's place where browsing for a field begins; it is its place for manifests for all others."""


def goal_of(draft: Draft, field: str) -> Goal:
    """A field of these steps or of an operation, most likely the one that the draft has, but without
    scripts its page may still show another. Raises Http404.
    """
    chosen = draft.data.get("operation", "")
    of_operations = (
        Goal(one.name, OPERATION, one.label, one.browse, operation.name)
        for operation in sorted(registry.OPERATIONS, key=lambda known: known.name != chosen)
        for one in operation.form.fields
        if isinstance(one, TextField) and one.browse
    )
    for goal in (*GOALS, *of_operations):
        if goal.field == field:
            return goal
    raise Http404


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is: no bucket means the list of buckets."""

    bucket: str
    prefix: str
    token: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Place":
        given = [storable(request.GET.get(name, "")) for name in ("bucket", "prefix", "token")]
        return cls(given[0].strip().removeprefix("s3://").strip("/"), given[1], given[2])

    def folders_above(self) -> list[tuple[str, str]]:
        """Name and prefix of each folder on the way here."""
        parts = self.prefix.rstrip("/").split("/") if self.prefix else []
        return [(part, "/".join(parts[: n + 1]) + "/") for n, part in enumerate(parts)]


def browse_from(reading: Reading, typed: str, field: str) -> dict[str, str] | None:
    """Where Browse S3 begins: at what was typed, else at the Region's default place, else at the
    list of buckets.
    """
    region = reading.region
    is_of_list = any(goal.field == field and goal.step is MANIFEST for goal in GOALS)
    usual = _USUAL.get(field, "manifest_prefix" if is_of_list else "")
    for path in (typed, f"{getattr(region, usual)}/" if region and usual else ""):
        try:
            bucket, key = parse_s3_uri(path)
        except ValueError:
            continue
        folder = key.rpartition("/")[0].strip("/")
        return {"bucket": bucket, **({"prefix": f"{folder}/"} if folder else {})}
    return None


@require_http_methods(["GET", "POST"])
@signed_in
def wizard_browse(request: HttpRequest, draft_id: UUID, field: str) -> HttpResponse:
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id:
        raise Http404
    goal = goal_of(draft, field)
    if request.method == "POST":
        return _choose(request, draft, goal)
    place = Place.of(request)
    context = {"draft": draft, "goal": goal, "place": place, "tab": drafts.new_tab()}
    context["back_url"] = step_url(draft, goal.step, focus=goal.field)
    return render(request, "console/wizard/browse.html", context | _listing(draft, place))


def _listing(draft: Draft, place: Place) -> dict[str, object]:
    """What is there, or the sentence that says why nothing can be shown."""
    reading = Reading(draft)
    region = reading.region
    if region is None:
        return {"error": "Choose a Region first, then browse its buckets."}
    role = reading.manifest.role() if not reading.manifest.errors.get("read_as") else None
    role = role or role_for(region, None)
    if role is None:
        return {"error": no_role(region, None)}
    return shown(place, region, role)


def shown(place: Place, region: Region, role: Role) -> dict[str, object]:
    """What is there for that role, or the sentence that says why nothing can be shown."""
    try:
        with page_turn():
            return {"region": region, "role": role} | _look(place, region, role)
    except ValueError as error:
        return {"region": region, "role": role, "error": str(error)}
    except StorageError as error:
        where = f"s3://{place.bucket}" if place.bucket else f"The list of buckets of {region.name}"
        sentence = preflight.sentence(error, where)
        return {"region": region, "role": role, "error": sentence}


def _look(place: Place, region: Region, role: Role) -> dict[str, object]:
    """Raises StorageError, and ValueError for what is no bucket's name."""
    if not place.bucket:
        return {"buckets": sorted(storage_for_page("", region, role).list_buckets())}
    check_bucket_name(place.bucket)
    storage = storage_for_page(place.bucket, region, role)
    page: ListPage = storage.list_page(place.bucket, place.prefix, place.token or None)
    return {
        "folders": [(name.removeprefix(place.prefix), name) for name in page.folders],
        "objects": [
            (item.key.removeprefix(place.prefix) or item.key, item)
            for item in page.objects
            if item.key != place.prefix
        ],
        "next_token": page.next_token,
    }


def _choose(request: HttpRequest, draft: Draft, goal: Goal) -> HttpResponse:
    path = storable(request.POST.get("path", ""))
    if not path:
        return SeeOther(f"{reverse('wizard-browse', args=[draft.pk, goal.field])}")

    def change(data: Data) -> Data:
        return _with_path(data, goal, path)

    try:
        drafts.save(draft, goal.step, change, Seen.of(request.POST), now=timezone.now(), force=True)
        if goal.step is MANIFEST:
            look_again(draft, Seen(draft.version, Seen.of(request.POST).tab))
    except DraftChangedError as error:
        draft = error.draft
    return SeeOther(step_url(draft, goal.step, focus=goal.field))


def _with_path(data: Data, goal: Goal, path: str) -> Data:
    if goal.step is not OPERATION:
        kind = {"kind": goal.of} if goal.step is MANIFEST else {}
        typed = data.get(goal.step.slug, {}) | {goal.field: path} | kind
        return data | {goal.step.slug: typed}
    name = goal.of
    settings = dict(data.get("settings", {}))
    if goal.wants == "bucket":
        path = path.removeprefix("s3://").strip("/")
    settings[name] = settings.get(name, {}) | {goal.field: path}
    return data | {"settings": settings}
