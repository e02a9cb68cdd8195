"""Chunks that are open together: claimed, run and recorded so, over the data plane and boto3."""

import contextlib
import logging
import threading
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from django.db import connection
from django.utils import timezone

from jobs import conf
from jobs.choices import ChunkState, JobStatus
from jobs.dataplane import trust
from jobs.engine import choosing, claims, recording, runner, statements
from jobs.engine.chunk_rows import encode
from jobs.engine.recording import Finished, TaskResult
from jobs.lifecycle import precedence
from jobs.manifests import frozen_list
from jobs.manifests.frozen_list import Rows
from jobs.manifests.rows import Row
from jobs.models import Chunk, Job, RateSample
from jobs.operations.base import DONE, Outcome
from jobs.queries.job_history import job_activity
from jobs.workstore import results, segments
from jobs.workstore.store import FolderStore
from tests import s3_double
from tests.make import make_chunk, make_job, make_region, make_role
from tests.s3_double import Reply, error, plausible

GONE = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")


@dataclass
class Bench:
    """Jobs over a storage of the test's own, made ready without a manifest."""

    double: s3_double.Double
    work: FolderStore
    stop: threading.Event

    def ready(self, rows, *, rows_per_chunk, region=None, **facts):
        if region is None:
            region = make_region(endpoint_url=self.double.endpoint.url)
            make_role(region)
        facts = {"region": region, "prepared_rows": rows, "work_stored": 1} | facts
        job = make_job(JobStatus.READY, total=rows, **facts)
        listed = [Row("photos", f"k{n:03d}", f"k{n:03d}", None) for n in range(rows)]
        blocks = [listed[n : n + rows_per_chunk] for n in range(0, rows, rows_per_chunk)]
        packed = segments.pack(
            [frozen_list.encode(frozen_list.frozen(Rows.of(block))) for block in blocks]
        )
        self.work.put(f"{job.pk}/segments/a", packed.data)
        for number, (offset, length) in enumerate(packed.ranges):
            Chunk.objects.create(
                job=job,
                position=number * rows_per_chunk,
                rows=len(blocks[number]),
                segment=f"{job.pk}/segments/a",
                offset=offset,
                length=length,
            )
        return job

    def run(self):
        return runner.run_chunks(work=self.work, clock=timezone.now, stop=self.stop)

    def changes(self):
        """Requests that change something, without looks."""
        return [one for one in list(self.double.received) if one.method not in ("GET", "HEAD")]

    def keys(self):
        return [received.path.rpartition("/")[2] for received in self.changes()]

    def reported(self, job):
        found = Counter()
        for name in self.work.list(f"{job.pk}/results"):
            for rows in results.decode(self.work.read(name)):
                found.update(line.split(b",")[1].decode() for line in rows.splitlines())
        return found


@pytest.fixture
def bench(transactional_db, redis):
    with s3_double.running() as double:
        yield Bench(double, FolderStore(conf.work_dir()), threading.Event())


def see(job):
    return Job.objects.get(pk=job.pk)


@contextlib.contextmanager
def statements_of_the_runner():
    """How each begins, but for the beginnings of transactions."""
    found = []

    def count(execute, sql, params, many, context):
        if not sql.startswith("BEGIN"):
            found.append(" ".join(sql.split()[:3]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield found


def test_twenty_chunks_of_the_only_job_cost_four_statements_each_and_a_few_for_the_job(
    bench, monkeypatch
):
    monkeypatch.setattr(choosing, "CHOICE_S", 0.02)  # less than a chunk takes
    bench.double.answer = lambda received: Reply(plausible(received).data, delay_s=0.04)
    job = bench.ready(100, rows_per_chunk=5)
    with statements_of_the_runner() as statements:
        assert bench.run() == 20
    assert see(job).tasks_succeeded == 100
    assert len(statements) <= 20 * 4 + 30, Counter(statements).most_common()


def test_job_of_higher_priority_that_comes_while_another_of_its_region_runs_goes_before_its_next_chunk(
    bench, monkeypatch
):
    monkeypatch.setattr(choosing, "CHOICE_S", 0)
    low = bench.ready(60, rows_per_chunk=3, priority=1)
    claimed, come, before = [], [], []

    def answer(received):
        if not come and received.path.endswith("k009"):
            come.append(bench.ready(12, rows_per_chunk=3, region=low.region, priority=2).pk)
            before.append(len(claimed))
            connection.close()
        return plausible(received)

    bench.double.answer = answer
    claim = statements.claim

    def noted(cursor, job_id, limit, **facts):
        rows = claim(cursor, job_id, limit, **facts)
        claimed.extend([job_id] * len(rows))
        return rows

    monkeypatch.setattr(statements, "claim", noted)
    assert bench.run() == 24
    assert claimed.count(low.pk) == 20
    # A claim may have been under way when it came; what it may claim it claims without a pause.
    first = claimed.index(come[0])
    assert first - before[0] <= precedence.AT_ONCE
    assert claimed[first : first + 4] == come * 4


def test_worker_whose_time_is_up_claims_nothing_more_with_its_records(bench, settings):
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    job = bench.ready(60, rows_per_chunk=3)
    assert bench.run() == 2
    assert see(job).tasks_succeeded == 6
    assert not Chunk.objects.filter(state=ChunkState.RUNNING).exists()


def test_next_chunks_are_under_way_before_the_last_request_of_one_is_answered(bench):
    """A slow answer holds up its own chunk alone, and nothing else of the job."""
    bench.ready(20, rows_per_chunk=5)

    def answer(received):
        if received.method == "PUT" and received.path.endswith("k004"):
            return replace(plausible(received), until=lambda: len(bench.changes()) == 20)
        return plausible(received)

    bench.double.answer = answer
    bench.run()
    assert sorted(bench.keys()) == [f"k{n:03d}" for n in range(20)]


def test_silent_region_that_has_as_many_chunks_as_there_may_be_leaves_room_for_another(
    bench, monkeypatch
):
    monkeypatch.setattr(trust, "ALONE_S", 0.1)  # for which the first request runs alone
    silent = bench.ready(4_000, rows_per_chunk=1_000, operation="S3DeleteObject", parameters={})
    other = bench.ready(20, rows_per_chunk=5)
    Job.objects.filter(pk=other.pk).update(status=JobStatus.SUSPENDED)
    give_up = threading.Timer(30, bench.stop.set)

    def confirm():
        Job.objects.filter(pk=other.pk).update(status=JobStatus.READY)
        connection.close()

    def other_is_done():
        return len(bench.changes()) == 4 + 20 or bench.stop.is_set()

    def answer(received):
        if received.method != "POST":
            return plausible(received)
        if len(bench.changes()) == 4:
            threading.Thread(target=confirm).start()
        return replace(plausible(received), until=other_is_done)

    bench.double.answer = answer
    give_up.start()
    bench.run()
    give_up.cancel()
    assert [see(job).tasks_succeeded for job in (silent, other)] == [4_000, 20]


def test_one_connection_serves_chunk_after_chunk(bench, settings):
    settings.BATCHCONSOLE_IN_FLIGHT = 1
    job = bench.ready(30, rows_per_chunk=3)
    bench.run()
    assert bench.double.connections == 1
    assert bench.keys() == [f"k{n:03d}" for n in range(30)]
    assert bench.reported(job) == Counter({f"k{n:03d}": 1 for n in range(30)})


@pytest.mark.parametrize("data_plane", [1, 0])
def test_job_runs_to_its_end_over_either_transport(bench, settings, caplog, data_plane):
    settings.BATCHCONSOLE_DATA_PLANE = data_plane
    bench.double.answer = lambda received: (
        error(404, "NoSuchKey") if received.path.endswith("7") else plausible(received)
    )
    job = bench.ready(40, rows_per_chunk=6)
    assert bench.run() == 7
    job = see(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETING, 36, 4)
    assert bench.reported(job) == Counter({f"k{n:03d}": 1 for n in range(40)})
    agents = {received.headers["user-agent"].split("/")[0] for received in bench.double.received}
    assert agents == ({"batchconsole"} if data_plane else {"Boto3"})
    assert ("boto3 makes the requests" in caplog.text) != bool(data_plane)


def test_what_the_data_plane_cannot_do_goes_through_boto3_and_is_said_once(
    bench, monkeypatch, caplog
):
    job = bench.ready(30, rows_per_chunk=3)
    monkeypatch.setenv("http_proxy", bench.double.endpoint.url)
    monkeypatch.setenv("no_proxy", "")
    job.region.endpoint_url = "http://storage.test"
    job.region.save()
    with caplog.at_level(logging.WARNING):
        bench.run()
    assert see(job).tasks_succeeded == 30
    assert {received.target.partition("/photos")[0] for received in bench.double.received} == {
        "http://storage.test"
    }
    said = [record.message for record in caplog.records if "boto3" in record.message]
    assert len(said) == 1
    assert "requests to it go through a proxy" in said[0]
    told = [row for row in job_activity(see(job)).rows if row.event == "Goes slower"]
    assert [row.note in said[0] and row.by for row in told] == ["batchconsole"]


def test_bucket_that_is_gone_fails_its_own_tasks_alone(bench):
    job = bench.ready(12, rows_per_chunk=12)
    bench.double.answer = lambda received: (
        error(404, "NoSuchBucket") if received.path.endswith("k005") else plausible(received)
    )
    bench.run()
    job = see(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETING, 11, 1)


def test_bucket_that_is_gone_for_the_first_of_its_objects_fails_the_job_at_once(bench):
    job = bench.ready(12, rows_per_chunk=12)
    bench.double.answer = lambda received: error(404, "NoSuchBucket")
    bench.run()
    job = see(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "NoSuchBucket")
    assert (job.tasks_succeeded, job.tasks_failed) == (0, 1)


def test_credentials_that_are_refused_for_all_fail_the_job(bench):
    job = bench.ready(400, rows_per_chunk=200)
    bench.double.answer = lambda received: error(403, "InvalidAccessKeyId")
    bench.run()
    job = see(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidAccessKeyId")
    assert job.tasks_done < 400


def test_stop_hands_all_open_chunks_back_with_what_was_done_recorded(bench):
    job = bench.ready(40, rows_per_chunk=10)

    def answer(received):
        if received.path.endswith("k013"):
            bench.stop.set()
        return replace(plausible(received), delay_s=0.3)

    bench.double.answer = answer
    bench.run()
    done = see(job).tasks_done
    assert 0 < done < 40
    assert not Chunk.objects.filter(state=ChunkState.RUNNING).exists()
    assert sum(bench.reported(job).values()) == done
    bench.stop.clear()
    bench.run()
    assert bench.reported(job) == Counter({f"k{n:03d}": 1 for n in range(40)})
    assert sorted(bench.keys()) == [f"k{n:03d}" for n in range(40)]


@pytest.mark.parametrize("data_plane", [1, 0])
def test_a_thousand_deletes_are_one_request(bench, settings, data_plane):
    settings.BATCHCONSOLE_DATA_PLANE = data_plane
    job = bench.ready(1500, rows_per_chunk=1000, operation="S3DeleteObject", parameters={})
    bench.run()
    assert see(job).tasks_succeeded == 1500
    sizes = [received.body.count(b"<Object>") for received in bench.changes()]
    assert sorted(sizes) == [500, 1000]


# --- Claims and records of several


def chunks(job, number, **facts):
    return [make_chunk(job, position=4 * n, rows=4, **facts) for n in range(number)]


def take(job, limit):
    return claims.claim_chunks(job.pk, limit, owner="me", lease_s=10)


@pytest.mark.django_db
def test_several_chunks_are_claimed_at_once_those_of_dead_workers_first():
    job = make_job(JobStatus.ACTIVE)
    chunks(job, 4)
    left = {"state": ChunkState.RUNNING, "lease_expires_s": 1, "fence": 7}
    make_chunk(job, position=100, rows=4, **left)
    found = take(job, 3)
    assert [(claim.position, claim.fence) for claim in found] == [(0, 1), (4, 1), (100, 8)]
    assert [claim.position for claim in take(job, 3)] == [8, 12]
    assert take(job, 3) == []


@pytest.mark.django_db
@pytest.mark.parametrize("status", [JobStatus.PAUSING, JobStatus.CANCELLING, JobStatus.FAILING])
def test_nothing_is_claimed_of_a_job_that_may_not_run_any_more(status):
    job = make_job(status)
    chunks(job, 2)
    assert take(job, 2) == []
    assert not Chunk.objects.filter(state=ChunkState.RUNNING).exists()


@pytest.mark.django_db
def test_beat_of_several_says_which_are_still_held():
    job = make_job(JobStatus.ACTIVE)
    chunks(job, 3)
    found = take(job, 3)
    Chunk.objects.filter(pk=found[1].chunk_id).update(fence=9)
    Chunk.objects.filter(pk=found[2].chunk_id).update(state=ChunkState.PENDING)
    assert claims.beat(found, lease_s=60) == {found[0].chunk_id}
    leases = dict(Chunk.objects.values_list("pk", "lease_expires_s"))
    assert leases[found[0].chunk_id] > leases[found[1].chunk_id]


def finished(claim, codes):
    rows = [Row("photos", f"k{n}", f"k{n}", None) for n in range(len(codes))]
    outcomes = [GONE if code else DONE for code in codes]
    failed = [TaskResult(n, rows[n], outcomes[n]) for n, code in enumerate(codes) if code]
    assert results.decode(encode(Rows.of(rows), outcomes))
    return Finished(claim, range(len(codes)), failed, f"result-{claim.chunk_id}")


@pytest.mark.django_db
def test_chunks_of_several_jobs_are_recorded_together_without_the_one_that_was_lost():
    one, other = make_job(JobStatus.ACTIVE, succeeded=0), make_job(JobStatus.ACTIVE, succeeded=0)
    chunks(one, 2)
    chunks(other, 1)
    held, lost, partly = *take(one, 2), *take(other, 1)
    Chunk.objects.filter(pk=lost.chunk_id).update(fence=9)
    together = [
        finished(held, [0, 1, 0, 0]),
        finished(lost, [0, 0, 0, 1]),
        finished(partly, [1, 1]),
    ]
    assert recording.record_all(together, now=timezone.now()) == [lost]
    assert (see(one).tasks_succeeded, see(one).tasks_failed) == (3, 1)
    assert (see(other).tasks_succeeded, see(other).tasks_failed) == (0, 2)
    assert [cause.tasks for cause in see(one).failure_causes.all()] == [1]
    assert [sample.failed for sample in RateSample.objects.filter(job=one)] == [1]
    assert Chunk.objects.get(pk=lost.chunk_id).state == ChunkState.RUNNING
    rest = Chunk.objects.get(job=other, state=ChunkState.PENDING)
    assert (rest.position, rest.rows) == (2, 2)
