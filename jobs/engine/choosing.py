"""Which job a worker serves next.

Regions first, the one with the fewest chunks in hand before the others, so that a slow storage
never takes the workers of another. Priorities compare within a Region (docs/batch-operations.md,
Priority). Of jobs of equal priority the one with the fewest chunks in hand, then the one that was
served longest ago, so that a small job does not wait for a large one to end; age decides who
begins.
"""

import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from jobs.choices import JobStatus
from jobs.engine import database
from jobs.lifecycle import commands, precedence
from jobs.models import Job

JOBS_LOOKED_AT = 20
CHOICE_S = 0.1
"""For how long the best jobs stay the best ones: about as long as a chunk takes."""

# A job without an answer from its storage is tried with one chunk: others get the workers. Rows of
# one block that are chunks of their own, since they are slow, count as the chunk that they were.
_CHOICE = """
WITH moving AS (
  SELECT id, region_id, served_s,
         (SELECT count(DISTINCT owner || segment || "offset") FROM jobs_chunk
           WHERE job_id = jobs_job.id AND state = 'Running' AND lease_expires_s >= {now}) AS in_hand
    FROM jobs_job
   WHERE terminated_at IS NULL
     AND status IN ('Ready', 'Active', 'Pausing', 'Cancelling', 'Failing')),
region AS (
  SELECT region_id, sum(in_hand) AS in_hand, max(served_s) AS served_s
    FROM moving GROUP BY region_id)
SELECT job.*,
       row_number() OVER (
         PARTITION BY job.region_id
         ORDER BY job.priority DESC, moving.in_hand, job.served_s, job.created_at, job.id) AS turn
  FROM jobs_job AS job
  JOIN moving ON moving.id = job.id
  JOIN region ON region.region_id = job.region_id
 WHERE job.status IN ('Ready', 'Active')
   AND job.waiting_until_s <= {now}
   AND (job.waiting_for = '' OR moving.in_hand = 0)
   AND (EXISTS (SELECT 1 FROM jobs_chunk
                 WHERE job_id = job.id AND state = 'Pending'
                   AND (job.canary_settled OR job.canary_tasks = 0 OR position < job.canary_tasks))
     OR EXISTS (SELECT 1 FROM jobs_chunk
                 WHERE job_id = job.id AND state = 'Running' AND lease_expires_s < {now}))
 ORDER BY turn, region.in_hand, region.served_s, job.region_id
 LIMIT {limit}
"""


class Best:
    """The choice of one worker, kept for a moment while chunk after chunk is claimed."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._jobs: list[Job] = []
        self._chosen_s = -math.inf

    @property
    def first(self) -> Job | None:
        return self._jobs[0] if self._jobs else None

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self._chosen_s >= CHOICE_S

    def renew_if_old(self) -> bool:
        """Whether it was."""
        old = self.is_old
        if old:
            self.renew()
        return old

    def renew(self) -> None:
        self._jobs = choose(now=self._clock())
        self._chosen_s = time.monotonic()

    def hold(self) -> None:
        """It was just seen that no job but the first one may run."""
        self._jobs = self._jobs[:1]
        self._chosen_s = time.monotonic()

    def prefer(self, free_of: Callable[[Job | None], int]) -> int:
        """The best job of which chunks may be begun here comes first: one whose Region has all that it
        may have is no reason for the others to wait. Returns how many; without a job, of any.
        """
        seen: set[int] = set()
        for place, job in enumerate(self._jobs):
            # Of one Region the first is the best: no other of it goes before.
            if job.region_id not in seen and (free := free_of(job)):
                self._jobs.insert(0, self._jobs.pop(place))
                return free
            seen.add(job.region_id)
        return 0 if self._jobs else free_of(None)

    def share(self, free: int) -> int:
        """Of `free` chunks that may be begun, how many are the first job's."""
        first, *others = self._jobs
        is_shared = bool(others) and behind_its_equals(self._jobs)[0] is not first
        return 1 if first.waiting_for or is_shared else free

    def serve(self, free: int) -> int:
        """As `share`; the turn is the next job's then, if there are equals. One that waited for
        its storage tries one chunk.
        """
        share = self.share(free)
        if self._jobs[0].waiting_for:
            self._jobs = self._jobs[1:]
        else:
            self._jobs = behind_its_equals(self._jobs)
        return share

    def pass_over(self, job: Job) -> None:
        """Until the next choice."""
        self._jobs = [other for other in self._jobs if other.pk != job.pk]

    def forget(self) -> None:
        """The next choice is a new one."""
        self._jobs = []


def choose(*, now: datetime) -> list[Job]:
    """Jobs with a chunk to claim, best first: the best of each Region, then the second best.

    One statement, and two more to note whose turn it was when there was a choice. A worker
    that finds nothing brings back what stands back for nobody any more.
    """
    found = jobs_with_work()
    if not found and _bring_back(now):
        found = jobs_with_work()
    if found and behind_its_equals(found)[0] is not found[0]:
        # Later than all others, also where two turns fall into one tick of the clock.
        latest_s = max(job.served_s for job in found) + 0.001
        served_s = max(latest_s, database.now_s())
        Job.objects.filter(pk=found[0].pk).update(served_s=served_s)
    return found


def behind_its_equals(jobs: Sequence[Job]) -> list[Job]:
    """`jobs` as `choose` returned them, after the first was served once: it comes behind those of
    other Regions and of its own priority, in front of lower ones of its Region.
    """
    first, *others = jobs
    lower = (
        place
        for place, other in enumerate(others)
        if other.region_id == first.region_id and other.priority < first.priority
    )
    place = next(lower, len(others))
    return [*others[:place], first, *others[place:]]


def jobs_with_work(most: int = JOBS_LOOKED_AT) -> list[Job]:
    """As `choose`, for who only looks."""
    sql = _CHOICE.format(now=database.now_sql(), limit=most)
    return list(Job.objects.raw(sql))


def is_work_left() -> bool:
    return bool(jobs_with_work(most=1))


def _bring_back(now: datetime) -> bool:
    paused = (
        Job.objects.going()
        .filter(status=JobStatus.PAUSED, paused_cause__in=precedence.STANDS_BACK)
        .order_by()
    )
    regions = paused.values_list("region_id", flat=True).distinct()
    resumed = [commands.take_turns(region_id, now=now) for region_id in regions]
    return any(resumed)
