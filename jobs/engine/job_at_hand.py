"""What a runner keeps of a job between its chunks."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from jobs import conf
from jobs.dataplane.work import Limits, Work
from jobs.engine import retry
from jobs.engine.lines import targets_of
from jobs.engine.pacing import Pacing
from jobs.engine.places import Places
from jobs.engine.transports import Transport, Transports, why_not_plane
from jobs.lifecycle.notes import note_slower
from jobs.manifests.columns import Rows
from jobs.models import Job
from jobs.operations import registry

logger = logging.getLogger(__name__)


class JobAtHand:
    """Raises ValidationFailedError for parameters that are none of the operation's."""

    def __init__(
        self, job: Job, transports: Transports, pacing: Pacing, clock: Callable[[], datetime]
    ) -> None:
        self.manifest = job.manifest
        self._job_id = job.pk
        self._place = str(job.region_id)
        self._operation = registry.get(job.operation).parse(job.parameters)
        self._transports = transports
        self._clock = clock
        self._places = Places(job)
        self._pace = pacing.pace_of(
            job.pk,
            self._places.endpoint_of,
            requests_per_s=job.requests_per_s,
            in_flight=job.in_flight,
        )
        self._known_places = -1
        self._uses_plane = True

    def work(self, rows: Rows, stop: threading.Event) -> Work:
        """The tasks of a chunk. Raises StorageError where a bucket can not be called."""
        self._places.connect(set(rows.buckets))
        self._places.connect(self._operation.target_buckets())
        self._choose_transport()
        return Work(
            self._operation,
            targets_of(rows),
            self._places.endpoint_of,
            self._places.credentials_of,
            self._limits(),
            stop,
            retry.decide,
            self._pace,
            self._place,
        )

    def transport(self) -> Transport:
        """For the buckets of all chunks so far."""
        if self._uses_plane:
            return self._transports.plane()
        return self._transports.threads(self._job_id)

    def _choose_transport(self) -> None:
        """boto3 as soon as one place needs it; said once."""
        known = len(self._places.all())
        if known == self._known_places:
            return
        self._known_places = known
        why = why_not_plane(self._places)
        if why and self._uses_plane:
            self._uses_plane = False
            logger.warning("job %s: %s", self._job_id, why)
            note_slower(self._job_id, why, now=self._clock())

    def _limits(self) -> Limits:
        return Limits(
            conf.in_flight() if self._uses_plane else conf.threads_in_flight(),
            conf.task_deadline_s(),
            conf.storage_patience_s(),
            begin_s=conf.record_every_s(),
        )
