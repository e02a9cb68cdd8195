"""One short transaction for finished chunks: what was done, and everything counted from it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jobs.engine import claims, statements
from jobs.engine.claims import Claim, Settlement
from jobs.engine.judging import judge
from jobs.errors import LeaseLostError
from jobs.manifests.rows import Row
from jobs.models import FailureSample, RateSample
from jobs.operations.base import Outcome


@dataclass(frozen=True, slots=True)
class TaskResult:
    """`index` counts within the chunk, from 0."""

    index: int
    row: Row
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Finished:
    """`done` are the rows of a chunk that were run, as indices within it, ascending and not empty;
    `failed` those of them that failed; `result_name` is where their report rows lie.
    """

    claim: Claim
    done: Sequence[int]
    failed: Sequence[TaskResult]
    result_name: str


def record_all(finished: Sequence[Finished], *, now: datetime) -> list[Claim]:
    """Make what was done final. Returns the claims that were lost to other workers: of these
    nothing was recorded.
    """
    with transaction.atomic():
        held = claims.settle([_settlement(chunk) for chunk in finished])
        ours = [chunk for chunk in finished if chunk.claim.proof in held]
        # Sorted, so that two workers that record at once take the row locks in the same order.
        for job_id in sorted({chunk.claim.job_id for chunk in ours}):
            _count(job_id, [chunk for chunk in ours if chunk.claim.job_id == job_id], now)
    return [chunk.claim for chunk in finished if chunk.claim.proof not in held]


def record(claim: Claim, results: Sequence[TaskResult], *, result_name: str, now: datetime) -> None:
    """As `record_all`, for one chunk. Raises LeaseLostError, and then nothing was recorded."""
    failed = [result for result in results if not result.outcome.succeeded]
    done = [result.index for result in results]
    if record_all([Finished(claim, done, failed, result_name)], now=now):
        raise LeaseLostError


def _settlement(chunk: Finished) -> Settlement:
    failed = len(chunk.failed)
    succeeded = len(chunk.done) - failed
    return Settlement(chunk.claim, chunk.done, succeeded, failed, chunk.result_name)


def _count(job_id: str, chunks: Sequence[Finished], now: datetime) -> None:
    failed = sum(len(chunk.failed) for chunk in chunks)
    succeeded = sum(len(chunk.done) for chunk in chunks) - failed
    doubtful = statements.add_to_job(job_id, succeeded, failed)
    at_s = int(now.timestamp()) // RateSample.WIDTH_S * RateSample.WIDTH_S
    statements.add_to_rate(job_id, at_s, succeeded, failed)
    if failed:
        _count_causes(job_id, (result for chunk in chunks for result in chunk.failed))
        _keep_samples(job_id, chunks, now)
    if doubtful:
        judge(job_id, now)


def _count_causes(job_id: str, failed: Iterable[TaskResult]) -> None:
    causes = Counter(_cause(result) for result in failed)
    # In an order that all workers keep, as above.
    statements.add_to_causes([(job_id, *cause, n) for cause, n in sorted(causes.items())])


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
