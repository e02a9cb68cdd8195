"""Pausing a job and letting it go on, by a person: the door in front of `commands`.

A pause holds until who caused it lets go: a person's until a person resumes, the canary's and the
storage's until a person has decided. Only a pause for a job of higher priority goes away by itself.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from jobs import queueing
from jobs.access.actions import Action
from jobs.access.decisions import Decision
from jobs.choices import JobStatus, PauseCause
from jobs.errors import JobStatusError
from jobs.lifecycle import commands, precedence
from jobs.lifecycle.effects import PAUSES
from jobs.lifecycle.refusals import why_not
from jobs.models import Job, JobEvent

HELD = (PauseCause.PERSON, PauseCause.CANARY, PauseCause.STORAGE)


def pause(job_id: str, *, by: Decision, now: datetime) -> Job:
    """Requests in flight end, nothing new begins until somebody resumes.

    A job that stands back for another one is kept paused also when that has ended.
    Raises NoSuchJobError, AccessDeniedError, and JobStatusError for a job that does not run.
    """
    with transaction.atomic():
        by.hold(Action.PAUSE_JOB, commands.locked_job(job_id))
        paused = commands.pause(job_id, cause=PauseCause.PERSON, now=now, actor=by.actor)
    if not paused:
        raise JobStatusError(why_not(commands.get_job(job_id), "paused"))
    return commands.get_job(job_id)


def resume(job_id: str, *, by: Decision, now: datetime) -> Job:
    """Lift a pause that somebody has to lift. In spite of a canary the job runs to its end then, in
    spite of the storage without further checks.

    The job is Active again at once, unless its last requests are not back yet or a job of higher
    priority runs first: then by itself, when that is over.
    Raises NoSuchJobError, AccessDeniedError, and JobStatusError for a job that nobody has to let go.
    """
    with transaction.atomic():
        by.hold(Action.RESUME_JOB, commands.locked_job(job_id))
        held = Job.objects.filter(pk=job_id, status__in=PAUSES, paused_cause__in=HELD)
        for job in held.select_for_update(no_key=True):
            _let_go(job, by.actor, now)
            break
        else:
            raise JobStatusError(_why_not_resumed(commands.get_job(job_id)))
    return commands.get_job(job_id)


def settle_canary(job_id: str, *, now: datetime) -> None:
    """The canary came through: the other tasks may run."""
    with transaction.atomic():
        Job.objects.filter(pk=job_id).update(canary_settled=True)
        queueing.call_runners()
        commands.take_turns_later(job_id, now)


def _let_go(job: Job, actor: User | None, now: datetime) -> None:
    settled = job.canary_settled or job.paused_cause == PauseCause.CANARY
    waived = job.checks_waived or job.paused_cause == PauseCause.STORAGE
    event = JobEvent(job=job, at=now, kind=JobEvent.Kind.LET_GO, actor=actor)
    event.before = PauseCause(job.paused_cause).label
    event.save()
    Job.objects.filter(pk=job.pk).update(
        paused_cause=PauseCause.PRIORITY,
        paused_reason="",
        canary_settled=settled,
        checks_waived=waived,
    )
    if job.pk in precedence.turns_in(job.region_id).go_on:
        commands.resume(job.pk, now=now, actor=actor)
    commands.take_turns_later(job.pk, now)


def _why_not_resumed(job: Job) -> str:
    if job.status not in PAUSES:
        return why_not(job, "resumed")
    first = precedence.first_in(job.region_id)
    if first is None or first.pk == job.pk:
        return "The job goes on by itself in a moment."
    return (
        f"Job {first.short_id} with priority {first.priority} runs first, then this one goes on by"
        " itself. To let this one go first, update its priority."
    )


def was_paused_by(job: Job, actor: User) -> bool:
    """Whether it is this person who holds the job paused: a double click."""
    change = job.status_changes.filter(to_status=JobStatus.PAUSING).last()
    held = job.events.filter(kind=JobEvent.Kind.HELD).last()
    last = max([note for note in (change, held) if note], key=lambda note: note.at, default=None)
    return job.paused_cause == PauseCause.PERSON and bool(last and last.actor_id == actor.pk)


def was_resumed_by(job: Job, actor: User) -> bool:
    """Whether the last thing that happened to the job was this person's resuming it."""
    last = job.events.filter(kind__in=(JobEvent.Kind.HELD, JobEvent.Kind.LET_GO)).last()
    paused = job.status_changes.filter(to_status=JobStatus.PAUSING).last()
    resumed = last is not None and last.kind == JobEvent.Kind.LET_GO and last.actor_id == actor.pk
    return bool(resumed and last and (paused is None or paused.at <= last.at))
