"""A draft read through the forms of its steps: what is wrong with it, and the job it describes."""

import re
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from jobs.choices import ReportScope
from jobs.console.forms.limits import limits_of, typed_limits, usual_limits
from jobs.console.forms.operations.base import OperationForm
from jobs.console.forms.operations.table import FIRST, FORMS
from jobs.console.forms.options import OptionsForm
from jobs.console.forms.sources.base import SourceForm, role_for
from jobs.console.forms.sources.table import form_for, place_of
from jobs.console.forms.typed import StepForm
from jobs.console.wizard import found as finding
from jobs.console.wizard.drafts import Data
from jobs.console.wizard.found import Found
from jobs.console.wizard.looks.plus_signs import unanswered
from jobs.console.wizard.places import placed
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, STEPS, Step
from jobs.errors import Problem
from jobs.lifecycle import preflight
from jobs.lifecycle.creation import refusal_of
from jobs.models import Draft, Job, Person, Region
from jobs.operations.base import Operation
from jobs.spec.job import JobSpec
from jobs.spec.report import ReportSpec

DEFAULT_PRIORITY = "10"
_DEFAULT_DESCRIPTION = re.compile(r"\d{4}-\d\d-\d\d - (.+)\Z")


class Reading:
    """Forms are bound to what the draft holds, and fresh for a step that nobody has been at."""

    def __init__(self, draft: Draft, data: Data | None = None) -> None:
        self.draft = draft
        self.data = draft.data if data is None else data

    @cached_property
    def found(self) -> Found | None:
        """The last look at the manifest, also when another path was typed since."""
        return finding.from_json(self.data.get("found"))

    @cached_property
    def manifest(self) -> SourceForm:
        """The object list, as the chosen kind of it has it."""
        typed = self.data.get("manifest", {})
        form = form_for(typed)
        return form(typed) if typed else form(initial={"region": _usual_region(self.draft)})

    @cached_property
    def region(self) -> Region | None:
        slug = self.data.get("manifest", {}).get("region", "")
        return Region.objects.filter(slug=slug).first()

    @cached_property
    def operation_name(self) -> str:
        return str(self.data.get("operation", ""))

    @cached_property
    def operation(self) -> OperationForm | None:
        """The settings of the chosen operation."""
        form = FORMS.get(self.operation_name)
        return form(self.data.get("settings", {}).get(self.operation_name)) if form else None

    @cached_property
    def options(self) -> OptionsForm:
        if "options" in self.data:
            return OptionsForm(self.data["options"], region=self.region)
        return OptionsForm(initial=self._usual_options(), region=self.region)

    def form_of(self, step: Step) -> StepForm | None:
        if step is MANIFEST:
            return self.manifest
        return {OPERATION: self.operation, OPTIONS: self.options}.get(step)

    def problems_of(self, step: Step) -> list[Problem]:
        """What keeps a step from being done, as far as the draft alone can tell."""
        form = self.form_of(step)
        problems = _errors_of(form) if form else []
        if step is MANIFEST:
            problems += self._manifest_problems()
        if step is OPERATION:
            problems += self._operation_problems()
        return problems

    def all_problems(self) -> dict[Step, list[Problem]]:
        return {step: problems for step in STEPS[:-1] if (problems := self.problems_of(step))}

    def _manifest_problems(self) -> list[Problem]:
        found, form = self.found, self.manifest
        if form.page:
            return [Problem(f"to-{form.kind}", form.missing)]
        if not form.may_look:
            return []
        if found is None or found.place != place_of(self.data.get("manifest", {})):
            return [Problem(form.main, f"Check the {form.noun} before you go on.")]
        if found.error:
            return [Problem(found.error_field or form.main, found.error)]
        if found.blocking:
            things = "a problem" if found.blocking == 1 else f"{found.blocking:,} problems"
            said = f"The {form.noun} has {things}. Correct it, then check it again."
            return [Problem("problems", said)]
        return unanswered(found, form, self._operation_if_right())

    def _operation_if_right(self) -> Operation | None:
        form = self.operation
        return form.parsed() if form and form.is_bound and form.is_valid() else None

    def _operation_problems(self) -> list[Problem]:
        if not self.operation_name:
            return [Problem(f"operation-{FIRST}", "Choose an operation.")]
        if self.operation is None:
            return [
                Problem(f"operation-{FIRST}", "This operation is not available. Choose another.")
            ]
        if self.operation.is_bound is False:
            return [Problem(next(iter(self.operation.fields)), "Enter the operation's settings.")]
        if refused := refusal_of(self.operation.operation, self.region, self.buckets()):
            return [Problem(f"operation-{self.operation_name}", refused)]
        buckets = self.found.buckets if self.found else {}
        if self.operation.operation.single_bucket and len(buckets) > 1:
            counts = ", ".join(f"{name} ({rows:,})" for name, rows in list(buckets.items())[:5])
            return [
                Problem(
                    f"operation-{self.operation_name}",
                    f"Found {len(buckets)} buckets: {counts}. {self.operation.operation.label}"
                    " needs all objects in one bucket. Choose another manifest or operation.",
                )
            ]
        return self._unfit(list(buckets))

    def _unfit(self, buckets: list[str]) -> list[Problem]:
        """What is wrong with right settings for the buckets that were found in the list."""
        form = self.operation
        if form is None or not form.is_valid():
            return []
        has_versions = self.manifest.has_versions or bool(self.found and self.found.has_version_ids)
        return [
            Problem(form.field_of(problem.field), problem.message)
            for problem in form.parsed().unfit_for(buckets, has_versions=has_versions)
        ]

    def parsed_operation(self) -> Operation:
        """Of a step in which nothing is wrong."""
        if self.operation is None or not self.operation.is_valid():
            raise ValueError("the operation step has problems")
        return self.operation.parsed()

    def buckets(self) -> list[str]:
        return list(self.found.buckets) if self.found else []

    def _usual_options(self) -> dict[str, object]:
        role = role_for(self.region, None) if self.region else None
        return {
            "description": usual_description(self.operation_name, timezone.now()),
            "priority": DEFAULT_PRIORITY,
            "report_enabled": True,
            "report_scope": ReportScope.FAILED_TASKS_ONLY,
            "report_path": self.region.report_prefix if self.region else "",
            "role": self.found.role_arn if self.found else (role.arn if role else ""),
            **_usual_limits(self.operation_name),
        }

    def spec(self, *, dry_run: bool = False, sample_rows: int | None = None) -> JobSpec:
        """The job, of a draft in whose steps nothing is wrong. A `dry_run` changes nothing, so it
        needs no confirmation, and its report has every row; it may be one of `sample_rows` objects.
        """
        kind = f".dry{sample_rows or ''}" if dry_run else ""
        for form in (self.manifest, self.options):
            if not form.is_valid():
                raise ValueError("a step has problems")
        options = self.options.cleaned_data
        operation = self.parsed_operation()
        return JobSpec(
            region=self.manifest.cleaned_data["region"].pk,
            operation=operation.name,
            parameters=operation.to_wire(),
            manifest=self.manifest.spec(self.found.etag if self.found else ""),
            report=self._report_spec(whole=dry_run),
            priority=options["priority"],
            role_arn=options["role"].arn,
            client_request_token=f"{self.draft.pk}.{self.draft.version}{kind}",
            description=options["description"],
            tags=self.options.tags(),
            limits=limits_of(options),
            cloned_from=self._source_of("clone"),
            retry_of=self._source_of("retry") if self.is_retry and not dry_run else None,
            confirmation_required=not dry_run,
            dry_run=dry_run,
            sample_rows=sample_rows,
        )

    def _report_spec(self, *, whole: bool) -> ReportSpec:
        options = self.options.cleaned_data
        if not options["report_enabled"]:
            return ReportSpec(enabled=False)
        bucket, prefix = self.options.report_place()
        scope = ReportScope.ALL_TASKS if whole else ReportScope(options["report_scope"])
        return ReportSpec(True, bucket, prefix, scope)

    @property
    def is_retry(self) -> bool:
        """Whether the manifest is still the list of failed objects that the draft was made over."""
        place = self.data.get("retry", {}).get("place")
        return place is not None and place == place_of(self.data.get("manifest", {}))

    def _source_of(self, kind: str) -> str | None:
        named, _, job_id = self.draft.source.partition(":")
        exists = named == kind and Job.objects.filter(pk=job_id).exists()
        return job_id if exists else None

    def live_problems(self, *, write_test: bool) -> list[tuple[Step, Problem]]:
        """What only the storage knows, by step and field; of a draft that is fine otherwise."""
        spec = self.spec()
        role = self.options.cleaned_data["role"]
        region = self.manifest.cleaned_data["region"]
        problems = preflight.preflight(spec, write_test=write_test)
        problems += preflight.check_role(region, role, self.buckets())
        return [self.placed(problem) for problem in problems]

    def placed(self, problem: Problem) -> tuple[Step, Problem]:
        """The step and the field on its page that a problem of a JobSpec belongs to."""
        return placed(self, problem)


def _usual_limits(operation_name: str) -> dict[str, str]:
    form = FORMS.get(operation_name)
    return typed_limits(usual_limits(form.operation if form else None))


def usual_description(operation_name: str, now: datetime) -> str:
    """What stands in Description at first: "2026-11-21 - Copy"."""
    form = FORMS.get(operation_name)
    label = form.operation.label if form else "Batch job"
    return f"{timezone.localtime(now):%Y-%m-%d} - {label}"


def refresh_options(data: Data, operation_before: str, now: datetime) -> Data:
    """A description and limits that nobody changed follow the operation."""
    options = data.get("options", {})
    before, after = _usual_limits(operation_before), _usual_limits(data.get("operation", ""))
    follow = {name: after[name] for name, text in options.items() if text == before.get(name)}
    return _refresh_description(
        data | ({"options": options | follow} if follow else {}), operation_before, now
    )


def _refresh_description(data: Data, operation_before: str, now: datetime) -> Data:
    options = data.get("options", {})
    found = _DEFAULT_DESCRIPTION.match(options.get("description", ""))
    form = FORMS.get(operation_before)
    if not form or not found or found[1] != form.operation.label:
        return data
    fresh = usual_description(data.get("operation", ""), now)
    return data | {"options": {**options, "description": fresh}}


def _errors_of(form: StepForm) -> list[Problem]:
    """In the order of the page; a group of radio buttons is found by its fieldset."""
    if not form.is_bound:
        return []
    return [
        Problem(bound.id_for_label or f"{bound.auto_id}_group", str(text))
        for bound in form
        for text in bound.errors
    ]


def _usual_region(draft: Draft) -> Region | None:
    """The one that the owner chose, that of their last job, or the only one."""
    chosen = Person.of(draft.owner_id).default_region
    if chosen:
        return chosen
    last = Job.objects.filter(owner=draft.owner).order_by("-created_at").first()
    if last:
        return last.region
    some = Region.objects.filter(disabled=False)[:2]
    return some[0] if len(some) == 1 else None
