"""What a screen reader hears of a running job: milestones, never each poll (WCAG 4.1.3)."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from jobs.choices import JobStatus
from jobs.models import Job
from jobs.queries import words

QUARTERS = (75, 50, 25)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page showed last: the status, with the cause of a pause, the quarter of the work,
    whether something failed.
    """

    status: str
    quarter: int
    failures: bool

    @classmethod
    def of(cls, job: Job) -> Self:
        status = "-".join(filter(None, (job.status, job.paused_cause)))
        return cls(status, quarter_of(job), job.tasks_failed > 0)

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        quarter = query.get("quarter", "")
        known = {str(number): number for number in QUARTERS}
        return cls(query.get("seen", ""), known.get(quarter, 0), query.get("failures") == "1")

    def query(self) -> str:
        return f"seen={self.status}&quarter={self.quarter}&failures={int(self.failures)}"


def quarter_of(job: Job) -> int:
    """0, 25, 50 or 75, rounded down."""
    total = job.total_tasks or 0
    return next((at for at in QUARTERS if total and job.tasks_done * 100 >= at * total), 0)


def announcement(job: Job, seen: Seen, *, mine: bool) -> str:
    """A sentence when something happened that is worth hearing, else an empty text."""
    now = Seen.of(job)
    if now.status != seen.status:
        failed = f", {job.tasks_failed:,} failed" if job.tasks_failed else ""
        label = words.status(str(JobStatus(job.status).label), mine=mine)
        return f"Status: {label}{failed}. {words.pause(job)}".rstrip()
    if now.failures and not seen.failures:
        return "The first objects failed."
    if now.quarter > seen.quarter:
        return f"{now.quarter}% complete."
    return ""
