"""One action over many jobs (docs/pages.md, Bulk actions).

Which jobs it is about is kept when they are counted, so that nothing is done to one that nobody saw. Each is
done in a transaction of its own, which notes that it was: a kill loses nothing and repeats nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from jobs.errors import (
    AccessDeniedError,
    BatchConsoleError,
    JobStatusError,
    NoSuchJobError,
    ValidationFailedError,
)
from jobs.models import BulkAction, BulkItem

MOST_JOBS = 10_000
"""Of one action: so many are counted within a few seconds."""

AT_ONCE = 500
"""Jobs that one request does at most."""

KEPT = timedelta(days=30)
REFUSALS = (JobStatusError, AccessDeniedError, ValidationFailedError, NoSuchJobError)
State = BulkItem.State
_LOOK = 50


def make(
    owner: User, act: str, query: str, found: Iterable[tuple[str, str]], *, now: datetime
) -> BulkAction:
    """`found` are IDs of jobs, in the order in which they will be done, each with why it cannot be: a
    sentence, empty where it can.
    """
    with transaction.atomic():
        bulk = BulkAction.objects.create(owner=owner, act=act, query=query[:2048], created_at=now)
        BulkItem.objects.bulk_create(
            (
                BulkItem(
                    bulk=bulk,
                    job_id=job_id,
                    state=State.UNFIT if why else State.WAITING,
                    why=why[:1024],
                )
                for job_id, why in found
            ),
            batch_size=_LOOK * 10,
        )
    return bulk


def confirm(bulk: BulkAction, settings: dict[str, Any], *, now: datetime) -> bool:
    """A person wants it, with these values; False where it was confirmed already."""
    unconfirmed = BulkAction.objects.filter(pk=bulk.pk, confirmed_at=None)
    return bool(unconfirmed.update(confirmed_at=now, settings=settings))


def do_some(
    bulk: BulkAction,
    command: Callable[[str], object],
    refused: Callable[[str, BatchConsoleError], str],
    *,
    is_time: Callable[[], bool],
) -> int:
    """Do the next jobs, AT_ONCE at most and while `is_time`; how many were looked at.

    `command` gets a job's ID and raises one of REFUSALS; `refused` gets both and makes the sentence that is
    kept, outside what is rolled back. Two who do this at once share the jobs.
    """
    seen = 0
    while seen < AT_ONCE and is_time():
        waiting = bulk.items.filter(state=State.WAITING)
        keys = list(waiting.values_list("pk", "job_id")[: min(_LOOK, AT_ONCE - seen)])
        if not keys:
            break
        for item_id, job_id in keys:
            if not is_time():
                break
            _do(item_id, job_id, command, refused)
            seen += 1
    return seen


def _do(
    item_id: int,
    job_id: str,
    command: Callable[[str], object],
    refused: Callable[[str, BatchConsoleError], str],
) -> None:
    item = BulkItem.objects.filter(pk=item_id)
    with transaction.atomic():
        # First, and so locked: somebody else who comes to it now waits, and finds it done.
        if not item.filter(state=State.WAITING).update(state=State.DONE):
            return
        try:
            with transaction.atomic():
                command(job_id)
        except REFUSALS as error:
            item.update(state=State.REFUSED, why=refused(job_id, error)[:1024])
