"""Two workers against one, at 20 ms with 64 requests in flight each."""

from functools import partial

from bench import contest, machine, sizes, trials
from bench.contest import Peer
from bench.crew import await_, crew
from bench.figures import Findings, Sample, of, per_s, ratio
from bench.place import Place
from jobs.choices import JobStatus
from jobs.models import Job, StatusChange

IN_FLIGHT = 64


def two_workers(place: Place, found: Findings) -> None:
    url, tasks = place.stub.url(20), sizes.tasks(25_000)
    names = {1: "one worker", 2: "two workers"}
    peers = [
        Peer(name, partial(_run, place, count, tasks, found, url)) for count, name in names.items()
    ]
    bound = contest.wrk("wrk", "tag", place.stub, 20, connections=2 * IN_FLIGHT)
    rounds = contest.take_turns([bound, *peers])
    found.add("scale", "wrk at 20 ms, 128 connections: requests/s", of(rounds, "wrk", per_s))
    for name in names.values():
        found.add("scale", f"{name}, 64 in flight each: objects/s", of(rounds, name, per_s))
    times = ratio(rounds, "two workers", "one worker", per_s)
    found.add(
        "scale", "two workers, times one", times, digits=2, aim=">= 1.8", met=times.median >= 1.8
    )


def _run(place: Place, workers: int, tasks: int, found: Findings, url: str) -> Sample:
    """From Active to Completing, through RQ."""
    job = trials.prepared(place.stub, trials.TAGGING, tasks, url=url)
    cores = machine.cores()
    with crew() as hands:
        for number in range(workers):
            core = (cores.client, cores.second)[number]
            hands.worker(
                f"run worker {number + 1}", "run", core, BATCHCONSOLE_IN_FLIGHT=str(IN_FLIGHT)
            )
        hands.scheduler()
        trials.await_status(job, {JobStatus.COMPLETING})
        await_(lambda: not any(member.is_busy for member in hands.members), within_s=60)
        hands.note_memory(found, "scale")
        cpu_s = sum(member.cpu_s for member in hands.members if "worker" in member.name)
    found.wrong += trials.check_run(job, tasks)
    wall_s = active_s(job)
    trials.clear(job)
    return Sample(tasks, wall_s, cpu_s)


def active_s(job: Job) -> float:
    """From the first claim to the last record."""
    return moment(job, JobStatus.COMPLETING) - moment(job, JobStatus.ACTIVE)


def moment(job: Job, status: JobStatus) -> float:
    """When a job came to a status first, in seconds since the epoch."""
    changes = StatusChange.objects.filter(job=job, to_status=status).order_by("id")
    return float(changes[0].at.timestamp())
