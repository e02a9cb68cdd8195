"""What may be done to a job, and the only place that writes its status.

Every move is a compare-and-swap in one transaction with its StatusChange row; a move that
another process was quicker to make returns False or raises JobStatusError, never overwrites.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import models, transaction
from django.db.models import F

from jobs import conf, queueing
from jobs.choices import AWAITING_CONFIRMATION, CANCELLABLE, TERMINAL, UNSTARTED, PauseCause
from jobs.choices import JobStatus as S
from jobs.errors import JobStatusError, NoSuchJobError, Problem, ValidationFailedError
from jobs.lifecycle.transitions import sources_of
from jobs.models import Job, JobEvent, StatusChange
from jobs.spec.job import MAX_PRIORITY

Actor = User | AbstractBaseUser | AnonymousUser | None
_PAUSES = frozenset({S.PAUSING, S.PAUSED})
# A stronger cause takes the place of a weaker one: only the weakest goes away by itself.
_BY_STRENGTH = (PauseCause.PRIORITY, PauseCause.PERSON, PauseCause.CANARY)


def move(
    job_id: str,
    to: S,
    *,
    now: datetime,
    only_from: Collection[S] | None = None,
    actor: User | None = None,
    reason: str = "",
    where: models.Q | None = None,
    **changes: Any,
) -> bool:
    """Move a job to `to` if its status still allows it; False when it does not.

    `only_from` narrows the statuses that may be left, `where` adds a condition to the swap,
    `changes` are fields written with it.
    """
    allowed = sources_of(to) if only_from is None else sources_of(to) & frozenset(only_from)
    with transaction.atomic():
        for before in _status_now(job_id):
            if before not in allowed:
                return False
            rows = Job.objects.filter(where or models.Q(), pk=job_id, status=before)
            changes_of_time = _clock_changes(before, to, job_id, now)
            if rows.update(status=to, **changes_of_time, **changes):
                _note(job_id, before, to, now, actor, reason)
                return True
    return False


def _note(job_id: str, before: S, to: S, now: datetime, actor: User | None, reason: str) -> None:
    StatusChange.objects.create(
        job_id=job_id, at=now, from_status=before, to_status=to, actor=actor, reason=reason[:1024]
    )


def _status_now(job_id: str) -> list[S]:
    """Locked until the end of the transaction, where the database can: else a job that moves on
    at this moment would refuse a move that its new status allows as well.
    """
    job = Job.objects.filter(pk=job_id).select_for_update(no_key=True)
    return [S(status) for status in job.values_list("status", flat=True)]


def _clock_changes(before: S, to: S, job_id: str, now: datetime) -> dict[str, Any]:
    """Fields that follow from the move itself: the timer counts time in Active only (reference
    1.7), and what a job waited for it waited for in the status that it leaves.
    """
    changes: dict[str, Any] = {"waiting_for": "", "waiting_since": None, "waiting_until_s": 0}
    if to not in _PAUSES:
        changes["paused_cause"] = ""
    if to is S.ACTIVE:
        changes["active_since"] = now
    if before is S.ACTIVE:
        since = Job.objects.values_list("active_since", flat=True).get(pk=job_id)
        elapsed_s = max(0.0, (now - since).total_seconds()) if since else 0.0
        changes |= {"active_since": None, "active_elapsed_s": F("active_elapsed_s") + elapsed_s}
    if to in TERMINAL:
        changes["terminated_at"] = now
    return changes


def begin_preparing(job_id: str, *, now: datetime) -> bool:
    return move(job_id, S.PREPARING, now=now, only_from={S.NEW})


def end_preparing(job: Job, *, total_tasks: int, buckets: dict[str, Any], now: datetime) -> bool:
    """The whole list was read: wait for a person, or queue, as the job was made to do."""
    facts: dict[str, Any] = {"total_tasks": total_tasks, "buckets": buckets}
    if job.confirmation_required:
        facts |= {"suspended_at": now, "suspended_cause": AWAITING_CONFIRMATION}
        return move(job.pk, S.SUSPENDED, now=now, only_from={S.PREPARING}, **facts)
    with transaction.atomic():
        moved = move(job.pk, S.READY, now=now, only_from={S.PREPARING}, **facts)
        if moved:
            queueing.call_runners()
    return moved


def confirm(job_id: str, *, actor: User | None, now: datetime) -> Job:
    """Run job: a suspended job becomes Ready (reference 1.2).

    Raises NoSuchJobError, and JobStatusError when it is not waiting for confirmation (any more).
    """
    in_time = models.Q(suspended_at__gte=now - conf.SUSPENDED_LIFETIME)
    with transaction.atomic():
        if not move(
            job_id,
            S.READY,
            now=now,
            only_from={S.SUSPENDED},
            actor=actor,
            where=in_time,
            confirmed_at=now,
            confirmed_by=actor,
        ):
            raise JobStatusError(_why_not(job_id, "run"))
        queueing.call_runners()
    return get_job(job_id)


def cancel(job_id: str, *, actor: User | None, now: datetime, reason: str = "") -> Job:
    """Stop a job. Before the first task it is Cancelled at once, later it is Cancelling first.

    `reason` has at most 256 characters (reference 1.3).
    Raises NoSuchJobError, ValidationFailedError, JobStatusError.
    """
    if len(reason) > 256:
        raise ValidationFailedError(
            [Problem("reason", "The reason must be 256 characters or fewer.")]
        )
    noted: dict[str, Any] = {"status_update_reason": reason}
    with transaction.atomic():
        moved = move(
            job_id, S.CANCELLED, now=now, only_from=UNSTARTED, actor=actor, reason=reason, **noted
        ) or move(
            job_id,
            S.CANCELLING,
            now=now,
            only_from=CANCELLABLE - UNSTARTED,
            actor=actor,
            reason=reason,
            **noted,
        )
        if not moved:
            raise JobStatusError(_why_not(job_id, "cancelled"))
        queueing.call("finish_job", job_id)
    return get_job(job_id)


def reprioritise(job_id: str, priority: int, *, actor: User | None, now: datetime) -> Job:
    """Change who goes first; allowed until the job has ended.

    Raises NoSuchJobError, ValidationFailedError, and JobStatusError for a job that has ended.
    """
    check_priority(priority)
    with transaction.atomic():
        job = get_job(job_id)
        changed = (
            Job.objects.filter(pk=job_id).exclude(status__in=TERMINAL).update(priority=priority)
        )
        if not changed:
            raise JobStatusError("The job has ended, so its priority can not change any more.")
        if job.priority != priority:
            JobEvent.objects.create(
                job=job,
                at=now,
                kind=JobEvent.Kind.PRIORITY,
                actor=actor,
                before=job.priority,
                after=priority,
            )
    return get_job(job_id)


def check_priority(priority: int) -> None:
    """Raises ValidationFailedError unless `priority` is within reference 2.1."""
    if not 0 <= priority <= MAX_PRIORITY:
        raise ValidationFailedError(
            [Problem("priority", f"Priority must be a whole number from 0 to {MAX_PRIORITY}.")]
        )


def fail(
    job_id: str,
    code: str,
    reason: str,
    *,
    now: datetime,
    line: int | None = None,
    only_from: Collection[S] | None = None,
) -> bool:
    """Stop a job because of a problem of the whole job; False when it has left that status.

    `code` becomes FailureCode, `reason` FailureReason (reference 1.7); the finisher writes the
    report, if any task ran, and turns Failing to Failed.
    """
    with transaction.atomic():
        moved = move(
            job_id,
            S.FAILING,
            now=now,
            only_from=only_from,
            reason=reason,
            failure_code=code[:64],
            failure_reason=reason[:1024],
            failure_line=line,
        )
        if moved:
            queueing.call("finish_job", job_id)
    return moved


def pause(
    job_id: str,
    *,
    cause: PauseCause,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
) -> bool:
    """Start nothing new of an Active job: Pausing now, Paused once its last chunk is handed back.

    A job that is pausing or paused already stays where it is and takes the stronger cause. False
    when neither applies. `lifecycle.pauses` is the door for persons.
    """
    with transaction.atomic():
        moved = move(job_id, S.PAUSING, now=now, actor=actor, reason=reason, paused_cause=cause)
        if moved or _hold(job_id, cause, now, actor, reason):
            queueing.call_runners()
            return True
    return False


def _hold(job_id: str, cause: PauseCause, now: datetime, actor: User | None, reason: str) -> bool:
    weaker = ("", *_BY_STRENGTH[: _BY_STRENGTH.index(cause)])
    for status in _status_now(job_id):
        held = Job.objects.filter(pk=job_id, status=status, paused_cause__in=weaker)
        if status in _PAUSES and held.update(paused_cause=cause):
            # Not a move, but who holds the job now has to be found where the moves are.
            _note(job_id, status, status, now, actor, reason)
            return True
    return False


def wait_for(
    job_id: str, sentence: str, *, until_s: float, now: datetime, only_in: Collection[S]
) -> None:
    """Note why a job does not move; its status stays. `until_s` is on the database's clock.

    Nothing is noted outside `only_in`: who was overtaken does not speak for the job any more.
    """
    with transaction.atomic():
        job = Job.objects.filter(pk=job_id, status__in=only_in)
        if job.filter(waiting_for="").update(waiting_since=now):
            JobEvent.objects.create(
                job_id=job_id, at=now, kind=JobEvent.Kind.WAITING, after=sentence[:512]
            )
        job.update(waiting_for=sentence[:512], waiting_until_s=until_s)


def stop_waiting(job_id: str, *, now: datetime) -> None:
    """What a job waited for is there again."""
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job_id).exclude(waiting_for="")
        if waiting.update(waiting_for="", waiting_since=None, waiting_until_s=0):
            JobEvent.objects.create(job_id=job_id, at=now, kind=JobEvent.Kind.RESUMED)


def get_job(job_id: str) -> Job:
    """Raises NoSuchJobError."""
    try:
        return Job.objects.select_related("region", "role", "confirmed_by").get(pk=job_id)
    except Job.DoesNotExist as error:
        raise NoSuchJobError from error


def _why_not(job_id: str, wish: str) -> str:
    """The sentence for a move that came too late: what the job is now, and whose doing that was."""
    job = get_job(job_id)
    last = job.status_changes.select_related("actor").last()
    status = S(job.status)
    if status is S.SUSPENDED:
        return "The job waited for confirmation for more than 30 days and can not run any more. Clone it."
    who = f" since {last.actor.get_username()} acted" if last and last.actor else ""
    when = f" at {last.at:%H:%M} UTC" if last else ""
    return f'The job can not be {wish}: it is "{status.label}"{who}{when}.'
