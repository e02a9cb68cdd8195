"""Pages of the wizard, drawn from the draft alone; only Review looks at the storage."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from jobs.console import estimating
from jobs.console.access import visible
from jobs.console.forms.operations.table import GROUPS
from jobs.console.forms.sources.table import KINDS, place_of
from jobs.console.forms.typed import StepForm
from jobs.console.wizard import review
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import Data, new_tab
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, REVIEW, STEPS, Step
from jobs.errors import Problem
from jobs.lifecycle.capabilities import all_lacking
from jobs.lifecycle.retrying import why_not
from jobs.models import Draft, Job
from jobs.operations import registry

Context = dict[str, Any]
MANIFEST_PANEL_ID = "preview"


def step_url(draft: Draft, step: Step, anchor: str = "", **query: str) -> str:
    address = reverse("wizard-step", args=[draft.pk, step.slug], query=query or None)
    return f"{address}#{anchor}" if anchor else address


def show(
    request: HttpRequest,
    draft: Draft,
    step: Step,
    *,
    data: Data | None = None,
    judged: bool = False,
    problems: list[Problem] | None = None,
    changed: Draft | None = None,
) -> HttpResponse:
    """One step. Its own problems are shown when it is `judged`, or was before.

    `data` stands for values that were not saved, `problems` are further ones, `changed` is the
    row that another tab saved.
    """
    context = page_context(request, draft, step, data=data, judged=judged, problems=problems or [])
    if changed:
        # The page stays behind, so that its next press asks again unless it says Keep mine.
        context |= {"changed": changed, "version": request.POST.get("version") or 0}
    return render(request, step.template, context)


def page_context(
    request: HttpRequest,
    draft: Draft,
    step: Step,
    *,
    data: Data | None = None,
    judged: bool = False,
    problems: list[Problem],
) -> Context:
    reading = Reading(draft, data)
    form = reading.form_of(step)
    judged = judged or step.slug in reading.data.get("checked", [])
    shown = [*(reading.problems_of(step) if judged and step is not REVIEW else []), *problems]
    context = {
        "draft": draft,
        "step": step,
        "steps": steps_of(reading, step),
        "tab": request.POST.get("tab") or new_tab(),
        "form": form,
        "back_to_review": "review" in (request.GET.get("return"), request.POST.get("return")),
        "focus": request.GET.get("focus", ""),
        "read_only": draft.owner_id != request.user.pk,
        "clone": _clone_context(reading, step),
        **_CONTEXTS[step](reading),
    }
    if step is REVIEW:
        context["estimate"] = estimating.of_draft(reading, visible(request), timezone.now())
    if form is not None:
        _judge(form, shown, judged=judged, focus=context["focus"])
    fields = form.fields if form is not None else {}
    loose = [p.message for p in shown if p.field.removesuffix("_group") not in fields]
    return context | {"problems": _pairs(shown), "loose": loose, "has_errors": bool(shown)}


def _judge(form: StepForm, problems: list[Problem], *, judged: bool, focus: str) -> None:
    if not judged and form.is_bound:
        form.stay_quiet()
    for problem in problems:
        known = problem.field in form.fields and form.is_bound
        if known and problem.message not in form.errors.get(problem.field, []):
            form.add_error(problem.field, problem.message)
    if focus in form.fields:
        form.fields[focus].widget.attrs["autofocus"] = True


def _pairs(problems: list[Problem]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((problem.field, problem.message) for problem in problems))


def steps_of(reading: Reading, current: Step) -> list[dict[str, str]]:
    """The step list: what is done, what is current, and what does not fit any more."""
    touched = reading.draft.touched
    listed = []
    for step in STEPS:
        state = "completed" if step.slug in touched else "not started"
        reachable = step.number - 1 <= len(touched)
        broken = step is not current and state == "completed" and reading.problems_of(step)
        listed.append(
            {
                "title": step.title,
                "slug": step.slug,
                "state": "current" if step is current else state,
                "url": step_url(reading.draft, step) if reachable else "",
                "note": "Check again" if broken else "",
            }
        )
    return listed


def _clone_context(reading: Reading, step: Step) -> Context | None:
    """What a clone or a retry says on top: where it comes from, and what needs a new value."""
    kind, _, job_id = reading.draft.source.partition(":")
    if kind not in ("clone", "retry"):
        return None
    wrong = [
        (step_url(reading.draft, there, problem.field), problem.message)
        for there in STEPS[:-1]
        for problem in reading.problems_of(there)
    ]
    for kept in reading.data.get("live", []):
        there = next(step for step in STEPS if step.slug == kept["step"])
        wrong.append((step_url(reading.draft, there, kept["field"]), kept["message"]))
    told = {"kind": kind, "job_id": job_id, "wrong": wrong, "notes": reading.data.get("notes", [])}
    if step is MANIFEST and reading.data.get("saved_list"):
        told["lists"] = reading.manifest.kind
    return told | (_retry_context(reading) if kind == "retry" else {})


def _retry_context(reading: Reading) -> Context:
    """Its list, whether the draft still uses it, and who was quicker."""
    told = reading.data["retry"]
    job = Job.objects.filter(pk=told["job"]).first()
    taken = why_not(job, told["code"]) if job and reading.is_retry else ""
    return {"retry": told, "is_retry": reading.is_retry, "taken": taken}


def manifest_context(reading: Reading) -> Context:
    found, form = reading.found, reading.manifest
    typed = reading.data.get("manifest", {})
    stale = found is not None and found.place != place_of(typed)
    other_kind = found is not None and found.kind != form.kind
    return {
        "kinds": KINDS,
        "kind": next(kind for kind in KINDS if kind.name == form.kind),
        "found": None if other_kind else found,
        "turn": next((one for one in KINDS if found and one.name == found.turn_to), None),
        "stale": stale and not other_kind,
        "loads": (stale or found is None) and form.may_look,
        "several": several_buckets(reading),
        "columns": [form[name] for name in form.settled_later if name.startswith("column-")],
    }


def several_buckets(reading: Reading) -> str:
    """What a list over more than one bucket means, by the operation where one is chosen; empty where it
    is over one.
    """
    found = reading.found
    if found is None or len(found.buckets) < 2:
        return ""
    form, many = reading.operation, f"The list names {len(found.buckets)} buckets."
    if form is None:
        single = [str(one.label) for one in registry.OPERATIONS if one.single_bucket]
        named = f"{', '.join(single[:-1])} and {single[-1]}" if single[1:] else "".join(single)
        return (
            f"{many} A job acts on each object in its own bucket. {named} need all in one bucket."
        )
    label = form.operation.label
    if form.operation.single_bucket:
        return (
            f"{many} {label}, the operation of step 2, needs all objects in one bucket. Choose another"
            " list or operation."
        )
    return f"{many} {label} acts on each object in its own bucket, with the job's one IAM role."


def why_no_look(reading: Reading) -> str:
    """What keeps us from looking at a list that was named; empty when nothing does."""
    form = reading.manifest
    if form.may_look or not form.named_in(reading.data.get("manifest", {})):
        return ""
    return next((str(text) for name in form.errors for text in form.errors[name]), "")


def operation_context(reading: Reading) -> Context:
    form = reading.operation
    return {
        "groups": _offered(reading),
        "chosen": reading.operation_name,
        "example": example_of(Reading(reading.draft, reading.data)),
        "settings_of": form.operation.name if form else "",
        "settings_title": form.operation.label if form else "",
    }


def _offered(reading: Reading) -> list[tuple[str, list[Context]]]:
    """Every operation by its group, and why it cannot be chosen."""
    operations = registry.OPERATIONS
    why = all_lacking(operations, reading.region, reading.buckets())
    return [
        (group, [{"choice": one, "why": why.get(one.name, "")} for one in choices])
        for group, choices in GROUPS
    ]


def example_of(reading: Reading) -> str:
    """One real key of the manifest, before and after; empty while the settings are not right."""
    form, found = reading.operation, reading.found
    if form is None or found is None or not found.first_key or not form.is_valid():
        return ""
    return form.parsed().effect_on(found.first_key)


def options_context(reading: Reading) -> Context:
    return {"region": reading.region}


_CONTEXTS: dict[Step, Callable[[Reading], Context]] = {
    MANIFEST: manifest_context,
    OPERATION: operation_context,
    OPTIONS: options_context,
    REVIEW: review.context,
}
