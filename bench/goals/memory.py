"""G7: memory of preparing and of running, over lists of different length."""

import time

from django.utils import timezone

from bench import contest, machine, sizes, trials
from bench.crew import crew
from bench.figures import MET, MISSED, Findings, Row, figure
from bench.place import Place
from jobs.choices import TERMINAL, JobStatus
from jobs.lifecycle import commands
from jobs.models import Job
from tests.allowed import allowed

RUN_S = 10.0
ALLOWED_MB = {"preparation": 200, "worker": 120}


def flat(place: Place, found: Findings) -> None:
    """Through real workers: the sum of parent and horse, its peak, by the length of the list."""
    peaks: dict[str, list[float]] = {"preparation": [], "worker": []}
    lengths = sizes.millions()
    for rows in lengths:
        with crew() as hands:
            control = hands.worker("control worker", "control", machine.cores().second)
            hands.scheduler()
            began_s = time.monotonic()
            job = trials.make(place.stub, trials.TAGGING, rows, url=place.stub.url())
            trials.await_status(job, set(JobStatus) - {JobStatus.NEW, JobStatus.PREPARING})
            took_s = time.monotonic() - began_s
            peaks["preparation"].append(control.watch.total_mb)
            worker = hands.worker(
                "run worker", "run", machine.cores().client, BATCHCONSOLE_IN_FLIGHT="128"
            )
            time.sleep(RUN_S * min(1.0, sizes.number("BENCH_SCALE", 1.0)) + 3)
            peaks["worker"].append(worker.watch.total_mb)
            found.wrong += _stop(job, rows)
            hands.note_memory(found, f"G7 {rows:,} rows:")
        trials.clear(job)
        contest.say(f"  {rows:,} rows: prepared in {took_s:.1f} s, {_told(peaks)}")
        rate = figure([rows / took_s])
        found.add("G7", f"preparing {rows:,} rows: rows/s", rate)
    for what, mb in peaks.items():
        _judge(found, what, mb, lengths)


def _told(peaks: dict[str, list[float]]) -> str:
    return ", ".join(f"{what} {mb[-1]:.0f} MB" for what, mb in peaks.items())


def _stop(job: Job, rows: int) -> list[str]:
    """Cancel what still runs; says what is wrong with its count."""
    found = []
    if trials.see(job).total_tasks != rows:
        found.append(f"preparing {rows:,} rows counted {trials.see(job).total_tasks}")
    if not trials.see(job).is_terminal:
        commands.cancel(job.pk, by=allowed(), reason="measured", now=timezone.now())
    trials.await_status(job, TERMINAL)
    return found


def _judge(found: Findings, what: str, mb: list[float], lengths: list[int]) -> None:
    allowed = ALLOWED_MB[what]
    text = " and ".join(f"{peak:.0f}" for peak in mb)
    rows = " and ".join(f"{length:,}" for length in lengths)
    name = f"{what}: peak PSS of parent and horse at {rows} rows, MB"
    verdict = MET if max(mb) <= allowed else MISSED
    found.rows.append(Row("G7", name, f"<= {allowed}", text, "", verdict))
    growth = (max(mb) / min(mb) - 1) * 100
    verdict = MET if growth <= 10 else MISSED
    found.rows.append(Row("G7", f"{what}: difference, %", "<= 10", f"{growth:.0f}", "", verdict))
