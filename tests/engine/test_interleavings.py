"""Persons, workers, the sweep and time, in any order: a job stays whole at every step.

Real commands, claims, records, preparing and finishing over the real database; the storage is a
dictionary, and a worker is a claim in somebody's hand.
"""

import contextlib
import csv
import hashlib
import io
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs import conf, queueing
from jobs.choices import FINISHING, TERMINAL, ChunkState, JobStatus, PauseCause
from jobs.engine import choosing, claims, control, finisher, job_status, recording, sweep
from jobs.engine.chunk_rows import encode
from jobs.engine.preparing import list_sources, manifest_checks, planner
from jobs.engine.recording import Finished, TaskResult
from jobs.engine.settlements import Hold
from jobs.errors import JobStatusError, LeaseLostError
from jobs.lifecycle import commands, pauses, precedence, priorities, waits
from jobs.lifecycle.effects import PAUSES
from jobs.lifecycle.transitions import may_follow
from jobs.manifests import frozen_list
from jobs.manifests.frozen_list import Rows
from jobs.models import Chunk, Job, StatusChange
from jobs.operations.base import Outcome
from jobs.s3.storage import ObjectFacts
from jobs.workstore import segments
from jobs.workstore.store import FolderStore
from tests.allowed import allowed
from tests.make import make_job

ROWS = 11
LIST = "".join(f"photos,{n}.jpg\n" for n in range(ROWS)).encode()
KEYS = [f"{n}.jpg" for n in range(ROWS)]
DONE = Outcome(True, 200, "", "Successful")
GONE = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
WORKERS = st.sampled_from(["ann", "bob", "cy"])
JOBS = st.integers(0, 1)
CANARY = 4
IN_FLIGHT = object()
"""Instead of an outcome."""
OUTCOMES = st.lists(st.sampled_from([DONE, DONE, GONE, None]), min_size=3)
STATUS_CHANGES = 300
"""More than a job of eleven tasks can have without going back and forth for nothing."""


class DictUpload:
    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        self.data += data

    @property
    def md5(self):
        return hashlib.md5(self.data).hexdigest()

    @property
    def size_bytes(self):
        return len(self.data)


class DictStorage:
    """As `jobs.s3.storage.Storage`, in memory."""

    def __init__(self):
        self.objects = {}

    def head_object(self, bucket, key, version_id=None):
        return ObjectFacts(len(LIST), "e", None, datetime(2026, 1, 1, tzinfo=UTC), None, False)

    @contextlib.contextmanager
    def open_object(self, bucket, key, *, start_byte=0, version_id=None, if_match=None):
        yield iter([LIST[start_byte:]])

    def check_bucket(self, bucket):
        pass

    def put_object(self, bucket, key, data, content_type):
        self.objects[key] = data

    @contextlib.contextmanager
    def upload(self, bucket, key, content_type, *, part_bytes, alive):
        upload = DictUpload()
        yield upload
        self.objects[key] = bytes(upload.data)

    def report_rows(self, job):
        manifest = json.loads(self.objects[f"out/job-{job.pk}/manifest.json"])
        texts = [self.objects[file["Key"]].decode() for file in manifest["Results"]]
        return [row for text in texts for row in csv.reader(io.StringIO(text))]


class Console(RuleBasedStateMachine):
    """Two jobs and three workers. `hands` holds the claims that a worker believes to have: one, or
    the parts of one that is recorded in part. `claimed` and `tried` are rows that somebody had in
    hand, and those of which a request may have gone out.
    """

    def __init__(self, storage, hints):
        super().__init__()
        self.storage, self.hints = storage, hints
        self.work = FolderStore(conf.work_dir())
        self.hands = {}
        self.claimed, self.tried = set(), set()
        self.jobs = [
            make_job(
                priority=priority,
                manifest_etag="e",
                report_scope="AllTasks",
                confirmation_required=priority == 1,
                failure_floor=7,
                canary_tasks=CANARY if priority == 1 else 0,
                canary_percent=30,
            )
            for priority in (1, 2)
        ]

    def teardown(self):
        try:
            self.come_to_an_end()
        finally:
            Job.objects.all().delete()
            self.hints.clear()

    def see(self, number):
        return Job.objects.get(pk=self.jobs[number].pk)

    # --- Persons

    @rule(number=JOBS)
    def confirm(self, number):
        before = self.see(number).status
        try:
            job = commands.confirm(self.jobs[number].pk, by=allowed(), now=timezone.now())
        except JobStatusError:
            assert before != JobStatus.SUSPENDED
        else:
            assert (before, job.status) == (JobStatus.SUSPENDED, JobStatus.READY)

    @rule(number=JOBS)
    def cancel(self, number):
        before = self.see(number).status
        try:
            commands.cancel(self.jobs[number].pk, by=allowed(), now=timezone.now())
        except JobStatusError:
            assert before in FINISHING | TERMINAL

    @rule(number=JOBS, priority=st.integers(0, 3))
    def reprioritise(self, number, priority):
        with contextlib.suppress(JobStatusError):
            priorities.reprioritise(
                self.jobs[number].pk, priority, by=allowed(), now=timezone.now()
            )

    @rule(number=JOBS)
    def pause(self, number):
        before = self.see(number)
        try:
            job = pauses.pause(self.jobs[number].pk, by=allowed(), now=timezone.now())
        except JobStatusError:
            held = before.paused_cause in pauses.HELD
            assert held or before.status not in (JobStatus.ACTIVE, *PAUSES)
        else:
            assert job.status in PAUSES and job.paused_cause == PauseCause.PERSON

    @rule(number=JOBS)
    def resume(self, number):
        before = self.see(number)
        try:
            pauses.resume(self.jobs[number].pk, by=allowed(), now=timezone.now())
        except JobStatusError:
            assert before.paused_cause not in pauses.HELD
        else:
            job = self.see(number)
            assert job.status == JobStatus.ACTIVE or job.paused_cause == PauseCause.PRIORITY

    # --- Workers

    @rule(number=JOBS)
    def prepare(self, number):
        self._control(planner.prepare_job, self.jobs[number].pk)

    @rule(number=JOBS)
    def finish(self, number):
        self._control(finisher.finish_job, self.jobs[number].pk)

    def _control(self, call, *job_id):
        call(*job_id, work=self.work, clock=timezone.now, stop=threading.Event())

    @rule(worker=WORKERS)
    def claim(self, worker):
        """What it had in hand before is forgotten, as by a process that died."""
        self._try(self.hands.pop(worker, ()))
        found = choosing.jobs_with_work()
        order = [job.priority for job in found]
        assert order == sorted(order, reverse=True)
        for job in found:
            if job.status == JobStatus.READY:
                commands.move(job.pk, JobStatus.ACTIVE, now=timezone.now())
            claim = claims.claim_chunk(job.pk, owner=worker, lease_s=10)
            assert claim  # nobody else is at it
            self._check_tried(claim)
            self.claimed |= rows_of(claim)
            self.hands[worker] = [claim]
            return

    def _check_tried(self, claim):
        """A claim says that its rows may have been tried if they were, or are by somebody else; and
        not if nobody ever had them.
        """
        in_hand = {row for hand in self.hands.values() for one in hand for row in rows_of(one)}
        if rows_of(claim) & (self.tried | in_hand):
            assert claim.tried_since_s > 0
        if not rows_of(claim) & self.claimed:
            assert claim.tried_since_s == 0

    def _try(self, hand):
        for claim in hand:
            self.tried |= rows_of(claim)

    @rule(worker=WORKERS)
    def look_at_status(self, worker):
        """As the runner does between claiming and beginning."""
        hand = self.hands.get(worker)
        if hand and Job.objects.get(pk=hand[0].job_id).status != JobStatus.ACTIVE:
            claims.release(self.hands.pop(worker), begun=len(hand) > 1)
            self._try(hand if len(hand) > 1 else ())
            job_status.close_if_ended(hand[0].job_id, now=timezone.now())

    @rule(worker=WORKERS)
    def beat(self, worker):
        hand = self.hands.get(worker, ())
        ours = {one.chunk_id for one in hand if is_held(one)}
        assert claims.beat(hand, lease_s=10) == ours

    @rule(worker=WORKERS, outcomes=OUTCOMES)
    def record(self, worker, outcomes):
        hand = self.hands.pop(worker, ())
        for claim in hand:
            with contextlib.suppress(LeaseLostError):
                self._record(claim, outcomes)
            job_status.close_if_ended(claim.job_id, now=timezone.now())

    @rule(
        worker=WORKERS,
        outcomes=st.lists(st.sampled_from([DONE, IN_FLIGHT, IN_FLIGHT, None]), min_size=3),
    )
    def record_in_part(self, worker, outcomes):
        """Tasks are in flight, of any of its parts: the worker goes on with these."""
        if worker not in self.hands:
            self.claim(worker)
        hand = self.hands.get(worker, ())
        if not hand or not (conf.work_dir() / hand[0].job_id).exists():
            return
        finished = [one for claim in hand if (one := self._part(claim, outcomes))]
        recorded = recording.record_and_claim(finished, None, now=timezone.now())
        proofs = {one.claim.proof for one in finished}
        kept = [claim for claims in recorded.kept.values() for claim in claims]
        self.hands[worker] = [one for one in hand if one.proof not in proofs] + kept
        job_status.close_if_ended(hand[0].job_id, now=timezone.now())

    def _part(self, claim, outcomes):
        """What there is to record of a claim: some of it is done, or is not begun any more."""
        fates = list(enumerate(zip(self._rows(claim), outcomes, strict=False)))
        done = [TaskResult(n, *fate) for n, fate in fates if fate[1] not in (None, IN_FLIGHT)]
        held = {n for n, (_, outcome) in fates if outcome is IN_FLIGHT}
        if not done and (not held or len(held) == claim.rows):
            return None
        name = f"{claim.job_id}/results/{claim.chunk_id}-{claim.fence}.bin"
        if done:
            self.work.put(name, encoded(done))
        failed = [one for one in done if not one.outcome.succeeded]
        hold = Hold(frozenset(held), "somebody", 10)
        return Finished(claim, [one.index for one in done], failed, name, hold=hold)

    def _record(self, claim, outcomes):
        if not (conf.work_dir() / claim.job_id).exists():
            return  # as a worker would: its chunk cannot be read any more
        rows = self._rows(claim)
        done = [
            TaskResult(index, row, outcome)
            for index, (row, outcome) in enumerate(zip(rows, outcomes, strict=False))
            if outcome
        ]
        if not done:
            claims.release([claim])
            return
        name = f"{claim.job_id}/results/{claim.chunk_id}-{claim.fence}.bin"
        self.work.put(name, encoded(done))
        recording.record(claim, done, result_name=name, now=timezone.now())

    def _rows(self, claim):
        block = self.work.read_range(claim.segment, claim.offset, claim.length)
        rows = frozen_list.decode(segments.unpack(block)).cut(claim.skip, claim.rows)
        assert len(rows) == claim.rows
        return [rows.row(index) for index in range(len(rows))]

    @rule(worker=WORKERS)
    def hand_back(self, worker):
        hand = self.hands.pop(worker, ())
        if hand:
            claims.release(hand, begun=True)
            self._try(hand)
            waits.wait_for(
                hand[0].job_id,
                "The storage does not answer.",
                until_s=4e9,
                now=timezone.now(),
                only_in={JobStatus.ACTIVE},
            )

    # --- Time and the scheduler

    @rule()
    def leases_end(self):
        Chunk.objects.filter(state=ChunkState.RUNNING).update(lease_expires_s=1)

    @rule()
    def time_passes(self):
        Job.objects.update(waiting_until_s=0)

    @rule()
    def sweep(self):
        sweep.sweep(now=timezone.now())
        turns = precedence.turns_in(self.jobs[0].region_id)
        assert not turns.stand_back and not turns.go_on

    @rule(days=st.sampled_from([29, 31]))
    def sweep_later(self, days):
        before = {n: self.see(n) for n in (0, 1)}
        sweep.sweep(now=timezone.now() + timedelta(days=days))
        for number, job in before.items():
            if job.status == JobStatus.SUSPENDED:
                late = self.see(number).status == JobStatus.FAILING
                assert late == (days > 30)

    @precondition(lambda self: self.hints)
    @rule()
    def hint_is_lost(self):
        self.hints.pop(0)

    @precondition(lambda self: self.hints)
    @rule()
    def hint_arrives(self):
        self._follow(self.hints.pop(0))

    def _follow(self, hint):
        name, args = hint
        if name == "prepare_and_finish":
            self._control(control.prepare_and_finish)
        else:
            self.claim("dee")
            self.look_at_status("dee")
            if dee := self.hands.get("dee"):
                self.record_in_part("dee", [DONE, IN_FLIGHT])
                # The second row of some is slow, and its worker dies once.
                if dee[0].fence > 1 or dee[0].position % 2:
                    self.record("dee", [DONE] * ROWS)

    # --- What holds at every step

    @invariant()
    def counters_are_those_of_the_rows(self):
        for number in (0, 1):
            job = self.see(number)
            chunks = list(Chunk.objects.filter(job=job))
            done = [chunk for chunk in chunks if chunk.state == ChunkState.DONE]
            if (
                chunks or not job.is_terminal
            ):  # those of a job that is over go with its work storage
                assert sum(chunk.rows for chunk in chunks) == job.prepared_rows
                assert sum(chunk.rows for chunk in done) == job.tasks_done
                assert sum(chunk.succeeded for chunk in done) == job.tasks_succeeded
            assert sum(cause.tasks for cause in job.failure_causes.all()) == job.tasks_failed
            assert bool(job.failure_code) == (job.status in (JobStatus.FAILING, JobStatus.FAILED))

    @invariant()
    def statuses_follow_each_other_as_they_may(self):
        for number in (0, 1):
            job = self.see(number)
            way = list(StatusChange.objects.filter(job=job).values_list("from_status", "to_status"))
            assert way[-1][1] == job.status
            for (_, to), (left, entered) in pairwise(way):
                assert to == left and may_follow(JobStatus(left), JobStatus(entered))

    @invariant()
    def nothing_behind_a_canary_runs_before_it_is_settled(self):
        for number in (0, 1):
            job = self.see(number)
            if job.canary_tasks and not job.canary_settled:
                behind = Chunk.objects.filter(job=job, position__gte=job.canary_tasks)
                assert not behind.exclude(state=ChunkState.PENDING).exists()
                assert job.tasks_done <= job.canary_tasks

    @invariant()
    def pauses_have_their_cause(self):
        for number in (0, 1):
            job = self.see(number)
            assert bool(job.paused_cause) == (job.status in PAUSES)

    @invariant()
    def ended_jobs_have_the_report_of_what_was_done(self):
        for number in (0, 1):
            job = self.see(number)
            if job.is_terminal and job.tasks_done:
                keys = [row[1] for row in self.storage.report_rows(job)]
                assert len(keys) == len(set(keys)) == job.tasks_done
                assert job.status != JobStatus.COMPLETE or sorted(keys) == sorted(KEYS)
            elif job.status == JobStatus.COMPLETE:
                raise AssertionError("a job is complete without a task")

    def come_to_an_end(self):
        """With nobody in the way and one worker at hand, every job ends."""
        for _ in range(60):
            for number in (0, 1):
                if self.see(number).status == JobStatus.SUSPENDED:
                    commands.confirm(self.jobs[number].pk, by=allowed(), now=timezone.now())
                with contextlib.suppress(JobStatusError):
                    pauses.resume(self.jobs[number].pk, by=allowed(), now=timezone.now())
            self.leases_end()
            self.time_passes()
            self.sweep()
            if not self.hints:
                break
            while self.hints:
                self._follow(self.hints.pop(0))
        assert all(self.see(number).is_terminal for number in (0, 1))
        assert StatusChange.objects.count() < STATUS_CHANGES
        assert list(self.work.list("")) == []
        self.counters_are_those_of_the_rows()
        self.statuses_follow_each_other_as_they_may()
        self.ended_jobs_have_the_report_of_what_was_done()


def is_held(claim):
    chunk = Chunk.objects.get(pk=claim.chunk_id)
    return chunk.state == ChunkState.RUNNING and chunk.fence == claim.fence


def rows_of(claim):
    return {(claim.job_id, claim.position + n) for n in range(claim.rows)}


def encoded(done):
    return encode(Rows.of([one.row for one in done]), [one.outcome for one in done])


@pytest.fixture
def hints(monkeypatch):
    waiting = []
    monkeypatch.setattr(queueing, "_enqueue", lambda name, args: waiting.append((name, args)))
    monkeypatch.setattr(queueing, "workers_of", lambda queue: 1)
    monkeypatch.setattr(
        queueing,
        "waiting_in",
        lambda queue: sum(queueing.QUEUE_OF[name] == queue for name, _ in waiting),
    )
    return waiting


@pytest.mark.timeout(600)
def test_jobs_stay_whole_whatever_persons_workers_and_time_do(
    transactional_db, settings, monkeypatch, hints
):
    storage = DictStorage()
    monkeypatch.setattr(finisher, "report_storage", lambda *_: storage)
    for module in (list_sources, manifest_checks):
        monkeypatch.setattr(module, "storage_to_look_at", lambda *_: storage)
    settings.BATCHCONSOLE_CHUNK_ROWS = 3
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 2
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    run_state_machine_as_test(lambda: Console(storage, hints), settings=_machine_settings())


def _machine_settings():
    return settings(
        max_examples=250 if os.environ.get("ALL_CRASHES") else 12,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
