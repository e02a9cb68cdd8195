"""The estimate of a draft and of a job that waits for its confirmation."""

from datetime import datetime

from jobs.console.forms.limits import limits_of
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.found import SIZES
from jobs.models import Job, JobQuerySet
from jobs.operations import registry
from jobs.queries.estimate import Estimate, estimate, measured_rate


def of_draft(reading: Reading, visible: JobQuerySet, now: datetime) -> Estimate | None:
    """None while operation, list or Region are not right."""
    form, found, region = reading.operation, reading.found, reading.region
    if form is None or found is None or found.error or region is None or not form.is_valid():
        return None
    exact, options = found.rows_exact, reading.options
    limits = limits_of(options.cleaned_data) if options.is_valid() else None
    return estimate(
        form.parsed(),
        exact if exact is not None else found.rows_estimated,
        list(found.buckets),
        measured_rate(visible, region, form.operation.name, now),
        about="" if exact is not None else found.about,
        sizes=next((text for name, text in found.facts if name == SIZES), ""),
        requests_per_s=limits.requests_per_s if limits else None,
        in_flight=limits.in_flight if limits else None,
    )


def of_job(job: Job, visible: JobQuerySet, now: datetime) -> Estimate | None:
    """None where this version does not know the operation. What is dry only reads, and is not told."""
    kind = registry.find(job.operation)
    if kind is None or job.dry_run:
        return None
    return estimate(
        kind.parse(job.parameters),
        job.total_tasks,
        list(job.buckets),
        measured_rate(visible, job.region_id, job.operation, now),
        guarded=job.guarded_by_id is not None,
        requests_per_s=job.requests_per_s,
        in_flight=job.in_flight,
    )
