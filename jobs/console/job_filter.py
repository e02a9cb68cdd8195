"""The filter of the jobs list, as the URL says it."""

from django.http import QueryDict

from jobs.access.emails import normal_form
from jobs.choices import JobStatus
from jobs.console.typed_text import typed_day, typed_text
from jobs.operations import registry
from jobs.queries.job_list import DEFAULT_SORT, PAGE_SIZES, SORTS, JobFilter


def parse_filter(query: QueryDict) -> JobFilter:
    """Unknown names and values are dropped, never errors."""
    sort, page = query.get("sort", ""), query.get("page", "")
    operations = {operation.name for operation in registry.OPERATIONS}
    per = next((size for size in PAGE_SIZES if query.get("per") == str(size)), PAGE_SIZES[0])
    return JobFilter(
        q=typed_text(query, "q"),
        statuses=tuple(status for status in JobStatus if status in query.getlist("status")),
        operation=query.get("op", "") if query.get("op") in operations else "",
        region=typed_text(query, "region"),
        owner=normal_form(typed_text(query, "owner")),
        first_day=typed_day(query, "from"),
        last_day=typed_day(query, "to"),
        tag=typed_text(query, "tag"),
        failures=query.get("has") == "failures",
        sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
        page=int(page) if page.isascii() and page.isdecimal() and 0 < int(page) < 10**6 else 1,
        per=per,
    )
