"""The completion report of a job, read from its bucket."""

import time
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from jobs.choices import TERMINAL, JobStatus
from jobs.console.access import job_or_404, signed_in
from jobs.console.job_frame import frame
from jobs.console.report_rows import (
    RowFilter,
    RowPage,
    as_csv,
    page_of_rows,
    rows_of,
)
from jobs.errors import BatchConsoleError, StorageError
from jobs.lifecycle.connections import storage_for_page
from jobs.models import Job, Report
from jobs.queries import words
from jobs.reports import layout
from jobs.reports.reading import COLUMNS
from jobs.s3.storage import Storage, describe

LOST = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
MAX_PAGE = 10**7


@signed_in
def job_report(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id)
    report: Report | None = getattr(job, "report", None)
    context = {**frame(request, job), "section": "report"}
    context |= {"report": report, "absent": _why_absent(job, report)}
    if report and not context["absent"]:
        wanted, number = _filter(request), _page_number(request)
        context |= _looked_up(job, report, wanted, number)
        context |= {
            "wanted": wanted,
            "number": number,
            "codes": job.failure_causes.values_list("code", flat=True).distinct().order_by("code"),
            "folder": f"s3://{report.bucket}/{report.manifest_key.rpartition('/')[0]}/",
        }
    return render(request, "console/job_report.html", context)


@signed_in
def job_report_download(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """All rows that fit the filter, as they stand in the report."""
    job = job_or_404(request, job_id)
    report: Report | None = getattr(job, "report", None)
    if report is None:
        return redirect("job-report", job.pk)
    try:
        rows = rows_of(report, _storage(job, report), _filter(request))
        # Looked at before the answer begins: later a problem could only break it off.
        first = list(islice(rows, 1))
    except BatchConsoleError:
        return redirect("job-report", job.pk)
    response = StreamingHttpResponse(as_csv(chain(first, rows)), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="report-{job.short_id}.csv"'
    return response


def _storage(job: Job, report: Report) -> Storage:
    return storage_for_page(report.bucket, job.region, job.role)


def _looked_up(job: Job, report: Report, wanted: RowFilter, number: int) -> dict[str, Any]:
    """The rows, or a sentence about why there are none to show."""
    context: dict[str, Any] = {"columns": COLUMNS, "problem": "", "found": RowPage([], False)}
    try:
        storage = _storage(job, report)
        context["found"] = page_of_rows(
            report, storage, wanted, number=number, clock=time.monotonic
        )
    except StorageError as error:
        place = f"s3://{report.bucket}/{layout.folder(job.report_prefix, job.pk)}/"
        lost = f"The report object was moved or deleted: {place}"
        context["problem"] = lost if error.code in LOST else describe(error, place=place)
    except BatchConsoleError as error:
        context["problem"] = error.message
    return context


def _filter(request: HttpRequest) -> RowFilter:
    task = request.GET.get("task", "")
    return RowFilter(
        task=task if task in ("failed", "succeeded") else "",
        code=request.GET.get("code", "")[:128],
        q=request.GET.get("q", "")[:1024],
    )


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    good = text.isascii() and text.isdecimal() and len(text) < 9
    return max(1, min(int(text), MAX_PAGE)) if good else 1


def _why_absent(job: Job, report: Report | None) -> str:
    """Why there is no report to show, in a sentence; empty when there is one."""
    if words.storage_gone(job):
        return words.storage_gone(job)
    if report:
        return ""
    if not job.report_enabled:
        return "No report was requested for this job."
    if job.status not in TERMINAL:
        return "The report appears when the job ends."
    if not job.tasks_done:
        return "No object was processed, so there is no report."
    if job.status == JobStatus.FAILED and job.failure_reason:
        return f"The report could not be written: {job.failure_reason}"
    return "The report could not be written."
