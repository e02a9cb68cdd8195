"""What jobs are found by (queries.search): written when a job is made, and when its list was read."""

from collections.abc import Iterable

from jobs.errors import ValidationFailedError
from jobs.models import Job, SearchText
from jobs.operations import registry
from jobs.spec.generator import GeneratorSpec

MOST_BUCKETS = 1_000


def keep_search_text(job: Job) -> None:
    """Buckets of the objects are those that are known by then."""
    texts = search_text(job)
    SearchText.objects.update_or_create(job_id=job.pk, defaults=texts)


def search_text(job: Job) -> dict[str, str]:
    """The fields of its SearchText."""
    places = list_places(job)
    report = [job.report_bucket] if job.report_enabled and job.report_bucket else []
    listed = [bucket for bucket, _ in places]
    buckets = [*list(job.buckets)[:MOST_BUCKETS], *listed, *_written(job), *report]
    return {
        "description": job.description.casefold(),
        "buckets": _lines(buckets),
        "places": _lines(f"{bucket}/{key}" for bucket, key in places),
    }


def list_places(job: Job) -> list[tuple[str, str]]:
    """Bucket and key of a manifest, or bucket and prefix of all that is listed."""
    listed = job.manifest
    if not isinstance(listed, GeneratorSpec):
        return [(listed.bucket, listed.key)]
    return [(one.bucket, prefix) for one in listed.sources for prefix in one.prefixes or ("",)]


def _written(job: Job) -> list[str]:
    operation = registry.find(job.operation)
    if operation is None:
        return []
    try:
        return operation.parse(job.parameters).target_buckets()
    except ValidationFailedError:
        return []  # of an older version


def _lines(texts: Iterable[str]) -> str:
    distinct = dict.fromkeys(text.casefold().replace("\n", " ") for text in texts if text)
    return "\n".join(("", *distinct, "")) if distinct else ""
