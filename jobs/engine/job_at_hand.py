"""What a runner keeps of a job between its chunks."""

import logging
import threading
from collections.abc import Sequence

from jobs import conf
from jobs.dataplane.work import Limits, Work
from jobs.engine import retry
from jobs.engine.lines import target_of
from jobs.engine.pacing import Pacing
from jobs.engine.places import Places
from jobs.engine.transports import Transport, Transports, why_not_plane
from jobs.manifests.rows import Row
from jobs.models import Job
from jobs.operations import registry

logger = logging.getLogger(__name__)


class JobAtHand:
    """Raises ValidationFailedError for parameters that are none of the operation's."""

    def __init__(self, job: Job, transports: Transports, pacing: Pacing) -> None:
        self.manifest = job.manifest
        self._job_id = job.pk
        self._place = str(job.region_id)
        self._operation = registry.get(job.operation).parse(job.parameters)
        self._transports = transports
        self._places = Places(job)
        self._pace = pacing.pace_of(
            job.pk,
            self._places.endpoint_of,
            requests_per_s=job.requests_per_s,
            in_flight=job.in_flight,
        )
        self._why_not_plane: str | None = None

    def work(self, rows: Sequence[Row], stop: threading.Event) -> Work:
        """The tasks of a chunk. Raises StorageError where a bucket can not be called."""
        self._places.connect({row.bucket for row in rows})
        self._places.connect(self._operation.target_buckets())
        return Work(
            self._operation,
            [target_of(row) for row in rows],
            self._places.endpoint_of,
            self._places.credentials_of,
            self._limits(),
            stop,
            retry.decide,
            self._pace,
            self._place,
        )

    def transport(self) -> Transport:
        """For the buckets known so far."""
        why = why_not_plane(self._places)
        if why != self._why_not_plane:
            self._why_not_plane = why
            if why:
                logger.warning("job %s: %s", self._job_id, why)
        return self._transports.threads(self._job_id) if why else self._transports.plane()

    def _limits(self) -> Limits:
        in_flight = conf.threads_in_flight() if why_not_plane(self._places) else conf.in_flight()
        return Limits(
            in_flight,
            conf.task_deadline_s(),
            conf.storage_patience_s(),
            begin_s=conf.record_every_s(),
        )
