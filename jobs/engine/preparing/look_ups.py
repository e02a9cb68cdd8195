"""What no listing tells of an object, asked for each: a stage of preparing on the data plane.

The calls go out as those of tasks do: paced with all other workers, tried again, many at a time. A row
whose answer has to wait is asked for again for as long as it takes; none is left out.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError

from jobs import conf
from jobs.dataplane import retry
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Batch, Limits, Work
from jobs.engine.preparing.look_up_task import LookUp
from jobs.engine.rates.pacing import Pacing
from jobs.engine.running_job import Places
from jobs.engine.transport import Transport
from jobs.errors import ManifestError, StoppedError, StorageError, StorageUnavailableError
from jobs.manifests.generated.looked_up import Judge
from jobs.manifests.listing.listed import Listed
from jobs.models import Job, Prepared
from jobs.operations.base import Outcome
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict, classify, is_throttled

POLL_S = 0.2
"""How soon a stop is heard."""


class LookUps:
    """Of one job, for one turn at preparing it: what is costly is made when it is first needed. Use it
    as a context manager. How many objects were asked about is counted in `counted`: the job, or a part
    of its list.
    """

    def __init__(self, job: Job, counted: Prepared, stop: threading.Event) -> None:
        self._job = job
        self._counted = counted
        self._stop = stop
        self._places = Places(job)
        self._transport = Transport()
        self._pacing: Pacing | None = None
        self._trust = Trust()

    def __enter__(self) -> "LookUps":
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()
        if self._pacing:
            self._pacing.close()

    def __call__(self, bucket: str, rows: Sequence[Listed], judge: Judge) -> list[Listed]:
        """Those that belong to the list, in their order; what is gone meanwhile does not.

        Raises ManifestError with permission and object where a look is refused for good,
        StorageUnavailableError where the storage gives no answer, and StoppedError.
        """
        kept: dict[int, bool] = {}
        left = [n for n, one in enumerate(rows) if not self._is_told(one, judge, n, kept)]
        while left:
            task = LookUp(bucket, [rows[n] for n in left], judge)
            batch = self._run(bucket, task)
            for n, verdict in task.told.items():
                kept[left[n]] = verdict
            self._counted.looked_up_objects += len(task.told)
            self._check(bucket, task, batch)
            left = [n for n in left if n not in kept]
        return [one for n, one in enumerate(rows) if kept[n]]

    @staticmethod
    def _is_told(one: Listed, judge: Judge, n: int, kept: dict[int, bool]) -> bool:
        """Without a call."""
        verdict = judge(one, {})
        if isinstance(verdict, bool):
            kept[n] = verdict
        return isinstance(verdict, bool)

    def _run(self, bucket: str, task: LookUp) -> Batch:
        stop = threading.Event()
        done = self._transport.plane().submit(self._work(bucket, task, stop))
        while True:
            try:
                return done.result(POLL_S)
            except FutureTimeoutError:
                if self._stop.is_set():
                    stop.set()
                    raise StoppedError from None

    def _work(self, bucket: str, task: LookUp, stop: threading.Event) -> Work:
        try:
            self._places.connect([bucket])
        except StorageError as error:
            raise ManifestError(error.code, error.message) from error
        job = self._job
        if self._pacing is None:
            self._pacing = Pacing()
        pace = self._pacing.pace_of(
            job.pk, requests_per_s=job.requests_per_s, in_flight=job.in_flight
        )
        limits = Limits(conf.in_flight(), conf.task_deadline_s(), conf.storage_patience_s())
        return Work(
            task,
            task.targets,
            self._places,
            limits,
            stop,
            retry.decide,
            pace,
            str(job.region_id),
            self._trust,
            job_id=job.pk,
        )

    def _check(self, bucket: str, task: LookUp, batch: Batch) -> None:
        """Raises for what cannot be told, now or ever."""
        if self._stop.is_set():
            raise StoppedError
        if batch.fatal:
            place = f"s3://{bucket}"
            raise _refused(batch.fatal.code, batch.fatal.message or batch.fatal.code, place)
        failed = [(n, one) for n, one in enumerate(batch.outcomes) if one and not one.succeeded]
        waiting = [(n, one) for n, one in failed if classify(_answer(one)) is Verdict.RETRY]
        for n, outcome in failed:
            if (n, outcome) not in waiting:
                raise task.refusal(n, outcome)
        for n, outcome in waiting:
            # Who is asked too often is asked again at once, as slowly as it wants by now.
            if not is_throttled(_answer(outcome)):
                raise _silent(bucket, task.targets[n].key, outcome)
        if batch.outage:
            raise _silent(bucket, "", batch.outage)


def _answer(outcome: Outcome) -> Answer:
    return Answer(outcome.http_status, outcome.code, outcome.message)


def _silent(bucket: str, key: str, answer: Answer | Outcome) -> StorageUnavailableError:
    said = f"s3://{bucket}/{key} cannot be looked at: {answer.message or answer.code}"
    return StorageUnavailableError(answer.code, said, http_status=answer.http_status)


def _refused(code: str, message: str, place: str) -> ManifestError:
    return ManifestError(code, f"The objects of {place} cannot be looked at: {message}")
