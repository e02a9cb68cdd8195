"""What happened to a job: its timeline and its activity log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.choices import TERMINAL, JobStatus
from jobs.models import Job, JobEvent, StatusChange
from jobs.queries import limit_words

ACTIVITY_ROWS = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline. `by` is a person, or empty; `span_s` is how long it took, None where that means nothing."""

    status: JobStatus
    title: str
    by: str
    at: datetime
    span_s: float | None
    current: bool
    inside: bool

    @property
    def state(self) -> str:
        """ "bad", "done", or empty for the step that goes on."""
        if self.status in (JobStatus.FAILING, JobStatus.FAILED):
            return "bad"
        return "done" if not self.current or self.status in TERMINAL else ""


_TITLES = {
    JobStatus.NEW: "Created",
    JobStatus.PREPARING: "Preparing",
    JobStatus.SUSPENDED: "Prepared",
    JobStatus.READY: "Confirmed",
    JobStatus.ACTIVE: "Active",
    JobStatus.PAUSING: "Pausing",
    JobStatus.PAUSED: "Paused",
    JobStatus.COMPLETING: "Writing the report",
    JobStatus.COMPLETE: "Completed",
    JobStatus.CANCELLING: "Cancelling",
    JobStatus.CANCELLED: "Cancelled",
    JobStatus.FAILING: "Failing",
    JobStatus.FAILED: "Failed",
}
_PAUSES = frozenset({JobStatus.PAUSING, JobStatus.PAUSED})


def timeline(job: Job, now: datetime) -> list[Step]:
    """What happened, oldest first, each with how long it took; one query."""
    changes = list(job.status_changes.select_related("actor"))
    ends = [change.at for change in changes[1:]] + [now]
    return [
        Step(
            status=JobStatus(change.to_status),
            title=_title(change, job),
            by=person(change.actor) if change.actor else "",
            at=change.at,
            span_s=None if change.to_status in TERMINAL else (end - change.at).total_seconds(),
            current=change is changes[-1],
            inside=change.to_status in _PAUSES,
        )
        for change, end in zip(changes, ends, strict=True)
    ]


def _title(change: StatusChange, job: Job) -> str:
    title = _TITLES[JobStatus(change.to_status)]
    if change.to_status == JobStatus.READY and not job.confirmation_required:
        title = "Ready"
    if change.from_status == JobStatus.PAUSED and change.to_status == JobStatus.ACTIVE:
        title = "Active again"
    return title


def person(user: Any) -> str:
    """The name of a person, or the email where no name is known."""
    return str(user.get_full_name() or user.get_username()) if user else "batchconsole"


SENTENCES = {JobEvent.Kind.WAITING, JobEvent.Kind.HELD, JobEvent.Kind.SLOWER}
"""Events whose `after` says in words what happened."""


@dataclass(frozen=True, slots=True)
class Activity:
    """`by` is a person or the system; `before` and `after` are texts, empty where there is none."""

    at: datetime
    by: str
    event: str
    before: str = ""
    after: str = ""
    note: str = ""


def job_activity(job: Job) -> list[Activity]:
    """Status changes and events, newest first, at most ACTIVITY_ROWS of each; two queries."""
    changes = job.status_changes.select_related("actor").order_by("-id")[:ACTIVITY_ROWS]
    events = job.events.select_related("actor").order_by("-id")[:ACTIVITY_ROWS]
    rows = [_from_change(change) for change in changes] + [_from_event(event) for event in events]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _from_change(change: StatusChange) -> Activity:
    before = JobStatus(change.from_status).label if change.from_status else ""
    return Activity(
        at=change.at,
        by=person(change.actor),
        event="Status changed" if before else "Created",
        before=before,
        after=JobStatus(change.to_status).label,
        note=change.reason,
    )


def _from_event(event: JobEvent) -> Activity:
    kind = JobEvent.Kind(event.kind)
    if kind in SENTENCES:
        return Activity(event.at, person(event.actor), str(kind.label), note=str(event.after or ""))
    in_words = _ceilings_of if kind is JobEvent.Kind.LIMITS else _text_of
    return Activity(
        at=event.at,
        by=person(event.actor),
        event=str(kind.label),
        before=in_words(event.before),
        after=in_words(event.after),
    )


def _ceilings_of(value: Any) -> str:
    return limit_words.ceilings(value["requests_per_s"], value["in_flight"]) or limit_words.NO_LIMIT


def _text_of(value: Any) -> str:
    """A number, or tags as "team=media, year=2024"."""
    if isinstance(value, dict):
        return ", ".join(f"{key}={text}" for key, text in sorted(value.items())) or "none"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
