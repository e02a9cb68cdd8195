"""One short transaction for finished chunks: what was done, everything counted from it, and the
chunks that come next.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.backends.utils import CursorWrapper

from jobs.engine import claims, settlements, statements
from jobs.engine.claims import Claim, Proof
from jobs.engine.settlements import Hold, Postponed, Settlement
from jobs.engine.statements import Standing
from jobs.engine.threshold import judge
from jobs.errors import LeaseLostError
from jobs.manifests.rows import Row
from jobs.models import FailureSample, Job, RateSample
from jobs.operations.base import Outcome


@dataclass(frozen=True, slots=True)
class TaskResult:
    """`index` counts within the chunk, from 0."""

    index: int
    row: Row
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Finished:
    """`done` are the rows of a chunk that were run, as indices within it, ascending; `failed` those
    of them that failed; `result_name` is where their report rows lie. Of the other rows `begun` may
    have been tried; those of `hold` are on their way and stay in hand, those of `postponed`
    wait. Without any of these something is done. `foreseen` counts the tasks of a dry run by their kind,
    `by_bucket` those that succeeded and failed where the list has several buckets.
    """

    claim: Claim
    done: Sequence[int]
    failed: Sequence[TaskResult]
    result_name: str
    begun: frozenset[int] = frozenset()
    hold: Hold | None = None
    postponed: Postponed | None = None
    foreseen: Mapping[str, int] = field(default_factory=dict)
    by_bucket: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """Up to `limit` chunks of a job are wanted; `if_alone`: only while no other job may run."""

    job: Job
    limit: int
    owner: str
    lease_s: float
    if_alone: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """`lost` are claims that other workers have now: of these nothing was recorded. `claimed` are
    the chunks that were wished for, None when none were looked for. `alone`: no other job than the
    wished one may run, and it waits for nothing. `kept` are the claims of rows that stay in hand,
    by the proof of the chunk that they were of.
    """

    lost: list[Claim]
    claimed: list[Claim] | None = None
    alone: bool = False
    kept: dict[Proof, list[Claim]] = field(default_factory=dict)


def record_and_claim(finished: Sequence[Finished], wish: Wish | None, *, now: datetime) -> Recorded:
    """Make what was done final, and claim the next chunks of a job of which something was recorded.

    With one commit for both; and since the job's row is held from its counting on, the claim needs
    no second look at its status. None are claimed of a job that is paused or failed by what is
    recorded here, or was ended by somebody else before.
    """
    with transaction.atomic(), statements.cursor() as cursor:
        settled = settlements.settle(cursor, [_settlement(chunk) for chunk in finished])
        ours = [chunk for chunk in finished if chunk.claim.proof in settled.proofs]
        # Sorted, so that two workers that record at once take the row locks in the same order.
        standings = {
            job_id: _count(cursor, job_id, [one for one in ours if one.claim.job_id == job_id], now)
            for job_id in sorted({chunk.claim.job_id for chunk in ours})
        }
        lost = [chunk.claim for chunk in finished if chunk.claim.proof not in settled.proofs]
        # Last, when all rows are locked for which somebody else may wait: claims wait for none.
        return _with_claims(cursor, Recorded(lost, kept=settled.kept), wish, standings)


def _with_claims(
    cursor: CursorWrapper, recorded: Recorded, wish: Wish | None, standings: dict[str, Standing]
) -> Recorded:
    if wish is None or wish.job.pk not in standings:
        return recorded
    alone = standings[wish.job.pk].alone
    if wish.if_alone and not alone:
        return recorded
    claimed = claims.claim_of_locked(
        cursor, wish.job.pk, wish.limit, owner=wish.owner, lease_s=wish.lease_s
    )
    return Recorded(recorded.lost, claimed, alone, recorded.kept)


def record_all(finished: Sequence[Finished], *, now: datetime) -> list[Claim]:
    """As `record_and_claim`, without claims; returns the claims that were lost."""
    return record_and_claim(finished, None, now=now).lost


def record(claim: Claim, results: Sequence[TaskResult], *, result_name: str, now: datetime) -> None:
    """As `record_all`, for one chunk. Raises LeaseLostError, and then nothing was recorded."""
    failed = [result for result in results if not result.outcome.succeeded]
    done = [result.index for result in results]
    if record_all([Finished(claim, done, failed, result_name)], now=now):
        raise LeaseLostError


def _settlement(chunk: Finished) -> Settlement:
    failed = len(chunk.failed)
    succeeded = len(chunk.done) - failed
    return Settlement(
        chunk.claim,
        chunk.done,
        succeeded,
        failed,
        chunk.result_name,
        begun=chunk.begun,
        hold=chunk.hold,
        postponed=chunk.postponed,
    )


def _count(
    cursor: CursorWrapper, job_id: str, chunks: Sequence[Finished], now: datetime
) -> Standing:
    failed = sum(len(chunk.failed) for chunk in chunks)
    succeeded = sum(len(chunk.done) for chunk in chunks) - failed
    standing = statements.add_to_job(cursor, job_id, succeeded, failed)
    if not succeeded + failed:
        return standing
    at_s = int(now.timestamp()) // RateSample.WIDTH_S * RateSample.WIDTH_S
    statements.add_to_rate(cursor, job_id, at_s, succeeded, failed)
    if failed:
        _count_causes(cursor, job_id, (result for chunk in chunks for result in chunk.failed))
        _keep_samples(job_id, chunks, now)
    if any(chunk.foreseen for chunk in chunks):
        _count_foreseen(cursor, job_id, chunks)
    if any(chunk.by_bucket for chunk in chunks):
        _count_buckets(cursor, job_id, chunks)
    if standing.doubtful:
        judge(job_id, now)
    return standing


def _count_causes(cursor: CursorWrapper, job_id: str, failed: Iterable[TaskResult]) -> None:
    causes = Counter(_cause(result) for result in failed)
    # In an order that all workers keep, as above.
    statements.add_to_causes(cursor, [(job_id, *cause, n) for cause, n in sorted(causes.items())])


def _count_foreseen(cursor: CursorWrapper, job_id: str, chunks: Sequence[Finished]) -> None:
    kinds = sum((Counter(chunk.foreseen) for chunk in chunks), Counter())
    rows = [(job_id, kind, tasks) for kind, tasks in sorted(kinds.items())]
    statements.add_to_foreseen(cursor, rows)


def _count_buckets(cursor: CursorWrapper, job_id: str, chunks: Sequence[Finished]) -> None:
    succeeded, failed = Counter[str](), Counter[str]()
    for chunk in chunks:
        for name, (good, bad) in chunk.by_bucket.items():
            succeeded[name] += good
            failed[name] += bad
    rows = [(job_id, name, succeeded[name], failed[name]) for name in sorted(succeeded)]
    statements.add_to_buckets(cursor, rows)


def _cause(result: TaskResult) -> tuple[str, int]:
    return result.outcome.code[:128], result.outcome.http_status


def _keep_samples(job_id: str, chunks: Sequence[Finished], now: datetime) -> None:
    kept = Counter(FailureSample.objects.filter(job_id=job_id).values_list("code", "http_status"))
    samples = []
    for chunk in chunks:
        for result in chunk.failed:
            cause = _cause(result)
            if kept[cause] < FailureSample.PER_CAUSE:
                kept[cause] += 1
                samples.append(_sample(chunk.claim, result, now))
    if samples:
        FailureSample.objects.bulk_create(samples)


def _sample(claim: Claim, result: TaskResult, now: datetime) -> FailureSample:
    row, outcome = result.row, result.outcome
    return FailureSample(
        job_id=claim.job_id,
        code=outcome.code[:128],
        http_status=outcome.http_status,
        bucket=row.bucket,
        raw_key=row.raw_key,
        version_id=row.version_id or "",
        message=outcome.message[:1024],
        line=claim.position + result.index + 1,
        failed_at=now,
    )
