"""Chunks given back by a runner: because nothing of them was begun, or something went wrong."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from jobs.engine import claims, job_status
from jobs.engine.choosing import Best
from jobs.engine.claims import Claim
from jobs.engine.database import DATABASE_AWAY
from jobs.engine.heartbeats import Heartbeats
from jobs.engine.open_chunks import Open, OpenChunks
from jobs.errors import StorageError, WorkStoreError, unexpected
from jobs.models import Job

logger = logging.getLogger(__name__)


class HandingBack:
    def __init__(
        self,
        heartbeats: Heartbeats,
        open_chunks: OpenChunks,
        best: Best,
        clock: Callable[[], datetime],
    ) -> None:
        self._heartbeats = heartbeats
        self._open = open_chunks
        self._best = best
        self._clock = clock

    def release(self, claimed: Sequence[Claim], *, begun: bool = False) -> None:
        self._heartbeats.drop(claimed)
        claims.release(claimed, begun=begun)

    @contextlib.contextmanager
    def if_not_begun(self, job: Job, claim: Claim) -> Iterator[None]:
        """As `in_trouble`, for a claim whose tasks are to be begun."""
        with self._saying_why(job, lambda: self.release([claim])):
            yield

    @contextlib.contextmanager
    def in_trouble(self, job: Job, chunks: Sequence[Open]) -> Iterator[None]:
        """Whatever goes wrong with chunks, they are free again and the job says why it waits."""
        with self._saying_why(job, lambda: self._abandon(chunks)):
            yield

    @contextlib.contextmanager
    def _saying_why(self, job: Job, hand_back: Callable[[], None]) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            why = error.message
        except WorkStoreError as error:
            why = f"The work storage does not work: {error.message}"
        except DATABASE_AWAY:
            raise  # the chunks are free again when their leases end
        except Exception as error:
            # A worker that dies of it would die of the next chunk, too, and say nothing.
            logger.exception("job %s", job.pk)
            why = unexpected(error)
        else:
            return
        hand_back()
        self._best.pass_over(job)
        job_status.wait_for_storage(job, why, now=self._clock())

    def _abandon(self, chunks: Sequence[Open]) -> None:
        self._open.drop(chunks)
        self.release([claim for chunk in chunks for claim in chunk.claims], begun=True)
