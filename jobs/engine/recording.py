"""One short transaction per chunk: what was done, and everything that is counted from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from jobs.engine import claims
from jobs.engine.claims import Claim
from jobs.engine.judging import judge
from jobs.manifests.rows import Row
from jobs.models import FailureSample, Job, RateSample
from jobs.operations.base import Outcome


@dataclass(frozen=True, slots=True)
class TaskResult:
    """`index` counts within the chunk, from 0."""

    index: int
    row: Row
    outcome: Outcome


def record(claim: Claim, results: Sequence[TaskResult], *, result_name: str, now: datetime) -> None:
    """Make what was done final. Raises LeaseLostError, and then nothing was recorded."""
    failed = [result for result in results if not result.outcome.succeeded]
    succeeded = len(results) - len(failed)
    with transaction.atomic():
        claims.settle(
            claim,
            done=[result.index for result in results],
            succeeded=succeeded,
            failed=len(failed),
            result=result_name,
        )
        Job.objects.filter(pk=claim.job_id).update(
            tasks_succeeded=F("tasks_succeeded") + succeeded,
            tasks_failed=F("tasks_failed") + len(failed),
        )
        _count_rate(claim.job_id, succeeded, len(failed), now)
        if failed:
            _count_causes(claim.job_id, failed)
            _keep_samples(claim, failed, now)
        judge(claim.job_id, now)


def _count_rate(job_id: str, succeeded: int, failed: int, now: datetime) -> None:
    at_s = int(now.timestamp()) // RateSample.WIDTH_S * RateSample.WIDTH_S
    _run(_RATE_SQL, [(job_id, at_s, succeeded, failed)])


def _count_causes(job_id: str, failed: Sequence[TaskResult]) -> None:
    causes = Counter(_cause(result) for result in failed)
    # Sorted, so that two workers that record at once take the row locks in the same order.
    _run(_CAUSE_SQL, [(job_id, *cause, tasks) for cause, tasks in sorted(causes.items())])


def _cause(result: TaskResult) -> tuple[str, int]:
    return result.outcome.code[:128], result.outcome.http_status


def _run(sql: str, rows: list[tuple[str | int, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


_RATE_SQL = """
INSERT INTO jobs_ratesample (job_id, at_s, succeeded, failed) VALUES (%s, %s, %s, %s)
ON CONFLICT (job_id, at_s) DO UPDATE
   SET succeeded = jobs_ratesample.succeeded + excluded.succeeded,
       failed = jobs_ratesample.failed + excluded.failed
"""

_CAUSE_SQL = """
INSERT INTO jobs_failurecause (job_id, code, http_status, tasks) VALUES (%s, %s, %s, %s)
ON CONFLICT (job_id, code, http_status) DO UPDATE
   SET tasks = jobs_failurecause.tasks + excluded.tasks
"""


def _keep_samples(claim: Claim, failed: Sequence[TaskResult], now: datetime) -> None:
    kept = Counter(
        FailureSample.objects.filter(job_id=claim.job_id).values_list("code", "http_status")
    )
    samples = []
    for result in failed:
        cause = _cause(result)
        if kept[cause] < FailureSample.PER_CAUSE:
            kept[cause] += 1
            samples.append(_sample(claim, result, now))
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
