"""What happened to a job: its timeline and its activity log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from jobs.choices import TERMINAL, JobStatus
from jobs.models import Job, JobEvent, StatusChange
from jobs.queries import limit_words, words

ACTIVITY_ROWS = 100
"""Entries on a page of the activity log."""

STEPS_SHOWN = 30
"""The timeline is short, however often a job was paused; Activity has all."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline. `by` is a person, or empty; `span_s` is how long it lasted, None
    where that means nothing. `failures` is "", "some" or "all" of the objects of a job that completed.
    """

    status: JobStatus
    title: str
    by: str
    at: datetime
    span_s: float | None
    current: bool
    inside: bool
    failures: str = ""

    @property
    def state(self) -> str:
        """ "bad", "mixed", "stopped", "done", or empty for the step that goes on."""
        if self.status in (JobStatus.FAILING, JobStatus.FAILED) or self.failures == "all":
            return "bad"
        if self.failures:
            return "mixed"
        if self.status in (JobStatus.CANCELLING, JobStatus.CANCELLED):
            return "stopped"
        return "done" if not self.current or self.status in TERMINAL else ""

    @property
    def span_word(self) -> str:
        """Before the span: whether something was done in it, or waited for."""
        return _WAITED.get(self.status, "took")


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
MAX_ID = 2**63 - 1
_WAITED = {
    JobStatus.NEW: "waited",
    JobStatus.SUSPENDED: "waited for confirmation for",
    JobStatus.READY: "waited for its turn for",
    JobStatus.PAUSED: "for",
}
_PAUSES = frozenset({JobStatus.PAUSING, JobStatus.PAUSED})


def timeline(job: Job, now: datetime) -> list[Step]:
    """What happened last, oldest first, each with how long it took; one query."""
    newest = job.status_changes.select_related("actor").order_by("-id")[:STEPS_SHOWN]
    changes = list(reversed(newest))
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
            failures=_failures(job) if change.to_status == JobStatus.COMPLETE else "",
        )
        for change, end in zip(changes, ends, strict=True)
    ]


def _title(change: StatusChange, job: Job) -> str:
    title = _TITLES[JobStatus(change.to_status)]
    if change.to_status == JobStatus.COMPLETE and job.tasks_failed:
        return (
            f"{title}, all failed"
            if _failures(job) == "all"
            else f"{title}, {job.tasks_failed:,} failed"
        )
    if change.to_status == JobStatus.READY and not job.confirmation_required:
        title = "Ready"
    if change.from_status == JobStatus.PAUSED and change.to_status == JobStatus.ACTIVE:
        title = "Active again"
    return title


def _failures(job: Job) -> str:
    if not job.tasks_failed:
        return ""
    return "all" if job.tasks_failed >= (job.total_tasks or 0) else "some"


def person(user: Any) -> str:
    """The name of a person, or the email where no name is known."""
    return str(user.get_full_name() or user.get_username()) if user else "batchconsole"


SENTENCES = {
    JobEvent.Kind.WAITING,
    JobEvent.Kind.HELD,
    JobEvent.Kind.SLOWER,
    JobEvent.Kind.UNCHECKED,
    JobEvent.Kind.LEFT,
    JobEvent.Kind.LOST,
    JobEvent.Kind.WITHOUT,
    JobEvent.Kind.IGNORED,
}
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


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the activity log ends: the IDs of the oldest change and event on it."""

    change: int = MAX_ID
    event: int = MAX_ID

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        """The newest page for what `query` did not write."""

        def number(name: str) -> int:
            text = query.get(name, "")
            return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else MAX_ID

        return cls(number("change"), number("event"))

    @property
    def query(self) -> str:
        return urlencode({"change": self.change, "event": self.event})


NEWEST = Cursor()


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """`older` is where the next page begins, None where nothing is older."""

    rows: Sequence[Activity]
    older: Cursor | None
    is_newest: bool


def job_activity(job: Job, before: Cursor = NEWEST) -> ActivityPage:
    """Status changes and events, newest first, ACTIVITY_ROWS of both together; two queries."""
    most = ACTIVITY_ROWS + 1
    changes = job.status_changes.filter(id__lt=before.change).select_related("actor")
    events = job.events.filter(id__lt=before.event).select_related("actor")
    both: list[StatusChange | JobEvent] = [*changes.order_by("-id")[:most]]
    both += events.order_by("-id")[:most]
    # Of the same moment, a change comes after what it brought about.
    both.sort(key=lambda row: (row.at, isinstance(row, StatusChange), row.pk), reverse=True)
    shown, rest = both[:ACTIVITY_ROWS], both[ACTIVITY_ROWS:]
    oldest = Cursor(
        min([row.pk for row in shown if isinstance(row, StatusChange)], default=before.change),
        min([row.pk for row in shown if isinstance(row, JobEvent)], default=before.event),
    )
    rows = [
        _from_change(row) if isinstance(row, StatusChange) else _from_event(row) for row in shown
    ]
    return ActivityPage(rows, oldest if rest else None, is_newest=before == NEWEST)


def _from_change(change: StatusChange) -> Activity:
    before = str(JobStatus(change.from_status).label) if change.from_status else ""
    return Activity(
        at=change.at,
        by=person(change.actor),
        event="Status changed" if before else "Created",
        before=words.status(before, mine=False),
        after=words.status(str(JobStatus(change.to_status).label), mine=False),
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
