"""Jobs that run the failed objects of an ended job again: when that may be, and that no two of
them run the same objects.
"""

import re
from collections.abc import Iterable

from jobs.choices import GAVE_UP, TERMINAL
from jobs.errors import Problem, ValidationFailedError
from jobs.models import Job
from jobs.spec import paths
from jobs.spec.job import MAX_DESCRIPTION, JobSpec
from jobs.spec.retry_list import list_name, name_of, overlap

_NUMBERED = re.compile(r"Retry (\d{1,6}) of (.*)", re.DOTALL)


def why_not(job: Job, code: str | None = None) -> str:
    """Why the failed objects of a job cannot be retried, in a sentence; empty when they can.

    `code` narrows them to one error code.
    """
    if job.status not in TERMINAL:
        return "The job has not ended yet."
    if job.dry_run:
        return "A dry run changes nothing, so there is nothing to retry."
    if not job.tasks_failed:
        return "No object of this job failed."
    if code is not None and not failed_tasks(job, code):
        return f"No object of this job failed with {code}."
    return without_report(job) or _taken(job, code)


def failed_tasks(job: Job, code: str | None) -> int:
    """How many tasks failed, with this code or at all, as the job counted them."""
    if code is None:
        return job.tasks_failed
    return sum(job.failure_causes.filter(code=code).values_list("tasks", flat=True))


def never_run(job: Job) -> int:
    """How many objects of an ended job were never run: it was cancelled, or failed before."""
    return max(0, (job.total_tasks or 0) - job.tasks_done)


def without_report(job: Job) -> str:
    """That nobody can tell which objects of an ended job failed; empty when its report does."""
    if hasattr(job, "report"):
        return ""
    absent = "was not written" if job.report_enabled else "was not asked for"
    return (
        f"The completion report {absent}, so there is no list of the objects that failed."
        " Clone the job to run all of its objects again."
    )


def _taken(job: Job, code: str | None) -> str:
    name = list_name(job.pk, code)
    other = in_the_way(job.retries.all(), job.pk, name)
    if other is None:
        return ""
    if name_of(other.manifest) in (name, list_name(job.pk, None)):
        return (
            f"Job {other.short_id} retries these objects already. See what becomes of them there."
        )
    return (
        f"Job {other.short_id} retries some of these objects already."
        " Retry the other error codes one by one, on the Failures page."
    )


def in_the_way(retries: Iterable[Job], job_id: str, name: str) -> Job | None:
    """Of the retries of a job, the newest that runs or ran rows of the list `name`, too.

    One that gave up before it had reached all of its objects is in nobody's way.
    """
    hits = [
        retry
        for retry in retries
        if retry.status not in GAVE_UP and overlap(job_id, name, name_of(retry.manifest))
    ]
    return max(hits, key=lambda retry: retry.created_at, default=None)


def check_free(spec: JobSpec) -> None:
    """To be called in the transaction that makes the job of `spec`, which may be no retry.

    Raises ValidationFailedError when another job runs the same failed objects already. The row of
    the old job is locked, so that two persons who retry at once do not make two jobs.
    """
    if spec.retry_of is None:
        return
    old = Job.objects.select_for_update().filter(pk=spec.retry_of).first()
    if old is None:
        raise ValidationFailedError(
            [Problem(paths.OBJECT, "The job to retry is not there any more.")]
        )
    others = old.retries.exclude(client_request_token=spec.client_request_token)
    other = in_the_way(others, old.pk, name_of(spec.manifest))
    if other:
        sentence = f"Job {other.short_id} retries these objects already. Delete this draft."
        raise ValidationFailedError([Problem(paths.OBJECT, sentence)])


def description_of(job: Job) -> str:
    """ "Retry 1 of Nightly tags", and of that retry "Retry 2 of Nightly tags"."""
    known = _NUMBERED.fullmatch(job.description) if job.retry_of_id else None
    number, text = (int(known[1]), known[2]) if known else (0, str(job))
    whole = f"Retry {number + job.retries.count() + 1} of {text}"
    return whole if len(whole) <= MAX_DESCRIPTION else f"{whole[: MAX_DESCRIPTION - 1]}…"
