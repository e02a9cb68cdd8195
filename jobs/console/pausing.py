"""What the pages of a job say of its pause: whose doing it is, what it waits for, what may be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.choices import JobStatus, PauseCause
from jobs.lifecycle import pauses, precedence
from jobs.lifecycle.effects import PAUSES
from jobs.models import FailureSample, Job, JobEvent
from jobs.queries import words
from jobs.queries.job_history import person

SAMPLES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Pause:
    """Of a job that is pausing or paused. `by` and `since` tell of the person; `first` is the job
    that runs first where that is the cause, None when it is through; `found` is a sentence about
    what the canary or the storage did.
    """

    cause: PauseCause
    by: str = ""
    since: datetime | None = None
    first: Job | None = None
    found: str = ""
    samples: Sequence[FailureSample] = ()

    @property
    def is_held(self) -> bool:
        """Somebody has to let it go."""
        return self.cause in pauses.HELD

    @property
    def is_canary(self) -> bool:
        return self.cause is PauseCause.CANARY

    @property
    def is_storage(self) -> bool:
        return self.cause is PauseCause.STORAGE


def pause_of(job: Job) -> Pause | None:
    """Two queries at most, and none for a job that is not paused."""
    if job.status not in PAUSES:
        return None
    cause = PauseCause(job.paused_cause or PauseCause.PRIORITY)
    if cause is PauseCause.PRIORITY:
        first = precedence.first_in(job.region_id)
        return Pause(cause, first=first if first and first.pk != job.pk else None)
    if cause is PauseCause.CANARY:
        samples = list(job.failure_samples.order_by("line")[:SAMPLES_SHOWN])
        return Pause(cause, found=words.canary_found(job), samples=samples)
    if cause is PauseCause.STORAGE:
        return Pause(cause, found=job.paused_reason or words.pause(job))
    by, since = _who_paused(job)
    return Pause(cause, by=by, since=since)


def _who_paused(job: Job) -> tuple[str, datetime | None]:
    """By the later of the two: a person pauses a running job, or keeps one paused."""
    change = job.status_changes.filter(to_status=JobStatus.PAUSING).select_related("actor").last()
    held = job.events.filter(kind=JobEvent.Kind.HELD).select_related("actor").last()
    found = max([note for note in (held, change) if note], key=lambda note: note.at, default=None)
    return (person(found.actor), found.at) if found else ("", None)


def why_not_pause(job: Job) -> str:
    """Empty when it can be paused, or be kept paused."""
    if job.status == JobStatus.ACTIVE:
        return ""
    if job.status in PAUSES:
        return "The job is paused already" if job.paused_cause in pauses.HELD else ""
    if job.status in (JobStatus.COMPLETING, JobStatus.CANCELLING, JobStatus.FAILING):
        return "The job is ending already"
    return "The job has ended" if job.is_terminal else "The job has not started"


def can_resume(job: Job) -> bool:
    return job.status in PAUSES and job.paused_cause in pauses.HELD
