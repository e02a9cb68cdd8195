"""A job beside storages that trickle, hang and answer without end: its rate against that when it is
alone, pages that somebody opens meanwhile, and the memory of all processes.
"""

import contextlib
import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from bench import bad_storages, contest, house, installation, sizes, trials
from bench.browser import Browser
from bench.crew import await_
from bench.figures import Figure, Findings, figure
from bench.goals.scale import moment
from bench.installation import Installation
from bench.place import Place
from jobs.choices import TERMINAL, JobStatus
from jobs.lifecycle import commands
from jobs.models import Bucket, Draft, Job
from jobs.spec.job import LimitsSpec
from tests.allowed import allowed
from tests.make import make_user

GOAL = "neighbours"
SHARE, PAGE_S, RSS_MB = 0.8, 1.0, 300
DELAY_MS = 20
LISTS, TASK_JOBS, TASKS = 4, 2, 100_000
"""At each bad storage: jobs that are prepared there, jobs whose tasks go there, tasks of each. However
many of these fail, the job goes on.
"""

PAUSE_S = 0.1
"""Between two pages that somebody opens."""

PHASES = ("prepare", "run", "finish", "all")


def beside_bad_storages(place: Place, found: Findings) -> None:
    tasks = sizes.tasks(1_000_000)
    with installation.running() as ours:
        job = _done(place, tasks)
        alone_s = _phases(job)
        found.wrong += trials.check_end(job, tasks)
        contest.say(f"  alone: {_told(alone_s)}")
        with bad_storages.running() as urls:
            theirs = _make_jobs(place, urls)
            with _visited(ours, urls) as visit:
                job = _done(place, tasks, visit)
                beside_s = _phases(job)
                _note_jobs(found, theirs)
        found.wrong += trials.check_end(job, tasks)
        contest.say(f"  beside bad storages: {_told(beside_s)}")
        ours.memory.look()
        _note_rates(found, tasks, alone_s, beside_s)
        _note_pages(found, visit)
        _note_memory(found, ours.memory.mb)


def _done(place: Place, tasks: int, visit: "Visit | None" = None) -> Job:
    """A job, from its creation to its report."""
    job = trials.make(place.stub, trials.TAGGING, tasks, url=place.stub.url(DELAY_MS))
    if visit:
        visit.job_id = job.pk
    trials.await_status(job, TERMINAL)
    return job


def _phases(job: Job) -> dict[str, float]:
    """How long each of PHASES took in s, and until somebody began to prepare it ("wait")."""
    begun = trials.see(job).created_at.timestamp()
    preparing, ready = moment(job, JobStatus.PREPARING), moment(job, JobStatus.READY)
    completing, end = moment(job, JobStatus.COMPLETING), moment(job, JobStatus.COMPLETE)
    return {
        "wait": preparing - begun,
        "prepare": ready - preparing,
        "run": completing - ready,
        "finish": end - completing,
        "all": end - begun,
    }


def _told(phases_s: Mapping[str, float]) -> str:
    return ", ".join(f"{phase} {spent_s:.1f} s" for phase, spent_s in phases_s.items())


# --- The bad storages' jobs


def _make_jobs(place: Place, urls: Mapping[str, str]) -> list[Job]:
    """Jobs of all bad storages. Returns when all have been begun."""
    jobs = [job for does, url in urls.items() for job in _jobs_of(place, does, url)]
    await_(lambda: not _untouched(jobs), within_s=120, every_s=0.2)
    return jobs


def _jobs_of(place: Place, does: str, url: str) -> Iterator[Job]:
    there = house.region(url)
    bucket = f"lists-{there.slug}"
    Bucket.objects.create(name=bucket, region=there)
    for number in range(TASK_JOBS):
        # Its storage fell ill after it was prepared.
        job = trials.make(
            place.stub, trials.TAGGING, TASKS + number, url=place.stub.url(),
            confirmation_required=True, limits=LimitsSpec(failure_percent=100),
        )  # fmt: skip
        trials.await_status(job, {JobStatus.SUSPENDED})
        Job.objects.filter(pk=job.pk).update(region=there)
        commands.confirm(job.pk, by=allowed(), now=timezone.now())
        yield job
    for number in range(LISTS):
        listed = (bucket, f"list-{number}.csv", bad_storages.ETAG)
        yield trials.make_over(listed, trials.TAGGING, url=url)


def _untouched(jobs: list[Job]) -> int:
    """How many wait for somebody to look at them for the first time."""
    fresh = (JobStatus.NEW, JobStatus.READY)
    return Job.objects.filter(pk__in=[job.pk for job in jobs], status__in=fresh).count()


# --- Somebody who opens pages meanwhile


@dataclass(slots=True)
class Visit:
    """`looks` are at pages that ask no storage, `browsed` at buckets of the bad ones, `job_id` is the
    job whose page is opened, `failed` what went wrong.
    """

    looks: Browser
    browsed: Browser
    job_id: str = ""
    failed: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.is_over.wait(PAUSE_S):
            self._open(self.looks, "overview", "/")
            self._open(self.looks, "jobs list", "/jobs/")
            if self.job_id:
                self._open(self.looks, "the job's page", f"/jobs/{self.job_id}/")

    def browse(self, does: str, draft: Draft) -> None:
        path = f"/jobs/create/{draft.pk}/browse/manifest_object/?bucket=data"
        while not self.is_over.wait(PAUSE_S):
            self._open(self.browsed, f"a storage that {does}", path)

    def _open(self, browser: Browser, name: str, path: str) -> None:
        try:
            browser.look(name, path)
        except OSError as error:
            self.failed.append(f"{name}: {error}")


@contextlib.contextmanager
def _visited(ours: Installation, urls: Mapping[str, str]) -> Iterator[Visit]:
    """One looks at pages all the time, and one at each bad storage."""
    user = make_user("admin")
    visit = Visit(Browser(ours.url), Browser(ours.url))
    for browser in (visit.looks, visit.browsed):
        browser.sign_in(user.email)
    threads = [threading.Thread(target=visit.look, daemon=True)]
    now = timezone.now()
    for does, url in urls.items():
        data = {"manifest": {"region": house.region(url).slug}}
        draft = Draft.objects.create(owner=user, data=data, created_at=now, updated_at=now)
        threads.append(threading.Thread(target=visit.browse, args=(does, draft), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield visit
    finally:
        visit.is_over.set()
        for thread in threads:
            thread.join()


# --- What came of it


def _note_rates(
    found: Findings, tasks: int, alone_s: Mapping[str, float], beside_s: Mapping[str, float]
) -> None:
    for name, spent_s in (("alone", alone_s), ("beside them", beside_s)):
        found.add(GOAL, f"{name}: s until it was its turn", figure([spent_s["wait"]]), digits=1)
        for phase in PHASES:
            rate = figure([tasks / max(spent_s[phase], 0.001)])
            found.add(GOAL, f"{name}, {phase}: objects/s", rate)
    for phase in PHASES:
        share = alone_s[phase] / max(beside_s[phase], 0.001)
        found.add(
            GOAL, f"{phase}: rate beside them, times alone", figure([share]), digits=2,
            aim=f">= {SHARE}", met=share >= SHARE,
        )  # fmt: skip


def _note_jobs(found: Findings, theirs: list[Job]) -> None:
    going = Job.objects.going().filter(pk__in=[job.pk for job in theirs])
    found.add(GOAL, f"of {len(theirs)} jobs of theirs go on at the end", figure([going.count()]))
    for job in Job.objects.filter(pk__in=[job.pk for job in theirs]).order_by("region", "pk"):
        contest.say(
            f"      {job.region}: {job.status}, {job.prepared_rows:,} prepared, {job.tasks_done:,} done."
            f" {job.waiting_for}{job.failure_reason}"
        )


def _note_pages(found: Findings, visit: Visit) -> None:
    for browser, has_goal in ((visit.looks, True), (visit.browsed, False)):
        for name, took_s in sorted(browser.took_s.items()):
            slowest_s = max(took_s)
            spread = Figure(slowest_s, min(took_s), _median(took_s))
            what = f"{name}, {len(took_s)} times: slowest, s (least to median)"
            found.add(
                GOAL, what, spread, digits=2,
                aim=f"<= {PAGE_S:g}" if has_goal else "",
                met=slowest_s <= PAGE_S if has_goal else None,
            )  # fmt: skip
    found.wrong += [f"a page that could not be opened: {sentence}" for sentence in visit.failed]


def _median(values: list[float]) -> float:
    return sorted(values)[math.floor(len(values) / 2)]


def _note_memory(found: Findings, peaks_mb: Mapping[str, float]) -> None:
    for process, mb in sorted(peaks_mb.items()):
        contest.say(f"      {process}: {mb:.0f} MB")
    process, mb = max(peaks_mb.items(), key=lambda peak: peak[1])
    found.add(
        GOAL, f"largest process ({process}): peak RSS, MB", figure([mb]),
        aim=f"<= {RSS_MB}", met=mb <= RSS_MB,
    )  # fmt: skip
