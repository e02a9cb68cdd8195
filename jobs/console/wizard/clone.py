"""A job as the draft that would make it again."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from jobs.choices import JobStatus
from jobs.console.forms.limits import typed_limits
from jobs.console.forms.operations.table import FORMS
from jobs.console.forms.options import TAGS
from jobs.console.forms.sources.table import place_of, typed_of
from jobs.console.wizard import drafts
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import Data
from jobs.console.wizard.found import Found
from jobs.console.wizard.looks.table import look
from jobs.console.wizard.steps import STEPS
from jobs.lifecycle.generated_lists import saved_list
from jobs.models import Draft, Job
from jobs.spec.generator import GeneratorSpec
from jobs.spec.object_list import ListSpec

TOUCHED = [step.slug for step in STEPS[:-1]]


def draft_of(user: User, job: Job, *, now: datetime, with_saved_list: bool = False) -> Draft:
    """A new draft with everything of the job, and with a fresh look at its manifest. A generated list is
    made anew, unless `with_saved_list` asks for the one that was saved, and there is one.
    """
    manifest = saved_list(job) if with_saved_list else None
    data = data_of(job, manifest or job.manifest)
    draft = drafts.new_draft(user, now=now, source=f"clone:{job.pk}", data=data, touched=TOUCHED)
    draft.data = look_and_note(draft, job, now=now)
    draft.save(update_fields=["data"])
    return draft


def data_of(job: Job, manifest: ListSpec | None = None) -> Data:
    """Everything of the job as somebody would have typed it; credentials are no part of a job. With
    `manifest` over that list instead of its own.
    """
    form = FORMS.get(job.operation)
    saved = saved_list(job)
    saved_typed = typed_of(saved) if saved else {}
    return {
        "manifest": {
            **saved_typed,
            "region": job.region.slug,
            "read_as": job.role.arn,
            **typed_of(manifest or job.manifest),
        },
        **({"saved_list": saved_typed} if saved else {}),
        "operation": job.operation,
        "settings": {job.operation: form.typed_of(job.parameters)} if form else {},
        "options": _options_of(job),
        "checked": TOUCHED,
    }


def _options_of(job: Job) -> dict[str, str]:
    report = f"s3://{job.report_bucket}/{job.report_prefix}" if job.report_bucket else ""
    return {
        "description": job.description,
        "priority": str(job.priority),
        **({"report_enabled": "on"} if job.report_enabled else {}),
        "report_scope": job.report_scope,
        "report_path": report,
        "role": job.role.arn,
        **typed_limits(job),
        **TAGS.write({"key": tag.key, "value": tag.value} for tag in job.tags.all()),
    }


def look_and_note(draft: Draft, job: Job, *, now: datetime) -> Data:
    """The clone's data with a fresh look at the manifest, and with what is no longer true."""
    data: Data = draft.data
    reading = Reading(draft)
    if reading.manifest.may_look:
        # The job's own columns count, so the place is known from the start.
        known = Found(place=place_of(data["manifest"]), checked_at=now.isoformat())
        data = data | {"found": look(reading.manifest, known, now=now).to_json()}
    return data | {"notes": _notes(Reading(draft, data), job), "live": _live(draft, data)}


def _notes(reading: Reading, job: Job) -> list[str]:
    """Differences that need no new value, yet somebody should know of."""
    notes, found = [], reading.found
    etag = job.generated_manifest.get("Location", {}).get("ETag") or job.manifest.etag
    if not reading.is_retry and found and found.etag and found.etag != etag:
        notes.append("The manifest was changed since that job. This draft uses what is there now.")
    if reading.operation and reading.operation.is_valid():
        lost = set(job.parameters) - set(reading.operation.parsed().to_wire())
        if lost:
            notes.append(f"These settings cannot be made here and are left out: {sorted(lost)}.")
    if gone := _left_out(reading, job):
        notes.append(f"This form has no field for these members of the list: {', '.join(gone)}.")
    if job.status == JobStatus.FAILED and job.failure_reason:
        notes.append(f"That job failed: {job.failure_reason}")
    return notes


def _left_out(reading: Reading, job: Job) -> list[str]:
    """Members of a generator that the form of step 1 cannot keep."""
    if not isinstance(job.manifest, GeneratorSpec) or not reading.manifest.is_valid():
        return []
    made = reading.manifest.spec(job.manifest.etag)
    return list(_gone(job.listed_by, made.to_wire())) if isinstance(made, GeneratorSpec) else []


def _gone(before: Mapping[str, Any], after: Any) -> Iterator[str]:
    for name, value in before.items():
        if not isinstance(after, Mapping) or name not in after:
            yield name
        elif isinstance(value, Mapping):
            yield from _gone(value, after[name])


def _live(draft: Draft, data: Data) -> list[dict[str, str]]:
    """What the storage no longer has, until the step that it belongs to is left with Next."""
    reading = Reading(draft, data)
    if reading.all_problems():
        return []
    return [
        {"step": step.slug, "field": problem.field, "message": problem.message}
        for step, problem in reading.live_problems(write_test=False)
    ]
