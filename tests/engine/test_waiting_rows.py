"""Rows that were asked for and are not there yet: their job waits, and holds nobody."""

import csv
import threading
from collections import Counter

import pytest
from django.utils import timezone

from jobs import conf
from jobs.choices import ChunkState, JobStatus
from jobs.engine import choosing, claims, finisher, sweep, waiting_rows
from jobs.engine.database import now_s
from jobs.lifecycle import commands, pauses
from jobs.models import Chunk, FailureCause, Job
from jobs.operations.guarded import guarded
from jobs.operations.initiate_restore_object import InitiateRestoreObject
from jobs.operations.restore_waiting import DAY_S
from jobs.operations.waiting import WaitingOperation, Waits
from jobs.queries.job_detail import job_progress
from jobs.queries.waiting import waiting_of
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Guard, Target
from jobs.workstore import results
from jobs.workstore.store import FolderStore
from tests import s3_double
from tests.allowed import allowed
from tests.engine.test_open_chunks import Bench, see
from tests.operations.walking import walk
from tests.s3_double import described, error, reply
from tests.sequential import context_at

pytestmark = pytest.mark.django_db(transaction=True)

RESTORE = {"ExpirationInDays": 7, "WaitUntilReadable": True, "WaitAtMostDays": 2}
READY = "Restore requested. Ready: the object can be read."


class Archive:
    """A storage of archived objects, restored when a test says so."""

    def __init__(self):
        self.requested, self.looked = Counter(), Counter()
        self.readable, self.refused, self.all_readable = set(), set(), False

    def __call__(self, received):
        key = received.path.rpartition("/")[2]
        if received.method == "POST":
            if key in self.refused:
                return error(403, "InvalidObjectState", "It is not archived.")
            self.requested[key] += 1
            if self.requested[key] > 1:
                return error(409, "RestoreAlreadyInProgress", "A restore is in progress.")
            return reply(202)
        self.looked[key] += 1
        ongoing = str(not (self.all_readable or key in self.readable)).lower()
        shown = f'x-amz-restore: ongoing-request="{ongoing}"\r\n' if self.requested[key] else ""
        return described(headers=f"x-amz-storage-class: GLACIER\r\n{shown}")


@pytest.fixture
def bench(redis):
    with s3_double.running() as double:
        bench = Bench(double, FolderStore(conf.work_dir()), threading.Event())
        bench.archive = double.answer = Archive()
        yield bench


def ready(bench, rows, *, rows_per_chunk, parameters=RESTORE, **facts):
    """Without the looks at the first tasks, unless a test wants them."""
    named = {"operation": "S3InitiateRestoreObject", "parameters": parameters}
    facts = {**named, "checks_waived": True, **facts}
    return bench.ready(rows, rows_per_chunk=rows_per_chunk, **facts)


def let_time_pass():
    """Until every look is due."""
    Chunk.objects.filter(state=ChunkState.WAITING).update(not_before_s=now_s() - 1)
    sweep.sweep(now=timezone.now())


def visit(bench):
    let_time_pass()
    bench.run()


def chunks(job):
    return list(Chunk.objects.filter(job=job).order_by("position"))


def test_requested_rows_wait_in_whole_chunks_that_nobody_holds(bench):
    job = ready(bench, 60, rows_per_chunk=20)
    bench.run()
    assert sum(bench.archive.requested.values()) == 60
    assert [(c.rows, c.state, c.waits, c.owner) for c in chunks(job)] == [
        (20, "Waiting", 1, "")
    ] * 3
    assert all(c.not_before_s > now_s() and c.tried_since_s for c in chunks(job))
    job = see(job)
    assert (job.status, job.tasks_done, job.waiting_for) == (JobStatus.ACTIVE, 0, "")
    assert not choosing.jobs_with_work()
    assert not FailureCause.objects.exists()


def test_visit_looks_at_a_few_rows_of_each_chunk_and_the_next_one_is_later(bench):
    job = ready(bench, 60, rows_per_chunk=20)
    bench.run()
    before = [c.not_before_s - now_s() for c in chunks(job)]
    bench.archive.looked.clear()
    visit(bench)
    looks = sum(bench.archive.looked.values())
    assert looks == 3 * waiting_rows.LOOKED_AT
    assert [(c.rows, c.state, c.waits) for c in chunks(job)] == [(20, "Waiting", 2)] * 3
    after = [c.not_before_s - now_s() for c in chunks(job)]
    assert all(later > 1.5 * sooner for sooner, later in zip(before, after, strict=True))
    visit(bench)
    assert len(bench.archive.looked) > 3 * waiting_rows.LOOKED_AT, "the same few every time"
    assert sum(bench.archive.requested.values()) == 60


def test_nothing_is_looked_at_before_its_time(bench):
    ready(bench, 20, rows_per_chunk=20)
    bench.run()
    bench.archive.looked.clear()
    sweep.sweep(now=timezone.now())
    bench.run()
    assert not bench.archive.looked


def finish(bench, job):
    finisher.finish_job(job.pk, work=bench.work, clock=timezone.now, stop=bench.stop)
    return see(job)


def rows_of(bench, job):
    found = {}
    for name in bench.work.list(f"{job.pk}/results"):
        for rows in results.decode(bench.work.read(name)):
            for row in csv.reader(rows.decode().splitlines()):
                found[row[1]] = row[3:]
    return found


@pytest.mark.parametrize("checks_waived", [True, False])
def test_job_completes_when_all_can_be_read_and_each_row_says_so(bench, checks_waived):
    job = ready(bench, 40, rows_per_chunk=20, report_enabled=False, checks_waived=checks_waived)
    bench.run()
    bench.archive.all_readable = True
    visit(bench)
    assert see(job).status == JobStatus.COMPLETING
    told = rows_of(bench, job)
    assert len(told) == 40
    assert set(map(tuple, told.values())) == {("succeeded", "200", "", READY)}
    assert see(job).tasks_succeeded == 40
    assert finish(bench, job).status == JobStatus.COMPLETE
    assert set(bench.archive.requested.values()) == {1}


def test_rows_that_can_be_read_are_recorded_and_the_others_go_on_waiting(bench):
    job = ready(bench, 20, rows_per_chunk=20)
    bench.run()
    late = {"k003", "k004", "k017"}
    keys = {f"k{n:03d}" for n in range(20)}
    bench.archive.readable = keys - late
    while see(job).tasks_succeeded < 17:
        visit(bench)
    assert [(c.position, c.rows) for c in chunks(job) if c.state == "Waiting"] == [(3, 2), (17, 1)]
    bench.archive.readable = keys
    visit(bench)
    assert (see(job).tasks_succeeded, see(job).status) == (20, JobStatus.COMPLETING)
    assert set(bench.archive.requested.values()) == {1}
    assert set(bench.reported(job).values()) == {1}


def test_refused_rows_fail_at_once_and_are_not_asked_for_again(bench):
    bench.archive.refused = {"k001", "k005"}
    job = ready(bench, 10, rows_per_chunk=10)
    bench.run()
    assert (see(job).tasks_failed, see(job).tasks_succeeded) == (2, 0)
    assert [(c.position, c.rows) for c in chunks(job) if c.state == "Waiting"] == [
        (0, 1),
        (2, 3),
        (6, 4),
    ]
    bench.archive.all_readable = True
    visit(bench)
    assert (see(job).tasks_succeeded, see(job).status) == (8, JobStatus.COMPLETING)


def test_object_that_is_never_readable_is_a_failed_task_after_the_days_that_were_asked(bench):
    job = ready(bench, 20, rows_per_chunk=20)
    bench.run()
    bench.archive.readable = {"k000"}
    Chunk.objects.update(tried_since_s=now_s() - 2 * DAY_S - 60)
    visit(bench)
    job = see(job)
    assert (job.tasks_succeeded, job.tasks_failed) == (1, 19)
    assert rows_of(bench, job)["k007"] == [
        "failed",
        "200",
        "RestoreNotReady",
        "The restore was requested, and the object cannot be read after 2 days.",
    ]


def test_worker_that_dies_in_a_look_costs_that_look_alone(bench):
    """Dead without a word: its lease ends."""
    job = ready(bench, 20, rows_per_chunk=20)
    bench.run()
    since_s = chunks(job)[0].tried_since_s
    let_time_pass()
    (claim,) = claims.claim_chunks(job.pk, 1, owner="dead", lease_s=-1)
    assert claim.tried_since_s == since_s
    bench.archive.all_readable = True
    bench.run()
    assert (see(job).tasks_succeeded, see(job).status) == (20, JobStatus.COMPLETING)
    assert set(bench.archive.requested.values()) == {1}


def test_worker_that_dies_after_the_requests_asks_again_and_no_task_fails(bench):
    job = ready(bench, 20, rows_per_chunk=20)
    for key in (f"k{n:03d}" for n in range(20)):
        bench.archive.requested[key] = 1
    claims.claim_chunks(job.pk, 1, owner="dead", lease_s=-1)
    bench.run()
    assert see(job).tasks_failed == 0
    assert [(c.rows, c.state) for c in chunks(job)] == [(20, "Waiting")]


def test_cancel_while_it_waits_ends_the_job_without_a_further_request(bench):
    job = ready(bench, 20, rows_per_chunk=20, report_enabled=False)
    bench.run()
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    let_time_pass()
    assert finish(bench, job).status == JobStatus.CANCELLED
    bench.archive.looked.clear()
    bench.run()
    assert not bench.archive.looked


def test_paused_job_looks_at_nothing_and_goes_on_where_it_was(bench):
    job = ready(bench, 20, rows_per_chunk=20)
    bench.run()
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    assert see(job).status == JobStatus.PAUSED
    bench.archive.looked.clear()
    visit(bench)
    assert not bench.archive.looked
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    bench.archive.all_readable = True
    visit(bench)
    assert see(job).status == JobStatus.COMPLETING
    assert set(bench.archive.requested.values()) == {1}


def test_job_that_merely_waits_keeps_no_lower_one_from_running(bench):
    first = ready(bench, 20, rows_per_chunk=20, priority=20)
    bench.run()
    lower = ready(
        bench, 20, rows_per_chunk=20, priority=1, region=first.region,
        parameters={"ExpirationInDays": 1},
    )  # fmt: skip
    bench.archive.requested.clear()
    bench.run()
    assert see(lower).status == JobStatus.COMPLETING
    assert see(first).status == JobStatus.ACTIVE


def test_clock_of_the_database_that_was_ahead_makes_nobody_wait_for_days(bench):
    job = ready(bench, 20, rows_per_chunk=20)
    bench.run()
    Chunk.objects.update(not_before_s=now_s() + 30 * DAY_S)
    sweep.sweep(now=timezone.now())
    assert chunks(job)[0].state == ChunkState.PENDING


def test_page_says_what_was_requested_and_what_can_be_read_and_does_not_look_hung(bench):
    job = ready(bench, 20, rows_per_chunk=10)
    bench.run()
    waiting = waiting_of(see(job))
    assert waiting.sentence == "20 requested, 0 can be read."
    assert waiting.is_all and waiting.next_look > timezone.now()
    Job.objects.filter(pk=job.pk).update(active_since=timezone.now() - timezone.timedelta(hours=3))
    progress = job_progress(see(job), now=timezone.now())
    assert (progress.stalled, progress.left_s) == (False, None)
    bench.archive.readable = {f"k{n:03d}" for n in range(10)}
    visit(bench)
    assert waiting_of(see(job)).sentence == "20 requested, 10 can be read."
    bench.archive.all_readable = True
    visit(bench)
    assert waiting_of(see(job)) is None


def test_job_that_does_not_wait_ends_with_its_requests(bench):
    job = ready(bench, 20, rows_per_chunk=20, parameters={"ExpirationInDays": 7})
    bench.run()
    assert see(job).status == JobStatus.COMPLETING
    assert set(map(tuple, rows_of(bench, job).values())) == {
        ("succeeded", "200", "", "Restore requested.")
    }


def test_guarded_task_is_looked_at_before_its_request_and_waits_all_the_same():
    operation = guarded(InitiateRestoreObject.parse(RESTORE))
    assert isinstance(operation, WaitingOperation) and operation.is_waiting
    assert operation.wait_s(0) == 60
    context = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
    target = Target("photos", "k", None, Guard(etag='"b"', size_bytes=1))
    head = Answer(200, "", "", {"ContentLength": 1, "ETag": '"a"', "StorageClass": "GLACIER"})
    steps, outcome = walk(operation.run(target, context), head)
    assert ([step.action for step in steps], outcome.code) == (["HeadObject"], "ObjectChanged")
    context.waits = 1
    _, outcome = walk(operation.run(target, context), head)
    assert isinstance(outcome, Waits)
