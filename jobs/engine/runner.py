"""What a runner does: claim the best chunk, run it, record it, and again until its time is up."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import Error as DatabaseProblem

from jobs import conf, queueing
from jobs.choices import FINISHING, JobStatus
from jobs.engine import choosing, claims, recording
from jobs.engine.claims import Claim
from jobs.engine.control_lease import owner_name
from jobs.engine.database_clock import now_s
from jobs.engine.executor import Batch, Executor, Limits
from jobs.engine.keeping import kept
from jobs.engine.performer import Performer
from jobs.engine.recording import TaskResult
from jobs.errors import LeaseLostError, StorageError, WorkStoreError, unexpected
from jobs.lifecycle import commands
from jobs.manifests.rows import Row, parse_row
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.base import Outcome
from jobs.reports.rows import report_row
from jobs.s3.calls import Answer
from jobs.spec.target import Target
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RETRY_STORAGE_S = 10.0
MISSING_VERSION = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
"""Reference 3.1: an empty version ID fails that task alone."""


def run_chunks(*, work: WorkStore, clock: Clock, stop: threading.Event) -> int:
    """Run chunks for one time box; returns how many were worked on.

    Hands itself back to the queue when its time is up and chunks still wait.
    """
    runner = _Runner(work, clock, stop)
    until_s = time.monotonic() + conf.time_box_s()
    while not stop.is_set() and time.monotonic() < until_s:
        if not runner.run_one():
            return runner.chunks_run
    if choosing.jobs_with_work():
        queueing.call("run_chunks")
    return runner.chunks_run


class _Runner:
    """Keeps what is costly between the chunks of a job: clients and the parsed operation."""

    def __init__(self, work: WorkStore, clock: Clock, stop: threading.Event) -> None:
        self._work = work
        self._clock = clock
        self._stop = stop
        self._performers: dict[str, Performer] = {}
        self.chunks_run = 0

    def run_one(self) -> bool:
        """Claim and run the best chunk there is; False when there is none."""
        for job in choosing.jobs_with_work():
            if job.status == JobStatus.READY and not commands.move(
                job.pk,
                JobStatus.ACTIVE,
                now=self._clock(),
                only_from={JobStatus.READY},
                started_at=job.started_at or self._clock(),
            ):
                continue
            claim = claims.claim_chunk(job.pk, owner=owner_name(), lease_s=conf.lease_s())
            if claim:
                self.chunks_run += 1
                self._run_claim(job, claim)
                return True
        return False

    def _run_claim(self, job: Job, claim: Claim) -> None:
        # Read after the claim: whoever ends the job looks for claims after setting its status.
        if Job.objects.filter(pk=job.pk, status=JobStatus.ACTIVE).exists():
            self._try(job, claim)
        else:
            claims.release(claim)
        close_if_ended(job.pk, now=self._clock())

    def _try(self, job: Job, claim: Claim) -> None:
        try:
            self._execute(job, claim)
        except LeaseLostError:
            logger.warning("job %s, %s: another worker took it over", job.pk, claim)
            # If the job has ended meanwhile, what was put for it now lies in an emptied folder.
            queueing.call("finish_job", job.pk)
        except StorageError as error:
            self._hand_back(job, claim, error.message)
        except WorkStoreError as error:
            self._hand_back(job, claim, f"The work storage does not work: {error.message}")
        except DatabaseProblem:
            raise  # the chunk is free again when its lease ends
        except Exception as error:
            # A worker that dies of it would die of the next chunk, too, and say nothing.
            logger.exception("job %s, %s", job.pk, claim)
            self._hand_back(job, claim, unexpected(error))

    def _hand_back(self, job: Job, claim: Claim, sentence: str) -> None:
        claims.release(claim)
        self._wait(job, sentence)

    def _wait(self, job: Job, sentence: str) -> None:
        commands.wait_for(
            job.pk,
            sentence,
            until_s=now_s() + RETRY_STORAGE_S,
            now=self._clock(),
            only_in={JobStatus.ACTIVE},
        )

    def _execute(self, job: Job, claim: Claim) -> None:
        rows = self._rows(job, claim)
        performer = self._performer(job, rows)
        operation = registry.get(job.operation).parse(job.parameters)
        with _kept(claim, self._stop) as stop:
            executor = Executor(
                operation,
                performer.perform,
                performer.endpoint_of,
                _limits(),
                stop,
            )
            batch = executor.run([_target(row) for row in rows])
            self._record(job, claim, rows, batch)

    def _rows(self, job: Job, claim: Claim) -> list[Row]:
        block = self._work.read_range(claim.segment, claim.offset, claim.length)
        lines = segments.unpack(block)[claim.skip : claim.skip + claim.rows]
        if len(lines) != claim.rows:
            raise segments.damaged()
        fields = job.manifest.fields
        return [
            parse_row(line, fields, line_number=claim.position + index + 1)
            for index, line in enumerate(lines)
        ]

    def _performer(self, job: Job, rows: Sequence[Row]) -> Performer:
        if job.pk not in self._performers:
            self._performers[job.pk] = Performer(job, max_connections=conf.in_flight())
        performer = self._performers[job.pk]
        operation = registry.get(job.operation).parse(job.parameters)
        for bucket in {row.bucket for row in rows} | set(operation.target_buckets()):
            performer.connect(bucket)
        return performer

    def _record(self, job: Job, claim: Claim, rows: Sequence[Row], batch: Batch) -> None:
        done = [
            TaskResult(index, row, outcome)
            for index, (row, outcome) in enumerate(zip(rows, batch.outcomes, strict=True))
            if outcome is not None
        ]
        now = self._clock()
        if done:
            # Not by position: after a split two chunks begin there in turn, with equal fences.
            name = f"{claim.job_id}/results/{claim.chunk_id:012d}-{claim.fence}.bin"
            self._work.put(name, _encode(done))
            recording.record(claim, done, result_name=name, now=now)
        else:
            claims.release(claim)
        if batch.outage:
            self._wait(job, _silence(job, batch.outage))
        elif job.waiting_for and done:
            commands.stop_waiting(job.pk, now=now)
        if batch.fatal:
            _fail_for(job, batch.fatal, now)


def close_if_ended(job_id: str, *, now: datetime) -> None:
    """Move a job on when its last chunk is done, and call the finisher."""
    if not claims.has_unfinished(job_id):
        commands.move(job_id, JobStatus.COMPLETING, now=now, only_from={JobStatus.ACTIVE})
    if Job.objects.filter(pk=job_id, status__in=FINISHING).exists():
        queueing.call("finish_job", job_id)


def _target(row: Row) -> Target | Outcome:
    if row.version_id == "":
        return MISSING_VERSION
    return Target(row.bucket, row.key, row.version_id)


def _encode(done: Sequence[TaskResult]) -> bytes:
    lines: dict[bool, list[bytes]] = {True: [], False: []}
    for result in done:
        row, outcome = result.row, result.outcome
        lines[outcome.succeeded].append(
            report_row(
                bucket=row.bucket,
                raw_key=row.raw_key,
                version_id=row.version_id,
                succeeded=outcome.succeeded,
                http_status=outcome.http_status,
                code=outcome.code,
                message=outcome.message,
            )
        )
    return results.encode(b"".join(lines[True]), b"".join(lines[False]))


def _silence(job: Job, outage: Answer) -> str:
    return (
        f"The storage at {job.region.endpoint_url} does not answer ({outage.message})."
        " The job goes on by itself when it does."
    )


def _fail_for(job: Job, answer: Answer, now: datetime) -> None:
    commands.fail(
        job.pk,
        answer.code or "StorageRefused",
        f"The storage refused every further task: {answer.message or answer.code}",
        now=now,
        only_from={JobStatus.ACTIVE, JobStatus.PAUSING},
    )


def _limits() -> Limits:
    return Limits(
        conf.in_flight(),
        conf.task_deadline_s(),
        conf.storage_patience_s(),
        begin_s=conf.record_every_s(),
    )


def _kept(
    claim: Claim, stop: threading.Event
) -> contextlib.AbstractContextManager[threading.Event]:
    """As `keeping.kept`, for a chunk: it also ends when the job is not Active any more."""
    return kept(
        beat=lambda: claims.heartbeat(claim, lease_s=conf.lease_s()),
        may_go_on=Job.objects.filter(pk=claim.job_id, status=JobStatus.ACTIVE).exists,
        stop=stop,
    )
