"""The audit log: who changed what, or was not allowed to."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from jobs.access import sign_in_log
from jobs.access.actions import Action
from jobs.console.access import require, signed_in
from jobs.console.downloads import download
from jobs.models import AuditEntry
from jobs.queries.audit_log import AuditFilter, all_entries, audit_page
from jobs.reports.for_people import csv_of

DOING = "Seeing the audit log"
JSONL = "application/jsonl; charset=utf-8"
ACTIONS = (*Action.values, *sign_in_log.ACTIONS)
COLUMNS = (
    *("Time", "Who", "Door", "IP", "Action", "TargetType", "Target", "Result"),
    *("Before", "After", "RequestId"),
)


@require_GET
@signed_in
def audit_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.VIEW_AUDIT, DOING)
    wanted = AuditFilter.parse(request.GET)
    context = {"wanted": wanted, "found": audit_page(wanted), "actions": ACTIONS}
    return render(request, "console/audit_list.html", context)


@require_GET
@signed_in
def audit_entry(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.VIEW_AUDIT, DOING)
    entry = get_object_or_404(AuditEntry, pk=pk)
    return render(request, "console/audit_entry.html", {"entry": entry, "facts": _facts(entry)})


@require_GET
@signed_in
def audit_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All that fit the filter, batch by batch."""
    require(request, Action.VIEW_AUDIT, DOING)
    wanted = AuditFilter.parse(request.GET)
    if kind == "csv":
        return download(request, _csv(wanted), "audit-log.csv")
    return download(request, _lines(wanted), "audit-log.jsonl", JSONL)


def _csv(wanted: AuditFilter) -> Iterator[bytes]:
    yield csv_of([COLUMNS])
    for entries in all_entries(wanted):
        yield csv_of(tuple(map(_text, _values(entry))) for entry in entries)


def _lines(wanted: AuditFilter) -> Iterator[bytes]:
    for entries in all_entries(wanted):
        rows = (dict(zip(COLUMNS, _values(entry), strict=True)) for entry in entries)
        yield "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def _values(entry: AuditEntry) -> tuple[Any, ...]:
    return (
        *(entry.at.isoformat(), entry.who, entry.door, entry.source_ip, entry.action),
        *(entry.target_type, entry.target, "Allowed" if entry.allowed else "Denied"),
        *(entry.before, entry.after, entry.request_id),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _facts(entry: AuditEntry) -> list[tuple[str, str, str, bool]]:
    """Name, before, after, and whether they differ; what changed comes first."""
    before, after = entry.before or {}, entry.after or {}
    names = list(dict.fromkeys([*before, *after]))
    rows = [
        (name, _text(before.get(name)), _text(after.get(name)), _differs(name, before, after))
        for name in names
    ]
    return sorted(rows, key=lambda row: not row[3])


def _differs(name: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """What is asked of a job names only what is to change."""
    return name in after and _text(before.get(name)) != _text(after[name])
