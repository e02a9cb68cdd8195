"""Rows of a list that are no tasks, as pages say it. Pure."""

from jobs.manifests.left_out import DELETE_MARKERS, FILTERED_OUT
from jobs.models import Job
from jobs.queries.words import counted


def left_out(job: Job) -> list[str]:
    """One sentence for each reason."""
    return [_sentence(reason, rows) for reason, rows in sorted(job.skipped_rows.items()) if rows]


def _sentence(reason: str, rows: int) -> str:
    are, them = ("is", "it") if rows == 1 else ("are", "them")
    if reason == DELETE_MARKERS:
        markers = counted(rows, "delete marker")
        return (
            f"{markers} of the list {are} left out: only an operation that deletes works on {them}."
        )
    if reason == FILTERED_OUT:
        return (
            f"{counted(rows, 'row')} of the list {are} left out by the filter: the object does not have"
            " the tags or metadata, or is not there."
        )
    return f"{counted(rows, 'row')} of the list {are} left out: {reason}."
