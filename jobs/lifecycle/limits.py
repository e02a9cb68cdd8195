"""How fast a job may go and how much failure it bears: their bounds, and changing the ceilings."""

from datetime import datetime

from django.db import transaction

from jobs.access.actions import Action
from jobs.access.decisions import Decision
from jobs.choices import TERMINAL
from jobs.errors import JobStatusError, Problem, ValidationFailedError
from jobs.lifecycle.commands import get_job, locked_job
from jobs.models import Job, JobEvent
from jobs.spec import paths
from jobs.spec.job import LimitsSpec

MAX_REQUESTS_PER_S = 1_000_000
MAX_IN_FLIGHT = 1_000
MAX_TASKS = 2_147_483_647

BOUNDS = {
    "requests_per_s": ("RequestsPerSecond", 1, MAX_REQUESTS_PER_S),
    "in_flight": ("RequestsInFlight", 1, MAX_IN_FLIGHT),
    "failure_floor": ("FailureFloor", 1, MAX_TASKS),
    "failure_percent": ("FailurePercent", 0, 100),
    "canary_tasks": ("CanaryTasks", 0, MAX_TASKS),
    "canary_percent": ("CanaryPercent", 0, 100),
}
"""Of each of the LimitsSpec: its member on the wire, and the least and the most."""


def check_limits(limits: LimitsSpec) -> list[Problem]:
    """What is out of bounds, by wire path."""
    problems = []
    for name, (member, low, high) in BOUNDS.items():
        path, value = f"{paths.LIMITS}.{member}", getattr(limits, name)
        if value is not None and not low <= value <= high:
            said = f"{path} must be a whole number from {low:,} to {high:,}."
            problems.append(Problem(path, said))
    return problems


def change_ceilings(
    job_id: str,
    *,
    requests_per_s: int | None,
    in_flight: int | None,
    by: Decision,
    now: datetime,
) -> Job:
    """Change how fast a job may go, None for no ceiling; also while it runs.

    Raises NoSuchJobError, AccessDeniedError, ValidationFailedError, and JobStatusError for a job that has ended.
    """
    problems = check_limits(LimitsSpec(requests_per_s=requests_per_s, in_flight=in_flight))
    if problems:
        raise ValidationFailedError(problems)
    fresh = {"requests_per_s": requests_per_s, "in_flight": in_flight}
    with transaction.atomic():
        job = locked_job(job_id)
        by.hold(Action.UPDATE_JOB_LIMITS, job, after=fresh)
        if not Job.objects.filter(pk=job_id).exclude(status__in=TERMINAL).update(**fresh):
            raise JobStatusError("The job has ended, so its limits cannot change any more.")
        before = {"requests_per_s": job.requests_per_s, "in_flight": job.in_flight}
        if before != fresh:
            JobEvent.objects.create(
                job=job,
                at=now,
                kind=JobEvent.Kind.LIMITS,
                actor=by.actor,
                before=before,
                after=fresh,
            )
    return get_job(job_id)
