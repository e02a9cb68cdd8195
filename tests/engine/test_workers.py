"""Workers under real supervision that die, hang and are stopped in the middle of a job."""

import signal

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.lifecycle import commands
from jobs.models import Chunk
from jobs.queries.workers import unattended
from jobs.queueing import HEARD_S, workers_seen
from tests.allowed import allowed
from tests.engine.houses import QUICK, running_chunks, see
from tests.engine.test_restarts import wait_s
from tests.faults import kill
from tests.servers import eventually
from tests.test_worker import alive

pytestmark = pytest.mark.timeout(240)
ROWS = int(QUICK["BATCHCONSOLE_CHUNK_ROWS"])


def frozen_with_a_chunk(house, job):
    """A runner and its horse, stopped while it holds chunks of `job`, and these; or None."""
    for worker in house.family.workers("run"):
        for horse in worker.children():
            horse.suspend()
            if held := held_by(horse, job):
                return worker, horse, held
            horse.resume()
    return None


def held_by(horse, job):
    return list(running_chunks(job).filter(owner__endswith=f":{horse.pid}"))


def taken_over(held):
    """All of them, and perhaps cleared away since, with the job."""
    first = {chunk.pk: chunk.fence for chunk in held}
    return not any(
        fence == first[pk]
        for pk, fence in Chunk.objects.filter(pk__in=first).values_list("pk", "fence")
    )


def test_killed_worker_loses_nothing_and_repeats_what_it_held_at_most(house):
    house.start()
    job = house.in_the_middle()
    worker, horse, held = eventually(lambda: frozen_with_a_chunk(house, job))
    kill(worker, horse)
    house.fault()
    found = house.ends(job)
    assert taken_over(held)
    assert found.repeated <= sum(chunk.rows for chunk in held)


def test_killed_horses_leave_their_workers_at_work_and_lose_nothing(house):
    house.start()
    job = house.in_the_middle(450)
    workers = house.family.workers("run")
    held = []
    for _ in range(3):
        _, horse, chunks = eventually(lambda: frozen_with_a_chunk(house, job))
        held += chunks
        kill(horse)
        house.fault()
    found = house.ends(job)
    assert house.family.workers("run") == workers
    assert found.repeated <= sum(chunk.rows for chunk in held)


def test_horses_whose_workers_were_killed_end_and_no_call_is_made_after_that(house):
    house.start()
    job = house.in_the_middle(600)
    horses = house.family.horses("run")
    supervisor, workers = house.family.everyone()[0], house.family.workers("run")
    supervisor.suspend()  # nobody starts others meanwhile
    house.fault(kill(*workers))
    eventually(lambda: not any(alive(horse) for horse in horses), within_s=20)
    calls = sum(house.storage.asked.values())
    house.storage.delay_s = 0
    wait_s(1)
    assert sum(house.storage.asked.values()) == calls
    supervisor.resume()
    house.ends(job)


def test_all_processes_end_when_the_supervisor_and_the_workers_are_killed_in_mid_job(house):
    house.start()
    job = house.in_the_middle()
    everyone = house.family.everyone()
    house.fault(kill(everyone[0], *house.family.workers("run")))
    eventually(lambda: not any(alive(process) for process in everyone))
    house.start()
    house.ends(job)


def test_job_that_nobody_works_on_says_so_while_workers_are_frozen_and_when_they_are_gone(house):
    house.start()
    job = house.make(20)
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    supervisor, frozen = house.family.everyone()[0], house.family.workers("run")
    for process in (supervisor, *frozen):
        process.suspend()
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    words = f"No runner was heard of for {int(HEARD_S)}"[:-2]
    eventually(lambda: words in why_unattended(job), within_s=30, every_s=1)
    assert "2 runners on" in why_unattended(job)
    kill(*frozen)
    assert why_unattended(job)
    supervisor.resume()
    eventually(lambda: why_unattended(job) == "")
    house.ends(job)


def why_unattended(job):
    """With the patience that a job has while runners are there, which is not what this is about."""
    now = timezone.now()
    return unattended(see(job), workers_seen(), is_held=False, since=now, now=now)


def test_what_a_worker_brings_that_slept_longer_than_its_lease_is_thrown_away(house):
    house.start()
    job = house.in_the_middle()
    _, horse, held = eventually(lambda: frozen_with_a_chunk(house, job))
    house.fault()
    eventually(lambda: taken_over(held))
    horse.resume()
    found = house.ends(job)
    assert found.repeated <= sum(chunk.rows for chunk in held)


def test_stopped_workers_hand_back_and_repeat_nothing(house):
    house.start()
    job = house.in_the_middle()
    process = house.programs[-1].process
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    house.fault()
    stopped = see(job)
    assert stopped.status == JobStatus.ACTIVE and 0 < stopped.tasks_done < stopped.total_tasks
    assert not running_chunks(job).exists()
    house.start()
    assert house.ends(job).repeated == 0


def test_stopped_worker_alone_hands_back_and_is_started_again(house):
    house.start()
    job = house.in_the_middle()
    worker = house.family.workers("run")[0]
    worker.terminate()
    worker.wait(60)
    house.fault()
    eventually(lambda: len(house.family.workers("run")) == 2)
    assert house.ends(job).repeated == 0


def test_killed_control_workers_prepare_and_finish_a_job_all_the_same(house):
    house.start(BATCHCONSOLE_CHUNK_ROWS="10", BATCHCONSOLE_SEGMENT_CHUNKS="1")
    job = house.make(500)
    eventually(lambda: see(job).prepared_rows > 20)
    killed = kill(*house.family.workers("control"), *house.family.horses("control"))
    assert see(job).status == JobStatus.PREPARING
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    house.storage.silent.add(house.place.reports)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: house.storage.unanswered and house.family.horses("control"))
    killed += kill(*house.family.workers("control"), *house.family.horses("control"))
    assert see(job).status == JobStatus.COMPLETING
    house.storage.silent.clear()
    house.fault(killed)
    assert house.ends(job).repeated == 0


def test_whole_installation_that_is_killed_at_once_goes_on_where_it_was(house):
    house.start()
    jobs = [house.in_the_middle(), house.make(200)]
    everyone = house.family.everyone()
    kill(*everyone)
    house.fault()
    for process in everyone:
        process.wait(60)
    house.start()
    eventually(lambda: see(jobs[1]).status == JobStatus.SUSPENDED)
    commands.confirm(jobs[1].pk, by=allowed(), now=timezone.now())
    for job in jobs:
        house.ends(job)


def test_cancel_stops_running_workers_and_reports_exactly_what_was_done(house):
    house.start()
    job = house.in_the_middle()
    commands.cancel(job.pk, by=allowed(), now=timezone.now(), reason="wrong tag")
    eventually(lambda: see(job).status == JobStatus.CANCELLED)
    assert see(job).tasks_done < 300
    assert house.ends(job, JobStatus.CANCELLED).repeated == 0
    assert sum(house.storage.asked.values()) == see(job).tasks_done
