"""What every page of the console shows around its subject."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from jobs import queueing
from jobs.access.actions import Action
from jobs.choices import JobStatus
from jobs.console.access import can
from jobs.errors import QueueUnavailableError
from jobs.models import Draft, Job
from jobs.queries.words import counted
from jobs.queries.workers import NEEDED_BY, heard
from jobs.queueing import Seen

FRESH_S = 2.0
FRESH_WHEN_DOWN_S = 10.0
"""A Redis that does not answer may cost a second each time it is asked."""

REDIS_DOWN = (
    "Redis does not answer. Workers are not reachable, so jobs wait; what they have done is kept."
)


@dataclass(frozen=True, slots=True)
class Banner:
    """`text` is a sentence, empty when all is well; `seen` are the workers by which it was decided,
    None where Redis does not answer. `url` leads to more.
    """

    text: str = ""
    seen: Sequence[Seen] | None = None

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def url(self) -> str:
        return reverse("worker-list")

    @property
    def link(self) -> str:
        return "Worker health"


class BannerCache:
    """The banner of this process, looked up at most every two seconds however many pages ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._banner = Banner()
        self._fresh_until_s = 0.0

    def get(self) -> Banner:
        # One thread looks, the others take what stands there: none waits for Redis twice.
        if time.monotonic() >= self._fresh_until_s and self._lock.acquire(blocking=False):
            try:
                self._banner, fresh_s = look()
                self._fresh_until_s = time.monotonic() + fresh_s
            finally:
                self._lock.release()
        return self._banner


def look() -> tuple[Banner, float]:
    """The banner as of now, and for how many seconds it will do."""
    try:
        seen = queueing.workers_seen()
    except QueueUnavailableError:
        return Banner(REDIS_DOWN), FRESH_WHEN_DOWN_S
    without: frozenset[JobStatus] = frozenset().union(
        *(needs for queue, needs in NEEDED_BY.items() if not heard(seen, queue))
    )
    waiting = Job.objects.going().filter(status__in=without).count() if without else 0
    if not waiting:
        return Banner("", seen), FRESH_S
    verb = "waits" if waiting == 1 else "wait"
    return Banner(f"No worker is running. {counted(waiting, 'job')} {verb}.", seen), FRESH_S


banner_cache = BannerCache()


def console(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Looked up only where a template prints it."""

    def drafts() -> int:
        if not request.user.is_authenticated:
            return 0
        return Draft.objects.filter(owner=request.user, job=None).count()

    return {
        "banner": SimpleLazyObject(banner_cache.get),
        "can_create_jobs": SimpleLazyObject(lambda: can(request, Action.CREATE_JOB)),
        "can_list_jobs": SimpleLazyObject(lambda: can(request, Action.LIST_JOBS)),
        "can_see_jobs": SimpleLazyObject(lambda: can(request, Action.DESCRIBE_JOB)),
        "can_manage_regions": SimpleLazyObject(lambda: can(request, Action.MANAGE_REGIONS)),
        "can_manage_access": SimpleLazyObject(lambda: can(request, Action.MANAGE_ACCESS)),
        "can_view_audit": SimpleLazyObject(lambda: can(request, Action.VIEW_AUDIT)),
        "draft_count": SimpleLazyObject(drafts),
    }
