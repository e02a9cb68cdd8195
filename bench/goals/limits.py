"""G8: a storage that allows 2,000 requests per second and does not say so, and one that throttles
and fails at random.
"""

from collections import Counter
from dataclasses import dataclass

from bench import contest, programs, sizes, trials
from bench.figures import Findings, figure
from bench.place import Place
from bench.stub import LIMIT_PER_S, Stub
from bench.tally import Tally, following
from jobs.models import FailureCause, Job

WATCHED_S = 10.0
SETTLED_S = 5.0
IN_FLIGHT = 128


@dataclass(frozen=True, slots=True)
class Watched:
    good_per_s: float
    throttled_percent: float


def unknown(place: Place, found: Findings) -> None:
    _limited(place, found)
    _faulty(place, found)


def _limited(place: Place, found: Findings) -> None:
    tasks = sizes.tasks(int(LIMIT_PER_S * (WATCHED_S + 1)))
    seen = []
    for number in range(sizes.runs()):
        tally = _run(place.counted, 100, trials.TAGGING, tasks, place, found)
        seen.append(_look(tally, 0.0, WATCHED_S))
        contest.say(f"  {number + 1}  limit of 2,000/s: {seen[-1]}, {dict(tally.total)}")
    share = figure([one.good_per_s / LIMIT_PER_S * 100 for one in seen])
    throttled = figure([one.throttled_percent for one in seen])
    found.add(
        "G8", "unknown limit of 2,000/s: % of it used, first 10 s", share, digits=1, aim=">= 90",
        met=share.median >= 90,
    )  # fmt: skip
    found.add(
        "G8", "unknown limit of 2,000/s: % of answers throttled", throttled, digits=1, aim="<= 5",
        met=throttled.median <= 5,
    )  # fmt: skip


def _look(tally: Tally, from_s: float, to_s: float) -> Watched:
    counted, span_s = tally.between(from_s, to_s)
    good, throttled = counted["200"], counted["503"]
    return Watched(good / max(span_s, 0.1), 100 * throttled / max(good + throttled, 1))


def _faulty(place: Place, found: Findings) -> None:
    """Against the port that is as slow and never fails; copies, for the errors in a 200."""
    tasks = sizes.tasks(60_000)
    lost = []
    for number in range(sizes.runs()):
        calm = _after_start(_run(place.counted, 20, trials.COPY, tasks, place, found))
        tally = _run(place.counted, 101, trials.COPY, tasks, place, found)
        good = _after_start(tally)
        lost.append((1 - good / calm) * 100)
        contest.say(f"  {number + 1}  1 % of 503: {good:,.0f}/s, without {calm:,.0f}/s")
    cost = figure(lost)
    found.add(
        "G8", "1 % random 503: % slower after the first 5 s", cost, digits=1, aim="<= 10",
        met=cost.median <= 10,
    )  # fmt: skip


def _after_start(tally: Tally) -> float:
    """Good answers per second once settled, without the end, where little is left to do."""
    last_s = tally.marks[-1][0]
    start_s = min(SETTLED_S, last_s / 3)
    return _look(tally, start_s, max(last_s - 1.0, last_s * 2 / 3)).good_per_s


def _run(
    stub: Stub, offset: int, operation: str, tasks: int, place: Place, found: Findings
) -> Tally:
    job = trials.prepared(place.stub, operation, tasks, url=stub.url(offset))
    with following(stub, "PUT") as tally:
        took = programs.python(
            "bench.horse",
            BATCHCONSOLE_IN_FLIGHT=str(IN_FLIGHT),
            BATCHCONSOLE_TIME_BOX_S=contest.LONG_BOX_S,
        )
    found.peak("G8 job", took.pss_mb)
    found.wrong += misread(job, tally.total, tasks, faulty=offset == 101)
    trials.clear(job)
    return tally


def misread(job: Job, answers: Counter[str], tasks: int, *, faulty: bool) -> list[str]:
    """What the job counted against what the stub says that it answered."""
    wrong = trials.check_run(job, tasks, failed=answers["404"])
    causes = dict(FailureCause.objects.filter(job=job).values_list("code", "tasks"))
    if set(causes) - {"NoSuchKey"}:
        wrong.append(f"{job.operation}: failed for {causes}, where only NoSuchKey was final")
    # Of the answers with 200 some held an error: the stub sends one among every 200 requests.
    requests = sum(answers.values())
    errors_inside = requests - answers["503"] - tasks
    expected = requests // 200 if faulty else 0
    if abs(errors_inside - expected) > 3:
        wrong.append(
            f"{job.operation}: {errors_inside} requests were repeated after a 200, where about"
            f" {expected} answers had an error inside"
        )
    return wrong
