"""Why objects of a job failed, as its pages say it: what it means, where the rows are, what may be retried."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from jobs.console import advice
from jobs.console.retry_failed import choices_of
from jobs.models import FailureCause, Job


def has_rows(job: Job) -> bool:
    """Whether the completion report names the objects that failed."""
    return job.is_terminal and hasattr(job, "report")


def causes_of(job: Job, causes: Iterable[FailureCause]) -> list[dict[str, Any]]:
    """A dictionary for each of all its causes. A code with several HTTP statuses is retried as a whole, from its
    first row.
    """
    causes = list(causes)
    retried = choices_of(job, causes) if causes and job.is_terminal and not job.dry_run else {}
    return [
        {**_in_words(cause), "url": _url(job, cause), "retry": retried.pop(cause.code, None)}
        for cause in causes
    ]


def _in_words(cause: FailureCause) -> dict[str, Any]:
    means, remedy = advice.on(cause.code, cause.http_status)
    return {"cause": cause, "means": means, "remedy": remedy}


def _url(job: Job, cause: FailureCause) -> str:
    """All its objects where the report has them, otherwise samples."""
    if has_rows(job):
        query = urlencode({"task": "failed", "code": cause.code})
        return f"{reverse('job-report', args=[job.pk])}?{query}"
    query = urlencode({"code": cause.code})
    return f"{reverse('job-failures', args=[job.pk])}?{query}#samples"
