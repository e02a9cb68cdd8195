"""Jobs that run the failed objects of an ended job again: what their list is called, and that no
two of them run the same objects.

A list is named after the job it comes from and the error code it was narrowed to. The name alone
tells what a retry covers, wherever the list lies.
"""

import hashlib
import re
from collections.abc import Iterable

from jobs.choices import JobStatus
from jobs.errors import Problem, ValidationFailedError
from jobs.models import Job
from jobs.spec.job import MAX_DESCRIPTION, JobSpec

GAVE_UP = frozenset(
    {JobStatus.CANCELLING, JobStatus.CANCELLED, JobStatus.FAILING, JobStatus.FAILED}
)
"""A retry that ends in one of these did not reach all of its objects, so another one may."""

_PLAIN_CODE = re.compile(r"[A-Za-z0-9]{1,64}")
_NUMBERED = re.compile(r"Retry (\d{1,6}) of (.*)", re.DOTALL)


def list_name(job_id: str, code: str | None) -> str:
    """The file name of the list of a job's failed rows; `code` None for all of them."""
    if code is None:
        return f"retry-of-{job_id}.csv"
    if not _PLAIN_CODE.fullmatch(code):
        code = f"code-{hashlib.sha256(code.encode()).hexdigest()[:16]}"
    return f"retry-of-{job_id}-{code}.csv"


def in_the_way(retries: Iterable[Job], job_id: str, code: str | None) -> Job | None:
    """Of the retries of a job, the newest that runs these rows, or ran all of them."""
    wanted, all_rows = list_name(job_id, code), list_name(job_id, None)
    hits = [retry for retry in retries if retry.status not in GAVE_UP]
    if wanted != all_rows:
        hits = [retry for retry in hits if _name_of(retry) in (wanted, all_rows)]
    return max(hits, key=lambda retry: retry.created_at, default=None)


def _name_of(retry: Job) -> str:
    return str(retry.manifest_key.rpartition("/")[2])


def check_free(spec: JobSpec) -> None:
    """To be called in the transaction that makes the job of `spec`.

    Raises ValidationFailedError when another job runs the same failed objects already. The row of
    the old job is locked, so that two persons who retry at once do not make two jobs.
    """
    old = Job.objects.select_for_update().filter(pk=spec.retry_of).first()
    if old is None:
        return
    others = old.retries.exclude(client_request_token=spec.client_request_token)
    name = spec.manifest.key.rpartition("/")[2]
    hits = [
        other
        for other in others
        if other.status not in GAVE_UP
        and (_name_of(other) == name or list_name(old.pk, None) in (name, _name_of(other)))
    ]
    if hits:
        sentence = f"Job {hits[0].short_id} retries these objects already. Delete this draft."
        raise ValidationFailedError([Problem("manifest", sentence)])


def description_of(job: Job, earlier: int) -> str:
    """ "Retry 1 of Nightly tags"; of a retry, "Retry 2 of Nightly tags". `earlier` retries of this
    job count, too.
    """
    known = _NUMBERED.fullmatch(job.description) if job.retry_of_id else None
    number, text = (int(known[1]), known[2]) if known else (0, str(job))
    whole = f"Retry {number + earlier + 1} of {text}"
    return whole if len(whole) <= MAX_DESCRIPTION else f"{whole[: MAX_DESCRIPTION - 1]}…"
