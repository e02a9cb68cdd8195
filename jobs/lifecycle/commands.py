"""What may be done to a job, and the only place that writes its status.

Every move is a compare-and-swap in one transaction with its StatusChange row; a move that
another process was quicker to make returns False or raises JobStatusError, never overwrites.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction

from jobs import conf, queueing
from jobs.access.actions import Action
from jobs.access.approval import prepared_needs_approval
from jobs.access.asking import requesting_status
from jobs.access.decisions import Decision
from jobs.choices import (
    AWAITING_CONFIRMATION,
    CANCELLABLE,
    UNSTARTED,
    ChunkState,
    PauseCause,
)
from jobs.choices import JobStatus as S
from jobs.errors import JobStatusError, NoSuchJobError
from jobs.lifecycle import canary, precedence
from jobs.lifecycle.effects import PAUSES, changes_turns, clock_changes
from jobs.lifecycle.refusals import check_reason, why_not
from jobs.lifecycle.search_texts import keep_search_text
from jobs.lifecycle.transitions import sources_of
from jobs.models import Chunk, Job, JobEvent, StatusChange

# A stronger cause takes the place of a weaker one: only the weakest goes away by itself.
_BY_STRENGTH = (PauseCause.PRIORITY, PauseCause.PERSON, PauseCause.CANARY, PauseCause.STORAGE)


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
            changes_of_time = clock_changes(before, to, job_id, now)
            if rows.update(status=to, **changes_of_time, **changes):
                _note(job_id, before, to, now, actor, reason)
                if changes_turns(before, to, changes.get("paused_cause")):
                    take_turns_later(job_id, now)
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


def begin_preparing(job_id: str, *, now: datetime) -> bool:
    return move(job_id, S.PREPARING, now=now, only_from={S.NEW})


def end_preparing(job: Job, *, total_tasks: int, now: datetime) -> bool:
    """The whole list was read: wait for a person, or queue, as the job was made to do. It waits all the
    same where policies do not let the one who made it confirm what the list turned out to be.
    """
    facts: dict[str, Any] = {"total_tasks": total_tasks, "buckets": job.buckets, "found": job.found}
    job.total_tasks = total_tasks
    to = S.READY
    if job.confirmation_required or prepared_needs_approval(job, now):
        facts |= {"suspended_at": now, "suspended_cause": AWAITING_CONFIRMATION}
        facts["confirmation_required"] = True
        to = S.SUSPENDED
    with transaction.atomic():
        moved = move(job.pk, to, now=now, only_from={S.PREPARING}, **facts)
        if moved:
            canary.cut(job.pk, job.canary_tasks)
            keep_search_text(job)
        if moved and to is S.READY:
            queueing.call_runners()
    return moved


def confirm(job_id: str, *, by: Decision, now: datetime, reason: str = "") -> Job:
    """Run job: a suspended job becomes Ready (docs/batch-operations.md, Confirmation). `reason` has at
    most 256 characters.

    Raises NoSuchJobError, AccessDeniedError, and JobStatusError when it is not waiting for
    confirmation (any more).
    """
    check_reason(reason)
    in_time = models.Q(suspended_at__gte=now - conf.SUSPENDED_LIFETIME)
    with transaction.atomic():
        by.hold(Action.UPDATE_JOB_STATUS, locked_job(job_id), requesting_status(S.READY))
        if not move(
            job_id,
            S.READY,
            now=now,
            only_from={S.SUSPENDED},
            actor=by.actor,
            where=in_time,
            reason=reason,
            status_update_reason=reason,
            confirmed_at=now,
            confirmed_by=by.actor,
        ):
            raise JobStatusError(why_not(get_job(job_id), "run"))
        queueing.call_runners()
    return get_job(job_id)


def cancel(job_id: str, *, by: Decision, now: datetime, reason: str = "") -> Job:
    """Stop a job. Before the first task it is Cancelled at once, later it is Cancelling first.

    `reason` has at most 256 characters (docs/batch-operations.md, Confirmation).
    Raises NoSuchJobError, AccessDeniedError, ValidationFailedError, JobStatusError.
    """
    check_reason(reason)
    noted: dict[str, Any] = {"status_update_reason": reason}
    with transaction.atomic():
        by.hold(Action.UPDATE_JOB_STATUS, locked_job(job_id), requesting_status(S.CANCELLED))
        moved = move(
            job_id,
            S.CANCELLED,
            now=now,
            only_from=UNSTARTED,
            actor=by.actor,
            reason=reason,
            # One at least, so that it is cleared: who prepared it may have put more than it noted.
            work_stored=models.F("work_stored") + 1,
            **noted,
        ) or move(
            job_id,
            S.CANCELLING,
            now=now,
            only_from=CANCELLABLE - UNSTARTED,
            actor=by.actor,
            reason=reason,
            **noted,
        )
        if not moved:
            raise JobStatusError(why_not(get_job(job_id), "cancelled"))
        queueing.call_control()
    return get_job(job_id)


def fail(
    job_id: str,
    code: str,
    reason: str,
    *,
    now: datetime,
    line: int | None = None,
    file: str = "",
    only_from: Collection[S] | None = None,
) -> bool:
    """Stop a job because of a problem of the whole job; False when it has left that status.

    `code` becomes FailureCode, `reason` FailureReason (docs/batch-operations.md, State of a job);
    the finisher writes the report, if any task ran, and turns Failing to Failed.
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
            failure_file=file[:1024],
        )
        if moved:
            queueing.call_control()
    return moved


def pause(
    job_id: str,
    *,
    cause: PauseCause,
    now: datetime,
    actor: User | None = None,
    reason: str = "",
    where: models.Q | None = None,
) -> bool:
    """Start nothing new of an Active job: Pausing now, Paused once its last chunk is handed back.

    One that is pausing or paused already takes the stronger cause. False when neither applies, or
    `where` does not.
    """
    why: dict[str, Any] = {"paused_cause": cause, "paused_reason": reason[:2048]}
    with transaction.atomic():
        if move(job_id, S.PAUSING, now=now, actor=actor, reason=reason, where=where, **why):
            # After the commit: who claims a chunk from then on sees the status and lets it go.
            _later(lambda: end_pausing(job_id, now=now))
            return True
        weaker = ("", *_BY_STRENGTH[: _BY_STRENGTH.index(cause)])
        held = Job.objects.filter(where or models.Q(), pk=job_id, paused_cause__in=weaker)
        if not held.filter(status__in=PAUSES).update(**why):
            return False
        JobEvent.objects.create(
            job_id=job_id, at=now, kind=JobEvent.Kind.HELD, actor=actor, after=reason or cause.label
        )
        return True


def end_pausing(job_id: str, *, now: datetime) -> bool:
    """The last chunk in hand of a pausing job was given back; False when there are others, and when
    it was the last of the job: that one completes.
    """
    in_hand = Chunk.objects.filter(job=job_id, state=ChunkState.RUNNING)
    all_done = models.Q(total_tasks=models.F("tasks_succeeded") + models.F("tasks_failed"))
    idle = models.Q(~models.Exists(in_hand)) & ~all_done
    return move(job_id, S.PAUSED, now=now, only_from={S.PAUSING}, where=idle)


def resume(job_id: str, *, now: datetime, actor: User | None = None) -> bool:
    """Let a paused job be Active again; False unless its cause is one that goes away by itself."""
    with transaction.atomic():
        free = models.Q(paused_cause__in=precedence.STANDS_BACK)
        moved = move(job_id, S.ACTIVE, now=now, only_from={S.PAUSED}, actor=actor, where=free)
        if moved:
            queueing.call_runners()
    return moved


def take_turns(region_id: int, *, now: datetime) -> bool:
    """Pause the jobs of a Region that have to stand back for one of higher priority, and let those
    be Active that have not any more (docs/batch-operations.md, Priority). True when one of these
    may run now.

    Each job in a transaction of its own: two who do this at once then do not wait for each other.
    """
    turns = precedence.turns_in(region_id)
    resumed = [job_id for job_id in turns.go_on if resume(job_id, now=now)]
    for job_id in turns.stand_back:
        pause(job_id, cause=PauseCause.PRIORITY, now=now, reason=turns.reason)
    return bool(resumed)


def take_turns_later(job_id: str, now: datetime) -> None:
    """To be called when something changed by which jobs of this one's Region stand back."""

    def take() -> None:
        for region_id in Job.objects.filter(pk=job_id).values_list("region_id", flat=True):
            take_turns(region_id, now=now)

    _later(take)


def _later(what: Callable[[], object]) -> None:
    """Once this transaction commits; the sweep repeats what goes wrong there."""
    transaction.on_commit(what, robust=True)


def locked_job(job_id: str) -> Job:
    """As `get_job`, locked until the end of the transaction, where the database can."""
    jobs = Job.objects.select_for_update(of=("self",), no_key=True).select_related("region")
    for job in jobs.filter(pk=job_id):
        return job
    raise NoSuchJobError


def get_job(job_id: str) -> Job:
    """Raises NoSuchJobError."""
    try:
        return Job.objects.select_related("region", "role", "confirmed_by").get(pk=job_id)
    except Job.DoesNotExist as error:
        raise NoSuchJobError from error
