"""All jobs that fit a filter, for a file: newest first, batch by batch, so that memory stays flat."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from jobs.choices import JobStatus
from jobs.models import JobQuerySet
from jobs.queries import words
from jobs.queries.job_list import DEFAULT_SORT, JobFilter, operation_label

BATCH = 1_000
"""Rows of one look at the database, which takes two queries."""

COLUMNS = (
    *("JobId", "Status", "Description", "Operation", "Region", "Owner", "Created", "Started"),
    *("Terminated", "TotalTasks", "Succeeded", "Failed", "Priority", "FailureReason"),
)
_READ = (
    *("pk", "status", "description", "operation", "region__name", "owner__username"),
    *("created_at", "started_at", "terminated_at", "total_tasks", "tasks_succeeded"),
    *("tasks_failed", "priority", "failure_reason"),
)
Row = tuple[str, ...]


def job_batches(visible: JobQuerySet, wanted: JobFilter) -> Iterator[Sequence[Row]]:
    """Rows of COLUMNS, without tags: who sees a job need not see these. Moments are in UTC. No look at the
    database waits for whoever takes the rows.
    """
    listed = replace(wanted, sort=DEFAULT_SORT).ordered(visible)
    places = list(listed.values_list("pk", "created_at")[:BATCH])
    while places:
        yield _rows_of(visible, [job_id for job_id, _ in places])
        if len(places) < BATCH:
            break
        last_id, last_at = places[-1]
        behind = Q(created_at__lt=last_at) | Q(pk__lt=last_id)
        further = listed.filter(behind, created_at__lte=last_at)
        places = list(further.values_list("pk", "created_at")[:BATCH])


def _rows_of(visible: JobQuerySet, job_ids: list[str]) -> list[Row]:
    """By their keys, which an index has found: a job is a long row."""
    found = {row[0]: row for row in visible.filter(pk__in=job_ids).values_list(*_READ)}
    return [_row(found[key]) for key in job_ids if key in found]


def _row(values: tuple[object, ...]) -> Row:
    job_id, status, description, operation, *others = values
    label = words.status(str(JobStatus(str(status)).label), mine=False)
    named = (job_id, label, description, operation_label(str(operation)))
    return tuple(map(_text, (*named, *others)))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
