"""The filter of the jobs list, as the URL says it."""

from django.http import QueryDict

from jobs.choices import JobStatus
from jobs.operations import registry
from jobs.queries.job_list import DEFAULT_SORT, PAGE_SIZES, SORTS, JobFilter


def parse_filter(query: QueryDict) -> JobFilter:
    """Unknown names and values are dropped, never errors."""
    sort, page = query.get("sort", ""), query.get("page", "")
    operations = {operation.name for operation in registry.OPERATIONS}
    per = next((size for size in PAGE_SIZES if query.get("per") == str(size)), PAGE_SIZES[0])
    return JobFilter(
        q=_text(query, "q"),
        statuses=tuple(status for status in JobStatus if status in query.getlist("status")),
        operation=query.get("op", "") if query.get("op") in operations else "",
        region=_text(query, "region"),
        tag=_text(query, "tag"),
        failures=query.get("has") == "failures",
        sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
        page=int(page) if page.isascii() and page.isdecimal() and 0 < int(page) < 10**6 else 1,
        per=per,
    )


def _text(query: QueryDict, name: str) -> str:
    # A NUL can be in no text of PostgreSQL, not even in one that is looked for.
    return query.get(name, "").replace("\0", "").strip()[:256]
