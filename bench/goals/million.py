"""One job of a million objects, from creation to its report, by real workers."""

import time
from collections import Counter

from bench import contest, machine, sizes, trials
from bench.crew import Crew, await_, crew
from bench.figures import Findings, figure
from bench.goals.scale import moment
from bench.place import Place
from jobs.choices import TERMINAL, JobStatus
from jobs.models import Job

STATEMENTS = 10_000
"""At most, per million objects (docs/engine.md, What a chunk costs)."""


def end_to_end(place: Place, found: Findings) -> None:
    tasks, cores = sizes.tasks(1_000_000), machine.cores()
    goal = f"million, {place.database}"
    with crew() as hands:
        hands.worker("run worker", "run", cores.client, BATCHCONSOLE_IN_FLIGHT="128")
        hands.worker("control worker", "control", cores.second)
        hands.scheduler()
        job = trials.make(place.stub, trials.TAGGING, tasks, url=place.stub.url())
        began_s = time.monotonic()
        trials.await_status(job, TERMINAL)
        contest.say(f"  {tasks:,} objects on {place.database}: {time.monotonic() - began_s:.1f} s")
        # A call notes what it sent when it ends, which may be after its job.
        await_(lambda: not any(member.is_busy for member in hands.members), within_s=60)
        hands.note_memory(found, goal)
        _phases(goal, job, tasks, found)
        _statements(goal, hands, tasks, found)
    found.wrong += trials.check_end(job, tasks)


def _phases(goal: str, job: Job, tasks: int, found: Findings) -> None:
    ready, active = moment(job, JobStatus.READY), moment(job, JobStatus.ACTIVE)
    completing, end = moment(job, JobStatus.COMPLETING), moment(job, JobStatus.COMPLETE)
    begun = trials.see(job).created_at.timestamp()
    for phase, spent_s in (
        ("prepare", ready - begun),
        ("from prepared to the first claim", active - ready),
        ("run", completing - active),
        ("finish", end - completing),
        ("all", end - begun),
    ):
        found.add(goal, f"{phase}: s", figure([spent_s]), digits=1)
    found.add(goal, "run: objects/s", figure([tasks / (completing - active)]))


def _statements(goal: str, hands: Crew, tasks: int, found: Findings) -> None:
    entries = hands.entries()
    for call in sorted({entry.call for entry in entries}):
        number = sum(entry.statements for entry in entries if entry.call == call)
        found.add(goal, f"{call}: database statements", figure([number]))
    for begins, number in commonest(hands):
        contest.say(f"      {number:,} x {begins}")
    total = sum(entry.statements for entry in entries)
    allowed = STATEMENTS * tasks // 1_000_000
    found.add(
        goal, "database statements, all calls", figure([total]), aim=f"<= {allowed:,}",
        met=total <= allowed,
    )  # fmt: skip
    found.add(goal, "commits of transactions", figure([sum(one.commits for one in entries)]))


def commonest(hands: Crew) -> list[tuple[str, int]]:
    """How the statements begin that were sent most."""
    counted: Counter[str] = Counter()
    for entry in hands.entries("run_chunks"):
        counted.update(entry.by_statement)
    return counted.most_common(12)
