"""Step 4: everything that was chosen, and what it will do (docs/pages.md, Review)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from jobs.choices import Risk
from jobs.console.forms.limits import limits_of
from jobs.console.forms.sources.table import label_of
from jobs.console.wizard import looking_ahead
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.found import Found
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, REVIEW, Step
from jobs.errors import Problem, ValidationFailedError
from jobs.queries.limit_words import limit_pairs
from jobs.spec.job import MAX_SAMPLE

MISSING = "Not provided"
Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Card:
    step: Step
    pairs: Pairs


def context(reading: Reading) -> dict[str, Any]:
    """Cards of what is right so far; live checks only when nothing else is wrong."""
    return {
        "consequence": consequence(reading),
        "risk": risk(reading),
        "cards": [
            Card(MANIFEST, _manifest_pairs(reading)),
            Card(OPERATION, _operation_pairs(reading)),
            Card(OPTIONS, _options_pairs(reading)),
        ],
        "found": reading.found,
        "ahead": looking_ahead.kept(reading),
    }


def problems_of(reading: Reading, *, write_test: bool) -> list[tuple[Step, Problem]]:
    """What stands against creating the job, step by step; the storage is asked last."""
    offline = [
        (step, problem) for step, found in reading.all_problems().items() for problem in found
    ]
    return offline or reading.live_problems(write_test=write_test)


def sample_of(typed: Mapping[str, str]) -> int | None:
    """Of how many objects a dry run is to be a sample; None for all. Raises ValidationFailedError."""
    text = typed.get("sample_rows", "").strip().replace(",", "")
    if not text:
        return None
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= wanted <= MAX_SAMPLE:
        sentence = (
            f"A sample has 1 to {MAX_SAMPLE:,} objects. Enter such a number, or nothing to look at"
            " every object."
        )
        raise ValidationFailedError([Problem("sample_rows", sentence)])
    return wanted


def linked(reading: Reading, problems: list[tuple[Step, Problem]]) -> list[tuple[str, str, str]]:
    """Address of the field, noun of its step, sentence."""
    rows = []
    for step, problem in problems:
        page = reverse("wizard-step", args=[reading.draft.pk, step.slug])
        address = "" if step is REVIEW else f"{page}?return=review"
        rows.append((f"{address}#{problem.field}", step.noun, problem.message))
    return list(dict.fromkeys(rows))


def consequence(reading: Reading) -> str:
    form, found = reading.operation, reading.found
    if form is None or found is None or not form.is_valid():
        return ""
    return form.parsed().consequence(found.rows_exact, list(found.buckets))


def risk(reading: Reading) -> Risk | None:
    """Of these settings, or the usual one while they are not right."""
    form = reading.operation
    if form is None:
        return None
    return form.parsed().danger() if form.is_valid() else form.operation.risk


def _manifest_pairs(reading: Reading) -> Pairs:
    form, found = reading.manifest, reading.found
    given = form.cleaned_data if form.is_valid() else {}
    pairs: Pairs = [
        ("Region", given.get("region", MISSING)),
        ("Object list", label_of(form.kind)),
        *((label, value or MISSING) for label, value in form.pairs()),
    ]
    if found and not found.error:
        pairs += [("ETag", found.etag)] if found.etag else []
        pairs.append(("Objects listed", rows_in_words(found)))
        buckets = ", ".join(f"{name} ({rows:,})" for name, rows in found.buckets.items())
        pairs += [(label, value) for label, value in found.facts]
        pairs.append(("Buckets" if len(found.buckets) > 1 else "Bucket", buckets or MISSING))
    return pairs


def rows_in_words(found: Found) -> str:
    if found.rows_exact is not None:
        return f"{found.rows_exact:,}"
    if found.rows_estimated is None:
        return MISSING
    return f"{found.about} {found.rows_estimated:,}. {found.count_note}"


def _operation_pairs(reading: Reading) -> Pairs:
    form = reading.operation
    if form is None:
        return [("Operation type", MISSING)]
    pairs: Pairs = [("Operation type", form.operation.label)]
    return pairs + (list(form.parsed().summary()) if form.is_valid() else [])


def _options_pairs(reading: Reading) -> Pairs:
    form = reading.options
    given = form.cleaned_data if form.is_valid() else {}
    tags = form.tags() if given else {}
    return [
        ("Description", given.get("description") or MISSING),
        ("Priority", f"{given['priority']:,}" if given else MISSING),
        *_report_pairs(reading, given),
        ("IAM role", given.get("role", MISSING)),
        *(limit_pairs(limits_of(given)) if given else []),
        ("Job tags", ", ".join(f"{k}={v}" for k, v in tags.items()) or MISSING),
    ]


def _report_pairs(reading: Reading, given: dict[str, Any]) -> Pairs:
    if not given.get("report_enabled"):
        return [("Completion report", "None" if given else MISSING)]
    scope = dict(reading.options.fields["report_scope"].choices)[given["report_scope"]]  # type: ignore[attr-defined]
    return [
        ("Completion report", scope),
        ("Path to completion report destination", given["report_path"]),
    ]
