"""G10: what claiming, recording and RQ cost of a job's time."""

from collections import defaultdict

from bench import contest, machine, sizes, trials
from bench.crew import Crew, Member, await_, crew
from bench.figures import ABSENT, Findings, Row, figure
from bench.ledger import Entry
from bench.place import Place
from jobs.choices import JobStatus


def share(place: Place, found: Findings) -> None:
    _share(place, found, "calls per object", trials.TAGGING, sizes.tasks(1_000_000), 5.0)
    operation = trials.deletion()
    if operation is None:
        found.rows.append(
            Row("G10", "claim, record and RQ: batch delete", "< 25 %", verdict=ABSENT)
        )
    else:
        _share(place, found, "batch delete", operation, sizes.tasks(2_000_000), 25.0)


def _share(
    place: Place, found: Findings, what: str, operation: str, tasks: int, allowed: float
) -> None:
    shares = []
    for number in range(sizes.runs()):
        shares.append(_run(place, found, operation, tasks))
        cpu, wall, fork = shares[-1]
        contest.say(
            f"  {number + 1}  {what}: {cpu:.1f} % of CPU, {wall:.1f} % of wall, RQ {fork:.3f} s"
        )
    for name, index in (("CPU", 0), ("wall", 1)):
        spent = figure([one[index] for one in shares])
        found.add(
            "G10", f"claim, record and RQ: {what}, % of {name}", spent, digits=1,
            aim=f"< {allowed:g}", met=spent.median < allowed,
        )  # fmt: skip
    found.add(
        "G10", f"of it RQ: {what}, CPU-s per job", figure([one[2] for one in shares]), digits=3
    )


def _run(place: Place, found: Findings, operation: str, tasks: int) -> tuple[float, float, float]:
    """Per cent of CPU, per cent of wall time, and CPU seconds of RQ."""
    job = trials.prepared(place.stub, operation, tasks, url=place.stub.url())
    with crew() as hands:
        worker = hands.worker(
            "run worker", "run", machine.cores().client,
            BATCHCONSOLE_IN_FLIGHT="128", BENCH_TIMED="1",
        )  # fmt: skip
        hands.scheduler()
        trials.await_status(job, {JobStatus.COMPLETING})
        # A call's entry is there before its horse has ended.
        await_(lambda: hands.entries("run_chunks") and not worker.is_busy, within_s=60)
        answer = _shares(hands, worker)
        hands.note_memory(found, "G10")
    found.wrong += trials.check_run(job, tasks)
    trials.clear(job)
    return answer


def _shares(hands: Crew, worker: Member) -> tuple[float, float, float]:
    entries = hands.entries("run_chunks")
    for name, spent_s in heaviest(entries):
        contest.say(f"      {name}: {spent_s:.3f} CPU-s")
    cpu_s = worker.cpu_s
    # The kernel counts what other processes took in ticks of 10 ms.
    rq_cpu_s = max(0.0, cpu_s - sum(one.cpu_s for one in entries))
    book_cpu_s = sum(one.book_cpu_s for one in entries)
    wall_s, gaps_s = _walls(entries)
    book_wall_s = sum(one.book_wall_s for one in entries)
    if not book_cpu_s:
        raise RuntimeError("the ledger timed nothing: do its modules have other names now?")
    return 100 * (book_cpu_s + rq_cpu_s) / cpu_s, 100 * (book_wall_s + gaps_s) / wall_s, rq_cpu_s


def _walls(entries: list[Entry]) -> tuple[float, float]:
    """From the first call to the end of the last, and how much of it lay between calls."""
    began = min(one.began_s for one in entries)
    ended = max(one.began_s + one.wall_s for one in entries)
    return ended - began, ended - began - sum(one.wall_s for one in entries)


def heaviest(entries: list[Entry]) -> list[tuple[str, float]]:
    """The functions that took most of what the books cost."""
    spent_s: defaultdict[str, float] = defaultdict(float)
    for entry in entries:
        for name, seconds in entry.book_cpu_by_function_s.items():
            spent_s[name] += seconds
    return sorted(spent_s.items(), key=lambda one: -one[1])[:5]
