"""What work storage lost of a job: results of tasks, and parts of its list. A person decides whether
the job ends without them; until then it waits, since they may be brought back.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from jobs import queueing
from jobs.access.actions import Action
from jobs.access.decisions import Decision
from jobs.choices import FINISHING, ChunkState, JobStatus, ReportScope
from jobs.errors import JobStatusError, NoSuchJobError
from jobs.lifecycle import commands
from jobs.models import Chunk, Job, JobEvent

PARTS_SAID = 3
AT_ONCE = 500

_OF_RESULTS = ~Q(result="")
_UNFINISHED = (ChunkState.PENDING, ChunkState.RUNNING, ChunkState.WAITING)


@dataclass(frozen=True, slots=True)
class Part:
    """`rows` of the list from `first_row` on, which counts from 1. `was_run`: what came of them is
    lost, otherwise they could not be run.
    """

    first_row: int
    rows: int
    was_run: bool


@dataclass(frozen=True, slots=True)
class Losses:
    """All that a job has lost, in the order of its list."""

    parts: Sequence[Part]

    @property
    def results(self) -> int:
        return sum(part.rows for part in self.parts if part.was_run)

    @property
    def not_run(self) -> int:
        return sum(part.rows for part in self.parts if not part.was_run)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def sentence(self) -> str:
        """ "The results of 500 rows are lost: 500 from row 1 on." """
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.results:
            verb = "is" if self.results == 1 else "are"
            yield f"The results of {_rows(self.results)} {verb} lost: {self._where(was_run=True)}."
        if self.not_run:
            yield (
                f"{_rows(self.not_run)} could not be run, since their part of the list is lost:"
                f" {self._where(was_run=False)}."
            )

    def _where(self, *, was_run: bool) -> str:
        parts = [part for part in self.parts if part.was_run is was_run]
        said = [f"{part.rows:,} from row {part.first_row:,} on" for part in parts[:PARTS_SAID]]
        more = len(parts) - PARTS_SAID
        return ", ".join(said) + (f", and {more:,} more places" if more > 0 else "")

    @property
    def button(self) -> str:
        """What a person chooses to have the job end without them."""
        if not self.not_run:
            verb = "was" if self.results == 1 else "were"
            return f"Write the report without {_rows(self.results)} whose results {verb} lost"
        if not self.results:
            return f"End without {_rows(self.not_run)} that could not be run"
        return f"End without {_rows(self.rows)} that were lost"


def _rows(number: int) -> str:
    return f"{number:,} row" if number == 1 else f"{number:,} rows"


def losses_of(job: Job) -> Losses:
    """No query where nothing is lost, otherwise one."""
    return _losses_of(job) if job.lost_rows else Losses([])


def sentence_of(job: Job) -> str:
    """What a job has lost, also when its chunks are cleared away; empty where that is nothing."""
    if not job.lost_rows:
        return ""
    if sentence := _losses_of(job).sentence:
        return sentence
    noted = job.events.filter(kind=JobEvent.Kind.WITHOUT).last()
    return str(noted.after) if noted else ""


def _losses_of(job: Job) -> Losses:
    columns = ("position", "rows", "result", "succeeded", "failed")
    rows = Chunk.objects.filter(job=job, state=ChunkState.LOST).order_by("position")
    parts: list[Part] = []
    for position, size, result, succeeded, failed in rows.values_list(*columns):
        lost = _missed(job, succeeded, failed) if result else size
        last = parts[-1] if parts else None
        if last and last.was_run is bool(result) and last.first_row + last.rows == position + 1:
            parts[-1] = Part(last.first_row, last.rows + lost, last.was_run)
        elif lost:
            parts.append(Part(position + 1, lost, bool(result)))
    return Losses(parts)


def _missed(job: Job, succeeded: int, failed: int) -> int:
    """How many rows the report lacks."""
    return failed if job.report_scope == ReportScope.FAILED_TASKS_ONLY else succeeded + failed


def lose_list(chunk_id: int, fence: int, *, now: datetime) -> bool:
    """A chunk in hand cannot be run: its part of the list is lost. False when it is not in hand."""
    held = Chunk.objects.filter(pk=chunk_id, fence=fence, state=ChunkState.RUNNING)
    return _change(held, ChunkState.LOST, now) > 0


def lose_results(job_id: str, positions: Iterable[int], *, now: datetime) -> int:
    """The results of the chunks at these positions are lost. Files of the report that were written
    are written anew, so that they and what is lost make up the whole.
    """
    done = Chunk.objects.filter(job=job_id, state=ChunkState.DONE)
    with transaction.atomic():
        lost = sum(
            _change(done.filter(position__in=some), ChunkState.LOST, now)
            for some in _in_parts(positions)
        )
        if lost:
            Job.objects.filter(pk=job_id).update(report_files=[])
    return lost


def _in_parts(positions: Iterable[int]) -> Iterator[list[int]]:
    """A statement takes only so many values."""
    ordered = sorted(positions)
    yield from (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def find_results(job_id: str, positions: Iterable[int], *, now: datetime) -> int:
    """The results of these are there again."""
    lost = Chunk.objects.filter(_OF_RESULTS, job=job_id, state=ChunkState.LOST)
    return sum(
        _change(lost.filter(position__in=some), ChunkState.DONE, now)
        for some in _in_parts(positions)
    )


def lost_results(job_id: str, limit: int) -> list[tuple[int, str]]:
    """Position and name of results that are lost."""
    lost = Chunk.objects.filter(_OF_RESULTS, job=job_id, state=ChunkState.LOST)
    return list(lost.order_by("position").values_list("position", "result")[:limit])


def _change(chunks: QuerySet[Chunk], to: ChunkState, now: datetime) -> int:
    """With the count of the job's lost rows, of which a person decides."""
    with transaction.atomic():
        for job_id in chunks.order_by().values_list("job_id", flat=True)[:1]:
            job = Job.objects.select_for_update(no_key=True).get(pk=job_id)
            changed = chunks.update(state=to, owner="", lease_expires_s=0)
            if changed:
                _count(job, now)
            return changed
    return 0


def _count(job: Job, now: datetime) -> None:
    losses = _losses_of(job)
    Job.objects.filter(pk=job.pk).update(lost_rows=losses.rows)
    if losses.rows and not job.lost_rows:
        JobEvent.objects.create(
            job=job, at=now, kind=JobEvent.Kind.LOST, after=losses.sentence[:1024]
        )


def asks(job: Job) -> bool:
    """Whether the job cannot go on before a person has decided about what is lost."""
    if job.lost_rows <= job.lost_rows_accepted:
        return False
    lost = Chunk.objects.filter(job=job, state=ChunkState.LOST)
    if job.status in FINISHING:
        return job.report_enabled and lost.filter(_OF_RESULTS).exists()
    return job.status == JobStatus.ACTIVE and lacks_list(job)


def lacks_list(job: Job) -> bool:
    """Whether all that is left to be run of a job is lost, and nobody decided to end without it."""
    if job.lost_rows <= job.lost_rows_accepted:
        return False
    chunks = Chunk.objects.filter(job=job)
    lost = chunks.filter(state=ChunkState.LOST, result="")
    return lost.exists() and not chunks.filter(state__in=_UNFINISHED).exists()


def end_without(job_id: str, rows: int, *, by: Decision, now: datetime) -> Job:
    """Let a job end without the `rows` that it has lost. What is lost later is asked about again.

    Raises NoSuchJobError, AccessDeniedError, and JobStatusError when nothing is asked, or not about so many.
    """
    with transaction.atomic():
        job = _asking(job_id)
        by.hold(Action.RESUME_JOB, job)
        if job.lost_rows != rows:
            raise JobStatusError(
                f"By now {_rows(job.lost_rows)} are lost, not {rows:,}. Look again, and decide."
            )
        JobEvent.objects.create(
            job=job,
            at=now,
            kind=JobEvent.Kind.WITHOUT,
            actor=by.actor,
            after=_losses_of(job).sentence[:1024],
        )
        _wait_no_more(job, lost_rows_accepted=rows)
        commands.move(
            job_id, JobStatus.COMPLETING, now=now, only_from={JobStatus.ACTIVE}, actor=by.actor
        )
        queueing.call_control()
    return commands.get_job(job_id)


def look_again(job_id: str, *, by: Decision, now: datetime) -> Job:
    """Somebody brought back what was lost, or set a worker right that looked elsewhere: what could
    not be run is tried again, and results are looked for at once.

    Raises NoSuchJobError, AccessDeniedError, and JobStatusError when nothing is asked.
    """
    with transaction.atomic():
        job = _asking(job_id)
        by.hold(Action.RESUME_JOB, job)
        JobEvent.objects.create(job=job, at=now, kind=JobEvent.Kind.RESUMED, actor=by.actor)
        _wait_no_more(job)
        if job.status == JobStatus.ACTIVE:
            lost = Chunk.objects.filter(job=job, state=ChunkState.LOST, result="")
            _change(lost, ChunkState.PENDING, now)
            queueing.call_runners()
        queueing.call_control()
    return commands.get_job(job_id)


def _asking(job_id: str) -> Job:
    for job in Job.objects.select_for_update(no_key=True).filter(pk=job_id):
        if asks(job):
            return job
        raise JobStatusError("The job does not wait for a decision about lost rows (any more).")
    raise NoSuchJobError


def _wait_no_more(job: Job, **changes: int) -> None:
    Job.objects.filter(pk=job.pk).update(
        waiting_for="", waiting_since=None, waiting_until_s=0, **changes
    )
