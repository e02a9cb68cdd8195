"""How far more workers carry, on PostgreSQL and Redis, and what preparing and finishing take:
the figures of docs/scaling.md. `python -m bench.scaling` prints them.

BENCH_RUNS and BENCH_SCALE as for `make bench`. SCALING_ONLY names parts of PARTS.
"""

import contextlib
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from bench import machine, programs, report, sizes
from bench.figures import Figure, Row, figure
from bench.place import Place, place

ROWS = 500
FAILED_OF = 1000
"""One task of so many has failed in a report that is measured."""

SINK = "sink"
Rows = Iterator[Row]


@dataclass(frozen=True, slots=True)
class Trial:
    """CPU seconds and statements (commits count) are those for 1,000 objects."""

    per_s: float
    cpu_s: float
    database_cpu_s: float
    statements: float


def line(what: str, found: Figure, digits: int = 0) -> Row:
    return Row("", what, "", found.text(digits), found.spread(digits))


# --- Running


def workers(place: Place) -> Rows:
    # Bound by their core, four would need four cores to themselves.
    for offset, counts, each in ((20, (1, 2, 4), 60_000), (0, (1, 2), 300_000)):
        found: dict[int, list[Trial]] = {count: [] for count in counts}
        _run(place, max(counts), offset, each)  # the rate is found here, and then known
        for _ in range(sizes.runs()):
            for count in found:
                found[count].append(_run(place, count, offset, each))
        for count, trials in found.items():
            yield from _lines(f"{count} of 128 in flight, {offset} ms", trials)
        for count in counts[1:]:
            pairs = zip(found[count], found[1], strict=True)
            times = figure([many.per_s / one.per_s for many, one in pairs])
            yield line(f"{count} times one, {offset} ms", times, 2)


def bucket(place: Place) -> Rows:
    """The same with work storage in S3 (a Python server on another core: a slow one)."""
    from django.conf import settings  # noqa: PLC0415 - set up by now

    from jobs.models import Bucket  # noqa: PLC0415

    endpoint = Bucket.objects.get(name="reports").region.endpoint_url
    settings.BATCHCONSOLE_WORK_STORE = "s3://reports/work"
    settings.BATCHCONSOLE_WORK_STORE_ENDPOINT = endpoint
    settings.BATCHCONSOLE_WORK_STORE_ACCESS_KEY_ID = "test"
    settings.BATCHCONSOLE_WORK_STORE_SECRET_ACCESS_KEY = "test"  # noqa: S105
    variables = {
        name: str(getattr(settings, name))
        for name in dir(settings)
        if name.startswith("BATCHCONSOLE_WORK_STORE") and getattr(settings, name)
    }
    try:
        for count in (1, 2):
            trials = [_run(place, count, 20, 60_000, **variables) for _ in range(sizes.runs())]
            yield from _lines(f"{count} of 128 in flight, 20 ms, work storage in S3", trials)
    finally:
        settings.BATCHCONSOLE_WORK_STORE = ""


def _lines(what: str, trials: list[Trial]) -> Rows:
    yield line(f"{what}: objects/s", figure([one.per_s for one in trials]))
    yield line(f"{what}: workers' CPU-s per 1,000", figure([one.cpu_s for one in trials]), 3)
    spent = figure([one.database_cpu_s for one in trials])
    yield line(f"{what}: PostgreSQL's CPU-s per 1,000", spent, 4)
    asked = figure([one.statements for one in trials])
    yield line(f"{what}: database statements per 1,000", asked, 1)


def _run(place: Place, count: int, offset: int, each: int, **environment: str) -> Trial:
    """`each` is how many objects there are for each worker: ten seconds of work or so."""
    from bench import trials  # noqa: PLC0415
    from bench.crew import await_, crew  # noqa: PLC0415
    from bench.goals.scale import active_s  # noqa: PLC0415
    from jobs.choices import JobStatus  # noqa: PLC0415

    tasks = sizes.tasks(each) * count
    job = trials.prepared(place.stub, trials.TAGGING, tasks, url=place.stub.url(offset))
    cores = machine.cores()
    with crew() as hands:
        for number in range(count):
            core = (cores.client, cores.second)[number % 2]
            hands.worker(
                f"worker {number}", "run", core, BATCHCONSOLE_IN_FLIGHT="128", **environment
            )
        began_s = _database_cpu_s()
        hands.scheduler()
        trials.await_status(job, {JobStatus.COMPLETING})
        await_(lambda: not any(member.is_busy for member in hands.members), within_s=60)
        cpu_s = sum(member.cpu_s for member in hands.members if "worker" in member.name)
        database_cpu_s = _database_cpu_s() - began_s
        asked = sum(one.statements + one.commits for one in hands.entries("run_chunks"))
    _refuse(trials.check_run(job, tasks))
    spent_s = active_s(job)
    trials.clear(job)
    return Trial(
        tasks / spent_s, 1000 * cpu_s / tasks, 1000 * database_cpu_s / tasks, 1000 * asked / tasks
    )


def _database_cpu_s() -> float:
    """Of PostgreSQL's processes that we started, those that have ended included."""
    spent_s = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.name() == "postgres":
                times = process.cpu_times()
                spent_s += times.user + times.system
                if process.parent() == psutil.Process():
                    spent_s += times.children_user + times.children_system
    return spent_s


# --- Preparing


def prepare(place: Place) -> Rows:
    from bench import trials  # noqa: PLC0415

    rows, spent = sizes.tasks(1_000_000), []
    for _ in range(sizes.runs()):
        began_s = time.monotonic()
        job = trials.prepared(place.stub, trials.TAGGING, rows, url=place.stub.url())
        spent.append(rows / (time.monotonic() - began_s))
        trials.clear(job)
    yield line(f"prepare {rows:,}: rows/s", figure(spent))


# --- Finishing


def finish(place: Place) -> Rows:
    from bench import house  # noqa: PLC0415
    from jobs.models import Bucket  # noqa: PLC0415
    from tests import counting_storage  # noqa: PLC0415

    memory: dict[int, list[float]] = {}
    with counting_storage.running() as storage:
        Bucket.objects.update_or_create(name=SINK, defaults={"region": house.region(storage.url)})
        for rows in (sizes.tasks(100_000), sizes.tasks(1_000_000), sizes.tasks(3_000_000)):
            took = [_finish(place, rows) for _ in range(min(3, sizes.runs()))]
            storage.objects.clear()
            memory[rows] = [one[2] for one in took]
            yield line(f"finish {rows:,}: rows/s", figure([one[0] for one in took]))
            yield line(f"finish {rows:,}: CPU-s per 1,000", figure([one[1] for one in took]), 4)
            yield line(f"finish {rows:,}: peak PSS, MB", figure(memory[rows]))
    least, *_, most = [statistics.median(peaks) for peaks in memory.values()]
    yield line("finish: memory of the largest, times the smallest", figure([most / least]), 2)


def _finish(place: Place, rows: int) -> tuple[float, float, float]:
    """Rows/s, CPU seconds per 1,000, and MB, in a process of its own."""
    from bench import trials  # noqa: PLC0415
    from jobs.choices import JobStatus  # noqa: PLC0415
    from jobs.models import Job, Report  # noqa: PLC0415

    job = trials.make(place.stub, trials.TAGGING, 1000, url=place.stub.url())
    failed = rows // FAILED_OF
    Job.objects.filter(pk=job.pk).update(
        status=JobStatus.COMPLETING,
        total_tasks=rows,
        tasks_succeeded=rows - failed,
        tasks_failed=failed,
        report_bucket=SINK,
    )
    _fill(job, rows)
    took = programs.python("bench.scaling", "finish", job.pk)
    report = Report.objects.get(job=job)
    if (report.rows_succeeded, report.rows_failed) != (rows - failed, failed):
        _refuse([f"a report has {report.rows_succeeded:,} and {report.rows_failed:,} rows"])
    trials.clear(job)
    return rows / took.said["wall_s"], 1000 * took.said["cpu_s"] / rows, took.pss_mb


def _fill(job: Any, rows: int) -> None:
    """Chunks and their results, as if all of them had run."""
    from jobs.choices import ChunkState  # noqa: PLC0415
    from jobs.models import Chunk  # noqa: PLC0415
    from jobs.s3.work_store import work_storage  # noqa: PLC0415
    from jobs.workstore import results  # noqa: PLC0415

    work, chunks = work_storage(), []
    for position in range(0, rows, ROWS):
        numbers = range(position, min(position + ROWS, rows))
        good = [_row(n) for n in numbers if n % FAILED_OF != 1]
        bad = [_row(n) for n in numbers if n % FAILED_OF == 1]
        name = f"{job.pk}/results/{position:012d}-1.bin"
        work.put(name, results.encode(b"".join(good), b"".join(bad)))
        chunks.append(
            Chunk(
                job=job,
                position=position,
                rows=len(numbers),
                segment="s",
                offset=0,
                length=1,
                state=ChunkState.DONE,
                succeeded=len(good),
                failed=len(bad),
                result=name,
            )
        )
    Chunk.objects.bulk_create(chunks, batch_size=1000)


def _row(number: int) -> bytes:
    if number % FAILED_OF == 1:
        return b"data,data/part-%09d.parquet,,failed,404,NoSuchKey,Not there.\n" % number
    return b"data,data/part-%09d.parquet,,succeeded,200,,Successful\n" % number


def finish_here(job_id: str) -> None:
    """In the process that is measured: as a control worker's horse would."""
    import django  # noqa: PLC0415

    django.setup()
    from jobs import background, worker  # noqa: F401, PLC0415
    from jobs.choices import TERMINAL  # noqa: PLC0415
    from jobs.models import Job  # noqa: PLC0415

    began_s, calls = time.monotonic(), 0
    while Job.objects.get(pk=job_id).status not in TERMINAL:
        background.prepare_and_finish()
        calls += 1
    wall_s, usage = time.monotonic() - began_s, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "calls": calls}))


# ---

PARTS: dict[str, Callable[[Place], Rows]] = {
    "workers": workers,
    "bucket": bucket,
    "prepare": prepare,
    "finish": finish,
}


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise SystemExit("WRONG: " + "; ".join(wrong))


def main() -> None:
    if sys.argv[1:2] == ["finish"]:
        finish_here(sys.argv[2])
        return
    os.environ.setdefault("BENCH_DATABASE", "postgres")
    facts, rows = machine.facts(), list[Row]()
    wanted = os.environ.get("SCALING_ONLY", ",".join(PARTS)).split(",")
    os.sched_setaffinity(0, {machine.cores().house})
    with place() as where:
        from bench import house  # noqa: PLC0415 - only now is Django set up

        with house.opened(where.stub):
            for name in wanted:
                for row in PARTS[name](where):
                    print(f"  {row.what}: {row.figure} ({row.spread})", file=sys.stderr, flush=True)
                    rows.append(row)
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    print(f"{where.database} and Redis, medians of {sizes.runs()} runs\n\n{report.table(rows)}")


if __name__ == "__main__":
    main()
