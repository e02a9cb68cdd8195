"""One list that several control workers prepare: parts beside each other, and joined in their order."""

import contextlib
import random
import threading
from itertools import accumulate

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine import control, control_turns
from jobs.engine.database import now_s
from jobs.engine.preparing import list_parts, planner, row_keeping
from jobs.errors import LeaseLostError
from jobs.manifests.generated import source
from jobs.manifests.inventory import sharing
from jobs.manifests.listing import spans
from jobs.models import Chunk, Job, ListPart
from jobs.queries.job_detail import job_progress
from tests import make
from tests.engine.test_generated_lists import generator, keys_of, make_job
from tests.engine.test_inventories import job_over, put, rows_of, told
from tests.inventories import key_of_part

FAR_S = 4e9


class Killed(BaseException):
    """The worker dies at this line."""


@pytest.fixture
def workers(monkeypatch):
    """How many are free: a list of one number. Every list is worth sharing."""
    free = [2]
    monkeypatch.setattr(control_turns, "free_workers", lambda: free[0])
    monkeypatch.setattr(list_parts, "ASKED_S", 0.0)
    monkeypatch.setattr(sharing, "LEAST_BYTES", 1)
    monkeypatch.setattr(spans, "_LEAST_PAGES_TO_LEAVE", 0.5)
    monkeypatch.setattr(source, "PAGE_ROWS", 5)
    return free


@pytest.fixture
def helping(steps):
    """Reads a part of the job's list, as a worker that does not hold the job."""

    def help_to_prepare(job):
        planner.help_to_prepare(job.pk, work=steps.work, clock=timezone.now, stop=steps.stop)

    return help_to_prepare


def inventory(place, files, bad=()):
    """A job over an inventory of so many files of three objects each; those that are `bad` have a line
    that is none behind their rows.
    """
    names = [[f"{file}/{n}" for n in range(3)] for file in range(files)]
    place.put_objects([key for some in names for key in some])
    parts = [rows_of(place, some) for some in names]
    for file in bad:
        parts[file].append(["no bucket's name!", "x"])
    job = job_over(place, put(place, place.source, parts))
    return job, [key for some in names for key in some]


def hold(job):
    """By a worker that does nothing just now."""
    Job.objects.filter(pk=job.pk).update(control_lease_expires_s=FAR_S)


def let_go(job):
    Job.objects.filter(pk=job.pk).update(control_lease_expires_s=0, waiting_until_s=0)


def shared_out(steps, job, settings):
    """Its files are left to others but for the first, and nothing is read yet."""
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    steps.prepare(job)
    settings.BATCHCONSOLE_TIME_BOX_S = 30
    assert job.parts.count() > 1


def assert_is_whole(job, keys):
    """Chunks follow each other without a gap."""
    chunks = list(Chunk.objects.filter(job=job).order_by("position"))
    rows = [chunk.rows for chunk in chunks]
    assert [chunk.position for chunk in chunks] == [0, *accumulate(rows)][:-1]
    assert job.total_tasks == sum(rows) == len(keys)
    assert not ListPart.objects.exists()


def test_files_of_an_inventory_are_read_by_several_workers_and_reported_in_their_order(
    place, steps, workers, helping, settings
):
    job, keys = inventory(place, 4)
    shared_out(steps, job, settings)
    hold(job)
    helping(job)
    helping(job)
    let_go(job)
    job = steps.prepare(job)
    assert_is_whole(job, keys)
    assert job.buckets == {place.source: [12, 1, key_of_part(1, "CSV")]}
    steps.confirm(job)
    steps.run()
    assert told(place, steps.finish(job)) == [(place.source, key, "succeeded") for key in keys]


def test_worker_alone_reads_all_parts_itself(place, steps, workers):
    job, keys = inventory(place, 3)
    assert_is_whole(steps.prepare(job), keys)


def test_list_is_not_shared_where_no_worker_is_free(place, steps, workers, settings):
    workers[0] = 0
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    job, _ = inventory(place, 3)
    steps.prepare(job)
    assert not ListPart.objects.exists()


def test_first_wrong_line_of_the_list_is_named_whoever_found_another_first(
    place, steps, workers, helping, settings
):
    job, _ = inventory(place, 4, bad=[1, 2])
    shared_out(steps, job, settings)
    hold(job)
    first = job.parts.get(number=1)
    ListPart.objects.filter(pk=first.pk).update(lease_expires_s=FAR_S)
    helping(job)
    assert job.parts.get(number=2).failure["line"] == 4
    assert not job.parts.filter(number=3).exists()
    ListPart.objects.filter(pk=first.pk).update(lease_expires_s=0)
    let_go(job)
    job = steps.prepare(job)
    assert (job.status, job.failure_line) == (JobStatus.FAILING, 4)
    assert job.failure_file == key_of_part(2, "CSV")


def test_what_a_helper_cannot_read_is_left_to_who_holds_the_job(
    place, steps, workers, helping, settings, monkeypatch
):
    job, keys = inventory(place, 3)
    shared_out(steps, job, settings)
    hold(job)

    def away(*_, **__):
        raise RuntimeError("nobody foresaw this")

    with monkeypatch.context() as patch:
        patch.setattr(row_keeping, "blocks_of", away)
        helping(job)
    second = list_parts.take(job.pk, None)
    assert second.part.number == 2
    second.release()
    let_go(job)
    assert_is_whole(steps.prepare(job), keys)


def test_helper_that_lost_its_part_brings_nothing(place, steps, workers, settings):
    job, keys = inventory(place, 3)
    shared_out(steps, job, settings)
    lost = list_parts.take(job.pk, None)
    ListPart.objects.filter(pk=lost.part.pk).update(lease_expires_s=0, is_helped=False)
    assert list_parts.take(job.pk, None).part == lost.part
    turn = row_keeping.Turn(steps.work, timezone.now, steps.stop, threading.Event(), FAR_S)
    with pytest.raises(LeaseLostError):
        planner._read_part(steps.see(job), lost, turn)
    ListPart.objects.update(lease_expires_s=0)
    assert_is_whole(steps.prepare(job), keys)


def test_helper_of_a_job_that_was_cancelled_brings_nothing(place, steps, workers, settings):
    job, _ = inventory(place, 3)
    shared_out(steps, job, settings)
    lease = list_parts.take(job.pk, None)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.CANCELLED)
    turn = row_keeping.Turn(steps.work, timezone.now, steps.stop, threading.Event(), FAR_S)
    with pytest.raises(LeaseLostError):
        planner._read_part(steps.see(job), lease, turn)
    assert not Chunk.objects.filter(job=job).exists()


@pytest.mark.parametrize("seed", range(6))
def test_kills_of_any_worker_at_any_line_leave_each_row_once_and_in_order(
    place, steps, workers, helping, settings, monkeypatch, seed
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    drawn = random.Random(seed)
    keeping = row_keeping.RowKeeping
    monkeypatch.setattr(keeping, "_checkpoint", mortal(drawn, keeping._checkpoint))
    monkeypatch.setattr(list_parts, "join", mortal(drawn, list_parts.join))
    monkeypatch.setattr(row_keeping, "add_chunks", mortal(drawn, row_keeping.add_chunks))
    job, keys = inventory(place, 5)
    assert_is_whole(brought_through(job, steps, helping, drawn), keys)
    steps.confirm(job)
    steps.run()
    assert told(place, steps.finish(job)) == [(place.source, key, "succeeded") for key in keys]


@pytest.mark.parametrize("seed", range(3))
def test_ranges_of_a_listing_are_read_by_any_worker_and_no_object_is_listed_twice(
    place, steps, workers, helping, settings, monkeypatch, seed
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 4
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    drawn = random.Random(seed)
    left = []
    add = list_parts.add
    monkeypatch.setattr(list_parts, "add", lambda job, parts: (left.extend(parts), add(job, parts)))
    keeping = row_keeping.RowKeeping
    monkeypatch.setattr(keeping, "_checkpoint", mortal(drawn, keeping._checkpoint))
    keys = sorted(f"{drawn.getrandbits(64):016x}" for _ in range(120))
    place.put_objects(keys)
    job = make_job(place, generator(place))
    job = brought_through(job, steps, helping, drawn)
    assert left
    assert_is_whole(job, keys)
    steps.confirm(job)
    steps.run()
    job = steps.finish(job)
    assert keys_of(place, job) == keys
    assert job.listed_bytes == len(keys)  # each has one


def mortal(drawn, step):
    """`step`, at which workers die now and then: before it, and after it was done."""

    def maybe(*args, **kwargs):
        if drawn.random() < 0.15:
            raise Killed
        step(*args, **kwargs)
        if drawn.random() < 0.15:
            raise Killed

    return maybe


def brought_through(job, steps, helping, drawn):
    for _ in range(300):
        is_lead = drawn.random() < 0.5
        (let_go if is_lead else hold)(job)
        ListPart.objects.update(lease_expires_s=0, is_helped=False)
        with contextlib.suppress(Killed):
            (steps.prepare if is_lead else helping)(job)
        job = steps.see(job)
        if job.status != JobStatus.PREPARING and job.status != JobStatus.NEW:
            return job
    raise AssertionError("it never ends")


def test_page_counts_the_rows_of_all_parts(place, steps, workers, helping, settings):
    job, _ = inventory(place, 3)
    shared_out(steps, job, settings)
    hold(job)
    helping(job)
    assert job_progress(steps.see(job), now=timezone.now()).read_rows == 3


def test_worker_helps_only_where_no_job_is_due(place, steps, workers, settings):
    job, _ = inventory(place, 3)
    shared_out(steps, job, settings)
    hold(job)
    other = job_over(place, put(place, place.source, [rows_of(place, ["x"])]))
    assert (control_turns.take_turn().job_id, control_turns.take_turn().helps) == (other.pk, False)
    hold(other)
    turn = control_turns.take_turn()
    assert (turn.job_id, turn.helps, turn.more) == (job.pk, True, True)


def test_helper_makes_room_for_a_region_that_nobody_is_at(
    place, steps, workers, settings, monkeypatch
):
    monkeypatch.setattr(control_turns, "is_somebody_waiting", lambda: True)
    job, _ = inventory(place, 3)
    shared_out(steps, job, settings)
    hold(job)
    turn = control_turns.take_turn()
    list_parts.take(job.pk, None)
    goes_on = control_turns.goes_on(turn)
    assert goes_on()
    make.make_job(JobStatus.PREPARING, region=make.make_region())
    assert not goes_on()


def test_job_whose_parts_are_all_in_others_hands_is_nobodys_turn(place, steps, workers, settings):
    job, keys = inventory(place, 3)
    shared_out(steps, job, settings)
    ListPart.objects.update(lease_expires_s=now_s() + 60)
    job = steps.prepare(job)
    assert (job.is_read, job.status) == (True, JobStatus.PREPARING)
    assert control_turns.take_turn() is None
    ListPart.objects.update(lease_expires_s=0)
    assert control_turns.take_turn().job_id == job.pk


def test_control_worker_prepares_a_list_that_another_one_holds(
    place, steps, workers, settings, monkeypatch
):
    job, keys = inventory(place, 3)
    shared_out(steps, job, settings)
    hold(job)
    control.prepare_and_finish(work=steps.work, clock=timezone.now, stop=steps.stop)
    assert not job.parts.filter(is_read=False).exists()
    assert sum(job.parts.values_list("prepared_rows", flat=True)) == 6
    let_go(job)
    assert_is_whole(steps.prepare(job), keys)
