"""What a runner keeps of a job between its chunks."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from jobs import conf
from jobs.dataplane import retry
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Limits, Work
from jobs.engine import database
from jobs.engine.chunk_rows import LateTargets, targets_of
from jobs.engine.claims import Claim
from jobs.engine.rates.pacing import Pacing
from jobs.engine.task_states import TaskStates, kept_of
from jobs.engine.waiting_rows import Visit, visit_of
from jobs.lifecycle.connected import destination_of
from jobs.lifecycle.connections import credentials_of, region_named, region_of
from jobs.lifecycle.notes import note_slower
from jobs.manifests.frozen_list import Rows
from jobs.models import Job, Region
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.operations.connected import Connected
from jobs.operations.dry_run import DryRun
from jobs.operations.guarded import guarded
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.trust import only_for_boto3
from jobs.services.destination import Destination
from jobs.services.s3 import bucket_at
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)


class Places:
    """Where the buckets of one job lie and who asks there. Looked up once, before calls start; then
    asked from any thread and at once.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._by_bucket: dict[str, Destination] = {}
        self._elsewhere: dict[tuple[str, str], Destination] = {}
        self._by_region: dict[int, tuple[Endpoint, Credentials | None]] = {}
        self._others: dict[Connected, Destination] = {}

    def connect_all(self, operation: Operation, listed: Iterable[str]) -> None:
        """All that tasks over `listed` buckets call. Raises StorageError for what cannot be called."""
        self.connect(listed)
        self.connect(operation.target_buckets())
        self.connect_others(operation.connections())
        self.connect_in(operation.target_places())

    def connect(self, buckets: Iterable[str]) -> None:
        """Raises StorageError where the job's role has no credentials."""
        for bucket in buckets:
            if bucket not in self._by_bucket:
                self._by_bucket[bucket] = bucket_at(*self._place_of(bucket), bucket)

    def connect_others(self, wanted: Iterable[Connected]) -> None:
        """Raises StorageError for what is not connected, or not any more."""
        for one in wanted:
            if one not in self._others:
                self._others[one] = destination_of(one)

    def connected(self, wanted: Connected) -> Destination:
        return self._others[wanted]

    def connect_in(self, places: Iterable[tuple[str, str]]) -> None:
        """Buckets of Regions that are named by their slugs. Raises StorageError where there is no such
        Region, or the role has no credentials there.
        """
        for slug, bucket in places:
            if (slug, bucket) not in self._elsewhere:
                place = self._connected(region_named(slug))
                self._elsewhere[slug, bucket] = bucket_at(*place, bucket)

    def all(self) -> list[tuple[Endpoint, Credentials | None]]:
        """Of all buckets so far, each once."""
        return list(self._by_region.values())

    def bucket(self, name: str) -> Destination:
        return self._by_bucket[name]

    def bucket_in(self, region: str, name: str) -> Destination:
        return self._elsewhere[region, name]

    def _place_of(self, bucket: str) -> tuple[Endpoint, Credentials | None]:
        return self._connected(region_of(bucket, self._job.region))

    def _connected(self, region: Region) -> tuple[Endpoint, Credentials | None]:
        if region.pk not in self._by_region:
            credentials = credentials_of(self._job.role, region)
            self._by_region[region.pk] = (region.endpoint(), credentials)
        return self._by_region[region.pk]


def operation_of(job: Job) -> Operation:
    """What runs: of a dry run, the look ahead alone; of a job over the list of one, what was seen is
    compared first. Raises ValidationFailedError for parameters that
    are none of the operation's.
    """
    operation = registry.of_job(job.operation, job.parameters, job.found)
    if job.dry_run:
        return DryRun(operation)
    return guarded(operation) if job.guarded_by_id else operation


class Before(NamedTuple):
    """Of a chunk's tasks: what they kept before, by index, where they keep more, and which of them
    are visited (None: all, and none of them waits).
    """

    kept: Mapping[int, bytes] = MappingProxyType({})
    states: TaskStates | None = None
    visit: Visit | None = None


NOTHING_BEFORE = Before()


class RunningJob:
    """Raises ValidationFailedError for parameters that are none of the operation's."""

    def __init__(self, job: Job, pacing: Pacing, clock: Callable[[], datetime]) -> None:
        self.manifest = job.manifest
        self._job_id = job.pk
        self._place = str(job.region_id)
        self.operation = operation_of(job)
        self._clock = clock
        self._places = Places(job)
        self._trust = Trust(waived=job.checks_waived, has_succeeded=job.tasks_succeeded > 0)
        self._pace = pacing.pace_of(
            job.pk, requests_per_s=job.requests_per_s, in_flight=job.in_flight
        )
        self._known_places = -1
        self._needs_boto3 = False

    def heed(self, job: Job) -> None:
        """The job as it is now: a person may have let it go on in spite of what was found."""
        if job.checks_waived and not self._trust.waived:
            self._trust = Trust(waived=True, has_succeeded=self._trust.has_succeeded)

    def before(self, claim: Claim, rows: Rows, store: WorkStore) -> Before:
        """What is known of a chunk's tasks before they run. Costs nothing where tasks keep no states
        and wait for nothing. Raises WorkStoreError.
        """
        visit = visit_of(claim, self.operation)
        if not self.operation.keeps_state:
            return Before(visit=visit)
        numbers = range(claim.position, claim.position + claim.rows)
        # Where nobody tried them before, nobody kept anything.
        kept = kept_of(store, claim.job_id, numbers) if claim.tried_since_s else {}
        return Before(
            kept, TaskStates(store, claim.job_id, numbers, LateTargets(rows), kept), visit
        )

    def work(
        self,
        rows: Rows,
        stop: threading.Event,
        claim: Claim | None = None,
        before: Before = NOTHING_BEFORE,
    ) -> Work:
        """The tasks of a chunk, or of no chunk. Raises StorageError where what they call cannot be
        called.
        """
        self._places.connect_all(self.operation, set(rows.buckets))
        self._look_for_boto3()
        visit = before.visit
        return Work(
            self.operation,
            visit.targets(targets_of(rows)) if visit else targets_of(rows),
            self._places,
            self._limits(),
            stop,
            retry.decide,
            self._pace,
            self._place,
            self._trust,
            _here(claim.tried_since_s) if claim else 0.0,
            before.kept,
            before.states,
            self._job_id,
            claim.position if claim else 0,
            visit.waits if visit else 0,
        )

    def _look_for_boto3(self) -> None:
        """Whether one of the places needs it; said once."""
        known = len(self._places.all())
        if known == self._known_places:
            return
        self._known_places = known
        why = self._why_boto3()
        if why and not self._needs_boto3:
            self._needs_boto3 = True
            logger.warning("job %s: %s", self._job_id, why)
            note_slower(self._job_id, why, now=self._clock())

    def _why_boto3(self) -> str:
        """Empty when requests of our own can reach all that the job needs, otherwise a sentence."""
        if not conf.data_plane():
            return "The data plane is switched off, so boto3 makes the requests."
        for endpoint, credentials in self._places.all():
            if why := only_for_boto3(endpoint, credentials):
                return f"boto3 makes the requests to {endpoint.url}, slower than our own: {why}."
        return ""

    def _limits(self) -> Limits:
        return Limits(
            conf.threads_in_flight() if self._needs_boto3 else conf.in_flight(),
            conf.task_deadline_s(),
            conf.storage_patience_s(),
            begin_s=conf.record_every_s(),
        )


def _here(moment_s: float) -> float:
    """A moment of the database's clock on that of this machine; 0 stays 0."""
    return time.time() - (database.now_s() - moment_s) if moment_s else 0.0
