"""The completion report of a job, read from its bucket."""

import time
from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from jobs.access.actions import Action
from jobs.choices import TERMINAL, Foreseen, JobStatus
from jobs.console.access import job_or_404, signed_in
from jobs.console.downloads import download
from jobs.console.job_frame import frame
from jobs.console.report_downloads import CSV, FORMATS, file_as_it_is, rows_in
from jobs.console.report_rows import WAIT_S, Place, RowPage, page_of_rows
from jobs.errors import BatchConsoleError, StorageError
from jobs.lifecycle.connections import storage_for_download, storage_for_page
from jobs.lifecycle.losses import sentence_of
from jobs.lifecycle.page_turns import page_turn
from jobs.models import Job, Report
from jobs.operations.base import SUCCESSFUL
from jobs.queries import erasure, words
from jobs.reports import layout
from jobs.reports.reading import ReportRow
from jobs.reports.scanning import RowFilter
from jobs.s3.storage import Storage, describe

LOST = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


@signed_in
def job_report(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id, Action.GET_JOB_REPORT, "Reading reports")
    report: Report | None = getattr(job, "report", None)
    context = {**frame(request, job), "section": "report"}
    context |= {"report": report, "absent": _why_absent(job, report)}
    if report and not context["absent"]:
        wanted, place = _filter(request), request.GET.get("at", "")
        context |= _looked_up(job, report, wanted, place)
        context |= {
            "lost": sentence_of(job),
            "erasure": erasure.sentence(job),
            "wanted": wanted,
            "place": place,
            "as_written": _as_written(request),
            "shown": _columns(job, context["found"].rows),
            "codes": [*_codes(job), *(kind.value for kind in Foreseen if job.dry_run)],
            "folder": f"s3://{report.bucket}/{report.manifest_key.rpartition('/')[0]}/",
        }
    return render(request, "console/job_report.html", context)


def _codes(job: Job) -> Iterable[str]:
    return job.failure_causes.values_list("code", flat=True).distinct().order_by("code")


@signed_in
def job_report_download(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """All rows that fit the filter: CSV with the names of the columns, safe in a spreadsheet, or
    JSON lines. Keys are as the page shows them.
    """
    job = job_or_404(request, job_id, Action.GET_JOB_REPORT, "Reading reports")
    report: Report | None = getattr(job, "report", None)
    if report is None:
        return redirect("job-report", job.pk)
    file_format = FORMATS.get(request.GET.get("format", ""), CSV)
    try:
        rows = rows_in(
            file_format, report, _storage(job, report), _filter(request),
            as_written=_as_written(request),
        )  # fmt: skip
        name = f"report-{job.short_id}.{file_format.ending}"
        return download(request, rows, name, file_format.content_type)
    except BatchConsoleError:
        return redirect("job-report", job.pk)


@signed_in
def job_report_file(request: HttpRequest, job_id: str, number: int) -> HttpResponseBase:
    """One of the report's result files, byte for byte; the first is number 1."""
    job = job_or_404(request, job_id, Action.GET_JOB_REPORT, "Reading reports")
    report: Report | None = getattr(job, "report", None)
    if report is None or not 1 <= number <= len(report.files):
        raise Http404
    key = str(report.files[number - 1]["key"])
    try:
        pieces = file_as_it_is(report, _storage(job, report), key)
        return download(request, pieces, key.rpartition("/")[2])
    except BatchConsoleError:
        return redirect("job-report", job.pk)


def _storage(job: Job, report: Report) -> Storage:
    return storage_for_download(report.bucket, job.region, job.role)


def _looked_up(job: Job, report: Report, wanted: RowFilter, place: str) -> dict[str, Any]:
    """The rows, or a sentence about why there are none to show."""
    context: dict[str, Any] = {"problem": "", "found": RowPage([])}
    try:
        with page_turn(WAIT_S):
            storage = storage_for_page(report.bucket, job.region, job.role)
            context["found"] = page_of_rows(
                report, storage, wanted, place=Place.from_text(place), clock=time.monotonic
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


def _columns(job: Job, rows: Iterable[ReportRow]) -> dict[str, bool]:
    """Which columns beside key and status say something about these rows."""
    return {
        "bucket": len(job.buckets) != 1 or any(row.bucket not in job.buckets for row in rows),
        "version_id": any(row.version_id for row in rows),
        "code": any(row.code for row in rows),
        "message": any(row.message not in ("", SUCCESSFUL) for row in rows),
    }


def _as_written(request: HttpRequest) -> bool:
    """Whether keys are shown as the file has them, URL-encoded."""
    return request.GET.get("keys") == "written"


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
