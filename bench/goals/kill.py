"""G9: kill -9 of a whole worker in the middle of a job; another takes over what it held."""

import time
from dataclasses import dataclass

from bench import contest, machine, sizes, trials
from bench.crew import Crew, Member, await_, crew
from bench.figures import Findings, figure
from bench.memory import descendants
from bench.place import Place
from bench.tally import following
from jobs.choices import TERMINAL, ChunkState
from jobs.models import Chunk, Job

RESUME_S = 20.0


@dataclass(frozen=True, slots=True)
class Fall:
    """`open_tasks` lay in the chunks that the dead worker held; `repeated` is what the storage
    was asked more often than the list is long.
    """

    resumed_s: float
    open_tasks: int
    repeated: int


def of_a_worker(place: Place, found: Findings) -> None:
    falls = []
    for number in range(sizes.runs()):
        falls.append(_fall(place, found))
        contest.say(f"  {number + 1}  {falls[-1]}")
    resumed = figure([fall.resumed_s for fall in falls])
    found.add(
        "G9", "kill -9 of a worker: its work goes on after, s", resumed, digits=1, aim="<= 20",
        met=resumed.high <= RESUME_S,
    )  # fmt: skip
    found.add("G9", "tasks in the chunks it held", figure([fall.open_tasks for fall in falls]))
    found.add(
        "G9", "tasks repeated", figure([fall.repeated for fall in falls]),
        aim="<= those it held", met=all(fall.repeated <= fall.open_tasks for fall in falls),
    )  # fmt: skip


def _fall(place: Place, found: Findings) -> Fall:
    stub, tasks = place.counted, max(sizes.tasks(60_000), 20_000)
    job = trials.prepared(place.stub, trials.TAGGING, tasks, url=stub.url(20))
    cores = machine.cores()
    with following(stub, "PUT") as tally, crew() as hands:
        victim = hands.worker("victim", "run", cores.client, BATCHCONSOLE_IN_FLIGHT="64")
        hands.worker("survivor", "run", cores.second, BATCHCONSOLE_IN_FLIGHT="64")
        hands.worker("control worker", "control", cores.house)
        hands.scheduler()
        await_(lambda: trials.see(job).tasks_succeeded > 2_000, within_s=120)
        held, resumed_s = _kill(job, victim)
        trials.await_status(job, TERMINAL)
        hands.note_memory(found, "G9")
        _forget_dead(hands, victim)
    found.wrong += trials.check_end(job, tasks)
    repeated = sum(tally.total.values()) - tasks
    return Fall(resumed_s, held, repeated)


def _kill(job: Job, victim: Member) -> tuple[int, float]:
    """How many tasks it held, and when the last of them was in other hands."""
    held: dict[int, tuple[int, int]] = {}
    while not held:  # it may just be between two chunks
        owners = [f":{pid}" for pid in descendants(victim.pid)]
        held = {pk: (fence, rows) for pk, fence, rows in _held(job, owners)}
    victim.kill()
    began_s = time.monotonic()
    # What it recorded between our look and its end is not lost, nor held.
    time.sleep(0.2)
    held = {pk: one for pk, one in held.items() if _still(pk, one[0])} or held
    await_(lambda: not any(_still(pk, fence) for pk, (fence, _) in held.items()), within_s=120)
    return sum(rows for _, rows in held.values()), time.monotonic() - began_s


def _held(job: Job, owners: list[str]) -> list[tuple[int, int, int]]:
    running = Chunk.objects.filter(job=job, state=ChunkState.RUNNING)
    return [
        (pk, fence, rows)
        for pk, fence, rows, owner in running.values_list("pk", "fence", "rows", "owner")
        if any(owner.endswith(name) for name in owners)
    ]


def _still(pk: int, fence: int) -> bool:
    return Chunk.objects.filter(pk=pk, fence=fence, state=ChunkState.RUNNING).exists()


def _forget_dead(hands: Crew, victim: Member) -> None:
    victim.watch.end()
    hands.members.remove(victim)
