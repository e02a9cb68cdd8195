"""What has become of the failed objects of a job: each has one final state, over all retries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs.choices import TERMINAL
from jobs.models import Job
from jobs.queries.words import counted
from jobs.spec.retry_list import list_name, name_of, overlap

MAX_DEPTH = 20
"""Retries of retries of retries are followed so far down."""


@dataclass(frozen=True, slots=True)
class Retry:
    """`code` is what it was narrowed to; empty when it runs all failed objects."""

    job: Job
    code: str


@dataclass(frozen=True, slots=True)
class Retries:
    """Of the job's failed objects, `succeeded` did so in a retry or in one of its own retries,
    `still_failed` failed there again; what is `left` of them was not run again, or not yet.
    """

    retries: Sequence[Retry]
    failed: int
    succeeded: int
    still_failed: int

    @property
    def left(self) -> int:
        return max(0, self.failed - self.succeeded - self.still_failed)

    @property
    def moves(self) -> bool:
        return any(retry.job.status not in TERMINAL for retry in self.retries)

    @property
    def sentence(self) -> str:
        """Empty while nothing was retried."""
        if not self.retries:
            return ""
        parts = [f"{self.succeeded:,} succeeded in a retry"]
        if self.still_failed:
            parts.append(f"{self.still_failed:,} still {_verb(self.still_failed)}")
        if self.left:
            parts.append(f"{self.left:,} {'was' if self.left == 1 else 'were'} not run again")
        last = f" and {parts.pop()}" if len(parts) > 1 else ""
        return f"Of {counted(self.failed, 'failed object')}, {', '.join(parts)}{last}."


def _verb(number: int) -> str:
    return "fails" if number == 1 else "fail"


def retries_of(job: Job) -> Retries:
    """From the jobs' counters alone: a query for the causes, and one per generation of retries."""
    children = _descendants(job)
    codes = job.failure_causes.values_list("code", flat=True) if children else []
    names = {list_name(job.pk, code): code for code in codes}
    own = children.get(job.pk, [])
    succeeded, still_failed = _states(job, children)
    return Retries(
        retries=[Retry(one, names.get(name_of(one.manifest), "")) for one in own],
        failed=job.tasks_failed,
        succeeded=succeeded,
        still_failed=still_failed,
    )


def _descendants(job: Job) -> Mapping[str, list[Job]]:
    """Retries by the job that they retry, newest first."""
    children: dict[str, list[Job]] = defaultdict(list)
    parents = [job.pk]
    for _ in range(MAX_DEPTH):
        found = list(Job.objects.filter(retry_of__in=parents).order_by("-created_at"))
        for child in found:
            children[str(child.retry_of_id)].append(child)
        parents = [child.pk for child in found]
        if not parents:
            break
    return children


def _states(job: Job, children: Mapping[str, list[Job]]) -> tuple[int, int]:
    """How many of a job's failed objects succeeded later, and how many failed again."""
    succeeded = still_failed = 0
    for retry in _counting(job, children.get(job.pk, [])):
        later, _ = _states(retry, children)
        succeeded += retry.tasks_succeeded + later
        still_failed += retry.tasks_failed - later
    return succeeded, still_failed


def _counting(job: Job, retries: Sequence[Job]) -> list[Job]:
    """Those whose objects no newer one runs again, as may happen after one that gave up."""
    kept: list[Job] = []
    for retry in retries:
        name = name_of(retry.manifest)
        if not any(overlap(job.pk, name, name_of(newer.manifest)) for newer in kept):
            kept.append(retry)
    return kept
