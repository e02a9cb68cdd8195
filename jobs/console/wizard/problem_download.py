"""All problems of the CSV manifest that a draft names, as a file for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from jobs.choices import ManifestField
from jobs.console.access import draft_or_404, signed_in
from jobs.console.downloads import download
from jobs.console.forms.sources.csv_manifest import CsvForm
from jobs.console.see_other import SeeOther
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST
from jobs.errors import BatchConsoleError
from jobs.lifecycle.connections import storage_for_download
from jobs.manifests.every_problem import every_problem
from jobs.manifests.keys import KeyRules
from jobs.manifests.problems import ManifestProblem
from jobs.reports.for_people import defused
from jobs.s3.arns import parse_s3_uri
from jobs.s3.storage import Storage

COLUMNS = ("Line", "Kind", "What is wrong", "Row text", "How to fix")
BATCH_ROWS = 500


@require_GET
@signed_in
def draft_problems(request: HttpRequest, draft_id: UUID) -> HttpResponseBase:
    """Of the object that was looked at last; back to the step where nobody can read it."""
    draft = draft_or_404(request, draft_id, write=True)
    reading = Reading(draft)
    form, found = reading.manifest, reading.found
    back = SeeOther(step_url(draft, MANIFEST, "preview"))
    role = form.role() if form.may_look else None
    if role is None or found is None or found.error or not isinstance(form, CsvForm):
        return back
    if not form.columns or not form.is_valid():
        return back
    bucket, _ = parse_s3_uri(form.cleaned_data["manifest_object"])
    try:
        storage = storage_for_download(bucket, form.cleaned_data["region"], role)
        return download(request, _file(storage, form, found.etag), "problems.csv")
    except BatchConsoleError:
        return back


def _file(storage: Storage, form: CsvForm, etag: str) -> Iterator[bytes]:
    """Under a line with the names of the columns. Raises StorageError while it is consumed."""
    bucket, key = parse_s3_uri(form.cleaned_data["manifest_object"])
    version_id = form.cleaned_data["version_id"] or None
    fields = tuple(ManifestField(name) for name in form.columns)
    with storage.open_object(bucket, key, version_id=version_id, if_match=etag) as pieces:
        rules = KeyRules(plus_is_space=bool(form.switch))
        problems = map(_row, every_problem(pieces, fields, rules))
        head = _csv_of([COLUMNS])
        while batch := list(islice(problems, BATCH_ROWS)):
            yield head + _csv_of(batch)
            head = b""
        yield head


def _row(problem: ManifestProblem) -> tuple[str, ...]:
    line = "" if problem.line is None else str(problem.line)
    return (line, str(problem.kind.label), problem.message, problem.row_text, problem.remedy)


def _csv_of(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(map(defused, rows))
    return text.getvalue().encode()
