"""What the buttons of the wizard's form do. Every one saves what was typed first.

The button that was pressed says so in `go`: an order, and after colons what it is about, such as
`next` or `remove:tags:2`.
"""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from jobs.access.actions import Action
from jobs.console.access import decide
from jobs.console.forms.sources.table import SOURCES, turned_to
from jobs.console.see_other import SeeOther
from jobs.console.wizard import drafts, looking_ahead, pages, review, review_pages
from jobs.console.wizard.assemble import Reading, refresh_options
from jobs.console.wizard.browse import browse_from
from jobs.console.wizard.drafts import Data, DraftChangedError, Seen
from jobs.console.wizard.looks.again import look_again
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.press import Press, kept, stay
from jobs.console.wizard.row_orders import add, remove
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, REVIEW, Step, step_of
from jobs.console.wizard.steps import after as step_after
from jobs.console.wizard.steps import before as step_before
from jobs.errors import Problem, ValidationFailedError
from jobs.lifecycle import preflight
from jobs.lifecycle.creation import create_job
from jobs.models import Draft


def submit(request: HttpRequest, draft: Draft, step: Step) -> HttpResponse:
    order, *about = request.POST.get("go", "next").split(":")
    press = Press(request, draft, step, order, about)
    try:
        save_typed(request, draft, step, force=order == "keep")
        return _ORDERS.get(order, go_on)(press)
    except DraftChangedError as error:
        if error.draft.job_id:
            return to_job(error.draft)
        data = drafts.absorb(error.draft.data, step, request.POST)
        return pages.show(request, draft, step, data=data, changed=error.draft)


def save_typed(
    request: HttpRequest, draft: Draft, step: Step, *, quiet: bool = False, force: bool = False
) -> None:
    """Raises DraftChangedError."""
    now = timezone.now()

    def change(data: Data) -> Data:
        fresh = drafts.absorb(data, step, request.POST)
        if step is OPERATION and fresh["operation"] != data.get("operation", ""):
            fresh = refresh_options(fresh, data.get("operation", ""), now)
        return fresh

    drafts.save(draft, step, change, Seen.of(request.POST), now=now, quiet=quiet, force=force)


def to_job(draft: Draft) -> HttpResponse:
    """A draft that became a job leads there for ever."""
    return SeeOther(reverse("job-detail", args=[draft.job_id]))


def _go_on_from_manifest(press: Press) -> list[Problem]:
    known = Reading(press.draft).found
    if press.draft.job_id or not (found := look_again(press.draft, press.seen)):
        return []
    if known is None or known.place != found.place or not known.etag or not found.etag:
        return []
    if known.etag != found.etag:
        form = Reading(press.draft).manifest
        message = (
            f"The {form.noun} changed after you checked it. Look at it again, then choose Next."
        )
        return [Problem(form.main, message)]
    return []


def _go_on_from_operation(press: Press) -> list[Problem]:
    reading = Reading(press.draft)
    role = reading.manifest.role() if reading.manifest.is_valid() else None
    if reading.problems_of(OPERATION) or reading.region is None or role is None:
        return []
    operation = reading.parsed_operation()
    found = preflight.check_targets(operation, reading.region, role)
    return [reading.placed(problem)[1] for problem in found]


def _go_on_from_options(press: Press) -> list[Problem]:
    """The report's place is tried by writing there, for a job whose report cannot be written fails after its work
    is done (docs/pages.md, Options of a job)."""
    reading = Reading(press.draft)
    if reading.all_problems() or reading.region is None:
        return []
    spec, role = reading.spec(), reading.options.cleaned_data["role"]
    found = preflight.check_report(spec.report, reading.region, role, write_test=True)
    found += preflight.check_role(reading.region, role, reading.buckets())
    return [reading.placed(problem)[1] for problem in found]


_LIVE: dict[Step, Callable[[Press], list[Problem]]] = {
    MANIFEST: _go_on_from_manifest,
    OPERATION: _go_on_from_operation,
    OPTIONS: _go_on_from_options,
}


def go_on(press: Press) -> HttpResponse:
    """Next."""
    request, draft, step = press.request, press.draft, press.step
    if step is REVIEW:
        return create(press)
    problems = _LIVE[step](press)
    if problems or Reading(draft).problems_of(step):
        return pages.show(request, draft, step, judged=True, problems=problems)

    now, is_whole = timezone.now(), len({*draft.touched, step.slug}) == REVIEW.number - 1
    back = request.POST.get("return") == "review" and is_whole
    there = REVIEW if back else step_after(step)
    ahead = looking_ahead.noted(Reading(draft), now) if there is REVIEW else {}

    def change(data: Data) -> Data:
        live = [kept for kept in data.get("live", []) if kept["step"] != step.slug]
        return data | {"checked": [*data.get("checked", []), step.slug], "live": live} | ahead

    drafts.save(draft, step, change, press.seen, now=now, left=True)
    return SeeOther(step_url(draft, there))


def create(press: Press) -> HttpResponse:
    """Create job: everything is checked once more, and a double click makes one job."""
    return _created(
        press, "Successfully created job ID {}. When it is prepared, review it and choose Run job."
    )


def dry_run(press: Press) -> HttpResponse:
    """Start dry run: as Create job, and the draft stays, for the job that may come after it."""
    if press.step is not REVIEW:
        return go_on(press)
    try:
        sample = review.sample_of(press.request.POST)
    except ValidationFailedError as error:
        problems = [(REVIEW, problem) for problem in error.problems]
        return review_pages.show(press.request, press.draft, problems)
    sentence = "Started dry run {}. It changes nothing; your draft is kept under Create job."
    return _created(press, sentence, dry_run=True, sample_rows=sample)


def _created(
    press: Press, sentence: str, *, dry_run: bool = False, sample_rows: int | None = None
) -> HttpResponse:
    draft, now = press.draft, timezone.now()
    reading = Reading(draft)
    refused = review_pages.refused(press.request, reading, dry_run=dry_run)
    if refused:
        return refused
    spec = reading.spec(dry_run=dry_run, sample_rows=sample_rows)
    by = decide(press.request, Action.CREATE_JOB, doing="Creating jobs")
    try:
        with transaction.atomic():
            job = create_job(spec, by=by, now=now)
            if not dry_run:
                Draft.objects.filter(pk=draft.pk).update(job=job)
    except ValidationFailedError as error:
        return review_pages.show(press.request, draft, [reading.placed(p) for p in error.problems])
    messages.success(press.request, sentence.format(job.pk))
    return SeeOther(reverse("job-detail", args=[job.pk]))


def _look_ahead(press: Press) -> HttpResponse:
    """Check again."""
    now = timezone.now()
    ahead = looking_ahead.noted(Reading(press.draft), now)
    drafts.save(press.draft, REVIEW, lambda data: data | ahead, press.seen, now=now)
    return SeeOther(step_url(press.draft, REVIEW, "ahead"))


def _check(press: Press) -> HttpResponse:
    found = look_again(press.draft, press.seen)
    if found is None or found.error:
        return pages.show(press.request, press.draft, press.step, judged=True)
    return SeeOther(step_url(press.draft, press.step, pages.MANIFEST_PANEL_ID, **kept(press)))


def _previous(press: Press) -> HttpResponse:
    return SeeOther(step_url(press.draft, step_before(press.step)))


def _to(press: Press) -> HttpResponse:
    return SeeOther(step_url(press.draft, step_of("".join(press.about[:1]))))


def _leave(press: Press) -> HttpResponse:
    return SeeOther(reverse("draft-leave", args=[press.draft.pk]))


def _browse(press: Press) -> HttpResponse:
    field = "".join(press.about[:1])
    start = browse_from(Reading(press.draft), press.request.POST.get(field, ""), field)
    return SeeOther(reverse("wizard-browse", args=[press.draft.pk, field], query=start))


def _to_page(press: Press) -> HttpResponse:
    """Where a list is made that comes from the browser."""
    form = SOURCES.get("".join(press.about[:1]))
    if form is None or not form.page:
        return stay(press)
    return SeeOther(reverse(form.page, args=[press.draft.pk]))


def _clone_list(press: Press) -> HttpResponse:
    """Of a clone over a generated list: its saved list, or listing anew."""
    saved = press.draft.data.get("saved_list", {})
    fresh = saved if press.about == ["saved"] and saved else {"kind": "generated"}

    def change(data: Data) -> Data:
        return data | {"manifest": data.get("manifest", {}) | fresh}

    drafts.save(press.draft, MANIFEST, change, press.seen, now=timezone.now())
    return _check(press)


def _turn(press: Press) -> HttpResponse:
    """The same object is a list of another kind."""
    kind = "".join(press.about[:1])

    def change(data: Data) -> Data:
        return data | {"manifest": turned_to(data.get("manifest", {}), kind)}

    drafts.save(press.draft, MANIFEST, change, press.seen, now=timezone.now())
    return _check(press)


_ORDERS: dict[str, Callable[[Press], HttpResponse]] = {
    "next": go_on,
    "previous": _previous,
    "to": _to,
    "save": stay,
    "keep": stay,
    "check": _check,
    "show": partial(stay, anchor="settings"),
    "page": _to_page,
    "turn": _turn,
    "list": _clone_list,
    "kind": partial(stay, anchor="list-fields"),
    "add": add,
    "remove": remove,
    "browse": _browse,
    "leave": _leave,
    "dry": dry_run,
    "ahead": _look_ahead,
}
