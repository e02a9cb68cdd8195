"""Two hundred open pages while a job runs: how soon their live fragments come, what these cost, and
what is left of the job's rate.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import contest, crew, installation, sizes, trials
from bench.figures import Figure, Findings, figure
from bench.goals.scale import active_s
from bench.installation import Installation
from bench.memory import children_of
from bench.place import Place
from bench.viewers import Look, Viewers
from jobs.choices import TERMINAL, JobStatus
from jobs.lifecycle import commands
from jobs.models import Job
from jobs.queries.job_detail import POLL_SLOW_S
from tests.allowed import allowed
from tests.make import make_user

GOAL = "watchers"
DELAY_MS = 20
PAGES, LISTS_OF = 200, 10
"""Open pages; one of so many is the jobs list, all others are the job's page."""

P95_MS, SHARE, CPU_MS, KB = 500, 0.8, 5, 10
OPENED_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Span:
    """Of a running job: times are of time.monotonic."""

    from_s: float
    to_s: float
    tasks: int
    web_cpu_s: float

    @property
    def per_s(self) -> float:
        return self.tasks / (self.to_s - self.from_s)


def two_hundred(place: Place, found: Findings) -> None:
    tasks, goal = sizes.tasks(600_000), f"{GOAL}, {place.database}"
    with installation.running() as ours:
        alone_per_s = _alone_per_s(place, tasks, found)
        contest.say(f"  alone: {alone_per_s:,.0f}/s")
        job = _waiting(place, tasks)
        pages = list(_pages(job))
        viewers = Viewers(ours.url, list(_sessions(len(pages))), pages)
        viewers.open(OPENED_WITHIN_S)
        try:
            crew.await_(
                lambda: all(one.every_s for one in viewers.all) or viewers.failed, within_s=120
            )
            begun_s = time.monotonic()
            watched = _watched(job, ours, viewers, tasks, found)
        finally:
            viewers.end()
        contest.say(f"  with {len(pages)} open pages: {watched.per_s:,.0f}/s")
        found.wrong += [f"a fragment did not come: {sentence}" for sentence in viewers.failed]
        _note_rates(goal, found, len(pages), alone_per_s, watched)
        _note_looks(goal, found, "all fragments", viewers.looks(begun_s, watched.to_s))
        just_running = viewers.looks(watched.from_s, watched.to_s)
        _note_looks(goal, found, "those while the job just ran", just_running)
        _note_cost(goal, found, just_running, watched)
        for process, mb in ours.memory.mb.items():
            contest.say(f"      {process}: {mb:.0f} MB")


def _waiting(place: Place, tasks: int) -> Job:
    """A job that was prepared, and waits for its confirmation."""
    url = place.stub.url(DELAY_MS)
    job = trials.make(place.stub, trials.TAGGING, tasks, url=url, confirmation_required=True)
    trials.await_status(job, {JobStatus.SUSPENDED})
    return job


def _pages(job: Job) -> Iterator[str]:
    for number in range(max(10, int(PAGES * min(1.0, sizes.number("BENCH_SCALE", 1.0))))):
        is_list = number % LISTS_OF == LISTS_OF - 1
        yield reverse("job-list") if is_list else reverse("job-detail", args=[job.pk])


def _sessions(count: int) -> Iterator[str]:
    """The cookie of each of so many people who are signed in: half may pause the job, half only look."""
    people = [make_user("operator"), make_user("viewer")]
    for number in range(count):
        client = Client()
        client.force_login(people[number % 2])
        yield "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _alone_per_s(place: Place, tasks: int, found: Findings) -> float:
    """From its first claim to its last record."""
    job = trials.make(place.stub, trials.TAGGING, tasks, url=place.stub.url(DELAY_MS))
    trials.await_status(job, TERMINAL)
    found.wrong += trials.check_end(job, tasks)
    return tasks / active_s(job)


def _watched(job: Job, ours: Installation, viewers: Viewers, tasks: int, found: Findings) -> Span:
    """From when it runs, and all pages have seen that it does, to its last record."""
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    crew.await_(lambda: trials.see(job).tasks_done and _all_see(viewers), within_s=120)
    from_s, cpu_s, done = time.monotonic(), _web_cpu_s(ours), trials.see(job).tasks_done
    trials.await_status(job, {JobStatus.COMPLETING, *TERMINAL})
    span = Span(from_s, time.monotonic(), tasks - done, _web_cpu_s(ours) - cpu_s)
    trials.await_status(job, TERMINAL)
    found.wrong += trials.check_end(job, tasks)
    return span


def _all_see(viewers: Viewers) -> bool:
    """Lists ask as seldom as pages of a job that waits."""
    return all(one.every_s != POLL_SLOW_S or one.page == reverse("job-list") for one in viewers.all)


def _web_cpu_s(ours: Installation) -> float:
    return sum(crew.used_s(pid) for pid in (ours.web_pid, *children_of(ours.web_pid)))


def _note_rates(goal: str, found: Findings, pages: int, alone_per_s: float, watched: Span) -> None:
    found.add(goal, "the job alone: objects/s", figure([alone_per_s]))
    found.add(goal, f"with {pages} open pages: objects/s", figure([watched.per_s]))
    share = watched.per_s / alone_per_s
    found.add(
        goal, "its rate with them, times alone", figure([share]), digits=2,
        aim=f">= {SHARE}", met=share >= SHARE,
    )  # fmt: skip


def _note_looks(goal: str, found: Findings, which: str, looks: list[Look]) -> None:
    """The others are those in which all pages are told that the status changed, each for itself."""
    if not looks:
        return
    took_ms = sorted(look.took_s * 1000 for look in looks)
    p95 = took_ms[int(len(took_ms) * 0.95)]
    found.add(
        goal, f"{which}, {len(looks):,}: p95, ms (median to slowest)",
        Figure(p95, statistics.median(took_ms), took_ms[-1]), aim=f"<= {P95_MS}", met=p95 <= P95_MS,
    )  # fmt: skip


def _note_cost(goal: str, found: Findings, looks: list[Look], span: Span) -> None:
    """`looks` are those of the span."""
    if not looks:
        return
    cpu_ms = span.web_cpu_s / len(looks) * 1000
    found.add(
        goal, "a fragment: CPU ms of the web server", figure([cpu_ms]), digits=1,
        aim=f"<= {CPU_MS}", met=cpu_ms <= CPU_MS,
    )  # fmt: skip
    size_kb = figure([look.size_bytes / 1000 for look in looks])
    found.add(
        goal, "a fragment: kB", size_kb, digits=1, aim=f"<= {KB}", met=size_kb.high <= KB
    )  # fmt: skip
    per_s = len(looks) / (span.to_s - span.from_s)
    found.add(goal, "fragments/s", figure([per_s]))
