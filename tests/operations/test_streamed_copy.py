"""Copies whose bytes flow through the worker, between two storages with keys of their own."""

import math
import os
import socket
import threading
from dataclasses import dataclass, field

import pytest

from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.room import ROOM_BYTES
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Limits, Work
from jobs.operations.copying import streamed
from jobs.operations.copying.streamed_parts import PARTS_AT_ONCE
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.s3.endpoints import Endpoint
from jobs.services.s3 import bucket_at
from jobs.spec.target import Target
from tests import keeping_storage
from tests.dataplane.conftest import quickly
from tests.s3_double import Reply, error, reply
from tests.servers import eventually

KIB, MIB = 1024, 1024**2
PART = 64 * KIB


@dataclass
class Places:
    """Every bucket at the source, those of the Region `elsewhere` at the target."""

    source: keeping_storage.Keeper
    target: keeping_storage.Keeper

    def bucket(self, name):
        return bucket_at(self.source.endpoint, self.source.keys, name)

    def bucket_in(self, region, name):
        assert region == "elsewhere"
        return bucket_at(self.target.endpoint, self.target.keys, name)


@dataclass
class States:
    kept: dict = field(default_factory=dict)

    def put(self, index, state):
        if state:
            self.kept[index] = state
        else:
            self.kept.pop(index, None)


@dataclass
class Between:
    """Runs copies from one storage to the other."""

    plane: DataPlane
    source: keeping_storage.Keeper
    target: keeping_storage.Keeper
    states: States = field(default_factory=States)
    stop: threading.Event = field(default_factory=threading.Event)

    def submit(self, *keys, in_flight=16, patience_s=60.0, kept=None, **members):
        wire = {
            "TargetResource": "arn:aws:s3:::archive",
            "TargetRegion": "elsewhere",
            **members,
        }
        work = Work(
            PutObjectCopy.parse(wire),
            [Target("photos", key) for key in keys],
            Places(self.source, self.target),
            Limits(in_flight, 5.0, patience_s, math.inf),
            self.stop,
            quickly,
            trust=Trust(waived=True),
            tried_since_s=1.0 if kept else 0.0,
            kept=kept or {},
            states=self.states,
        )
        return self.plane.submit(work)

    def __call__(self, *keys, **options):
        return self.submit(*keys, **options).result(timeout=120)

    def one(self, key, **options):
        return self(key, **options).outcomes[0]


@pytest.fixture(scope="module")
def plane():
    made = DataPlane(in_flight=256, timeouts=Timeouts(connect_s=10, silence_s=30))
    yield made
    made.close()


@pytest.fixture
def between(plane, monkeypatch):
    monkeypatch.setattr(streamed, "PART_BYTES", PART)
    monkeypatch.setattr(streamed, "MIB", KIB)
    with keeping_storage.keeping("source") as source, keeping_storage.keeping("target") as target:
        yield Between(plane, source, target)


@pytest.mark.parametrize(
    "size_bytes", [0, 1, PART - 1, PART, PART + 1, 5 * PART, 5 * PART + 17, 40 * PART]
)
@pytest.mark.parametrize("tells_checksums", [False, True])
def test_object_of_any_size_arrives_whole(between, size_bytes, tells_checksums):
    between.target.tells_checksums = tells_checksums
    body = os.urandom(size_bytes)
    between.source.put("photos", "a b/ü", body)
    assert between.one("a b/ü").succeeded
    assert between.target.body("archive", "a b/ü") == body
    assert between.target.uploads == between.states.kept == {}
    parts = -(-size_bytes // PART)
    assert between.target.asked["UploadPart"] == (parts if parts > 1 else 0)
    assert between.target.asked["PutObject"] == (0 if parts > 1 else 1)
    assert len(between.target.sums) == (parts if parts > 1 and tells_checksums else 0)


def test_storage_that_takes_no_checksum_is_sent_none(between):
    body = os.urandom(3 * PART)
    between.source.put("photos", "a", body)
    between.target.bend = lambda action, received: (
        error(501, "NotImplemented", "x-amz-checksum-algorithm is not supported")
        if "x-amz-checksum-algorithm" in received.headers
        else None
    )
    assert between.one("a").succeeded
    assert between.target.body("archive", "a") == body


def test_each_side_is_asked_with_its_own_keys(between):
    between.source.put("photos", "a", b"abc")
    assert between.one("a").succeeded
    assert between.source.refused == between.target.refused == 0
    assert set(between.source.asked) == {"HeadObject", "GetObject", "GetObjectTagging"}
    assert set(between.target.asked) == {"PutObject"}


@pytest.mark.parametrize("size_bytes", [10, 3 * PART])
def test_headers_metadata_and_tags_go_with_the_bytes(between, size_bytes):
    headers = {
        "content-type": "image/png",
        "cache-control": "max-age=60",
        "x-amz-meta-owner": "me",
        "x-amz-storage-class": "STANDARD_IA",
    }
    tags = [("team", "red & blue"), ("n", "")]
    between.source.put("photos", "a", os.urandom(size_bytes), headers=headers, tags=tags)
    assert between.one("a", CannedAccessControlList="public-read").succeeded
    made = between.target.objects["/archive/a"]
    assert made.headers == {
        "content-type": "image/png",
        "cache-control": "max-age=60",
        "x-amz-meta-owner": "me",
        "x-amz-acl": "public-read",
    }
    assert made.tags == tags


def test_what_is_replaced_is_not_taken_over(between):
    headers = {"content-type": "image/png", "x-amz-meta-owner": "me"}
    between.source.put("photos", "a", b"abc", headers=headers, tags=[("old", "1")])
    new = {"ContentType": "text/plain", "UserMetadata": {"n": "1"}, "SSEAlgorithm": "AES256"}
    outcome = between.one(
        "a",
        MetadataDirective="REPLACE",
        NewObjectMetadata=new,
        NewObjectTagging=[{"Key": "new", "Value": "2"}],
        StorageClass="STANDARD_IA",
        TargetKeyPrefix="in",
    )
    assert outcome.succeeded
    made = between.target.objects["/archive/in/a"]
    assert made.tags == [("new", "2")]
    assert made.headers == {
        "content-type": "text/plain",
        "x-amz-meta-n": "1",
        "x-amz-server-side-encryption": "AES256",
        "x-amz-storage-class": "STANDARD_IA",
    }
    assert between.source.asked["GetObjectTagging"] == 0


def test_source_that_is_not_there_fails_and_nothing_is_written(between):
    outcome = between.one("nothing")
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 404, "NoSuchKey")
    assert between.target.asked == {}


def test_refusal_says_which_side_refused(between):
    between.source.put("photos", "a", b"abc")
    between.target.bend = lambda action, received: error(403, "AccessDenied", "No.")
    outcome = between.one("a")
    assert (outcome.http_status, outcome.code) == (403, "AccessDenied")
    assert outcome.message == "PutObject in archive: No."


@pytest.mark.parametrize("heeds_conditions", [True, False])
def test_source_that_changes_in_the_middle_fails_and_never_mixes(between, heeds_conditions):
    between.source.heeds_conditions = heeds_conditions
    between.source.put("photos", "a", os.urandom(20 * PART))
    seen = []

    def change(action, received):
        seen.append(action)
        if action == "UploadPart" and seen.count(action) == 4:
            between.source.put("photos", "a", os.urandom(20 * PART))

    between.target.bend = change
    outcome = between.one("a", in_flight=2)
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 412, "ObjectChanged")
    assert between.target.objects == between.target.uploads == between.states.kept == {}


@pytest.mark.parametrize("size_bytes", [100, 5 * PART])
def test_bytes_that_were_spoiled_on_the_way_are_sent_again(between, size_bytes):
    body = os.urandom(size_bytes)
    between.source.put("photos", "a", body)
    spoiled = []

    def spoil(action, received):
        if action in ("PutObject", "UploadPart") and not spoiled:
            spoiled.append(action)
            return b"x" + received.body[1:]
        return None

    between.target.bend = spoil
    assert between.one("a").succeeded
    assert spoiled
    assert between.target.body("archive", "a") == body


def test_target_that_always_spoils_fails_the_task_and_leaves_no_upload(between):
    between.source.put("photos", "a", os.urandom(3 * PART))
    between.target.bend = lambda action, received: (
        b"x" + received.body[1:] if action == "UploadPart" else None
    )
    outcome = between.one("a")
    assert (outcome.succeeded, outcome.code) == (False, "BadDigest")
    assert between.target.objects == between.target.uploads == {}


def test_part_that_is_refused_for_a_moment_is_sent_again_without_being_read_again(between):
    body = os.urandom(6 * PART)
    between.source.put("photos", "a", body)
    once = iter([error(503, "SlowDown"), error(503, "SlowDown")])
    between.target.bend = lambda action, received: (
        next(once, None) if action == "UploadPart" else None
    )
    assert between.one("a").succeeded
    assert between.target.body("archive", "a") == body
    assert between.source.asked["GetObject"] == 6
    assert between.target.asked["UploadPart"] == 8


@pytest.mark.parametrize("part_bytes", [PART, MIB])
def test_body_that_breaks_off_is_read_again(between, monkeypatch, part_bytes):
    """Also where the rest of it goes straight to its place."""
    monkeypatch.setattr(streamed, "PART_BYTES", part_bytes)
    body = os.urandom(3 * part_bytes)
    between.source.put("photos", "a", body)
    broken = []

    def break_off(action, received):
        if action == "GetObject" and len(broken) < 3:
            broken.append(received)
            facts = f"ETag: {keeping_storage.etag_of(body)}\r\nContent-Type: image/png\r\n"
            whole = reply(206, body[:part_bytes], facts).data
            return Reply(whole[: len(whole) // 2], close=True)
        return None

    between.source.bend = break_off
    assert between.one("a").succeeded
    assert between.target.body("archive", "a") == body


def test_kill_in_the_middle_repeats_only_the_parts_that_were_in_flight(between):
    body = os.urandom(30 * PART)
    between.source.put("photos", "a", body)
    arrived = threading.Event()

    def hold(action, received):
        if action == "UploadPart" and between.target.asked[action] > 12:
            if between.target.asked[action] == 12 + PARTS_AT_ONCE:
                arrived.set()
            return Reply(b"", delay_s=None)
        return None

    between.target.bend = hold
    future = between.submit("a")
    assert arrived.wait(60)
    killed, kept = between.states, dict(between.states.kept)
    between.states = States()
    between.target.bend = lambda action, received: None
    there = {n for upload in between.target.uploads.values() for n in upload.parts}
    before = between.source.asked["GetObject"]
    assert between.one("a", kept=kept).succeeded
    assert between.target.body("archive", "a") == body
    assert between.source.asked["GetObject"] - before == 30 - len(there)
    assert between.target.asked["CreateMultipartUpload"] == 1
    assert between.states.kept == {}
    assert killed.kept == kept
    between.stop.set()
    assert future.result(timeout=60).outcomes == [None]


def test_upload_of_another_state_of_the_source_is_aborted_and_not_gone_on_with(between):
    between.source.put("photos", "a", os.urandom(4 * PART))
    between.target.bend = lambda action, received: (
        error(403, "AccessDenied") if action == "AbortMultipartUpload" else None
    )
    between.source.bend = lambda action, received: (
        error(403, "AccessDenied") if action == "GetObject" else None
    )
    assert not between.one("a").succeeded
    kept = dict(between.states.kept)
    assert list(between.target.uploads) == ["upload-1"]
    body = os.urandom(4 * PART)
    between.source.put("photos", "a", body)
    between.source.bend = between.target.bend = lambda action, received: None
    assert between.one("a", kept=kept).succeeded
    assert between.target.body("archive", "a") == body
    assert between.target.uploads == between.states.kept == {}


def test_completion_whose_answer_was_lost_counts_as_done(between):
    body = os.urandom(3 * PART)
    between.source.put("photos", "a", body)
    done = []

    def lose(action, received):
        if action == "CompleteMultipartUpload" and not done:
            done.append(between.target.answer(received) if not done.append(1) else None)
            return Reply(b"", close=True)
        return None

    between.target.bend = lose
    assert between.one("a").succeeded
    assert between.target.body("archive", "a") == body


def test_two_hundred_tasks_hold_no_more_than_the_room_of_the_worker(between, monkeypatch):
    room = between.plane.room
    monkeypatch.setattr(room, "_room_bytes", 10 * PART)
    room.most_held_bytes = 0
    bodies = {f"k{n}": os.urandom(PART if n % 3 else 3 * PART) for n in range(200)}
    for key, body in bodies.items():
        between.source.put("photos", key, body)
    batch = between(*bodies, in_flight=200)
    assert all(outcome.succeeded for outcome in batch.outcomes)
    assert all(between.target.body("archive", key) == body for key, body in bodies.items())
    assert 2 * PART <= room.most_held_bytes <= 10 * PART < ROOM_BYTES
    eventually(lambda: room.held_bytes == 0)


def test_silent_target_makes_all_wait_and_fails_nothing(between):
    for n in range(20):
        between.source.put("photos", f"k{n}", os.urandom(PART))
    between.target.bend = lambda action, received: Reply(b"", close=True)
    batch = between(*(f"k{n}" for n in range(20)), patience_s=0.3)
    assert batch.outage is not None
    assert batch.outcomes == [None] * 20
    between.target.bend = lambda action, received: None
    assert all(o.succeeded for o in between(*(f"k{n}" for n in range(20))).outcomes)
    eventually(lambda: between.plane.room.held_bytes == 0)


def test_slow_source_is_waited_for_while_it_sends(between):
    body = os.urandom(2 * KIB)
    between.source.put("photos", "a", body)
    facts = f"ETag: {keeping_storage.etag_of(body)}\r\nContent-Type: image/png\r\n"
    between.source.bend = lambda action, received: (
        Reply(reply(200, body, facts).data, bytewise=True, pause_s=0)
        if action == "GetObject"
        else None
    )
    assert between.one("a").succeeded
    assert between.target.body("archive", "a") == body


def test_stop_leaves_the_task_and_its_upload_for_the_next_worker(between):
    body = os.urandom(30 * PART)
    between.source.put("photos", "a", body)

    def stop(action, received):
        if action == "UploadPart" and between.target.asked[action] == 10:
            between.stop.set()

    between.target.bend = stop
    batch = between("a", in_flight=4)
    assert (batch.outcomes, batch.begun) == ([None], {0})
    kept = dict(between.states.kept)
    assert kept
    between.stop.clear()
    eventually(lambda: between.plane.room.held_bytes == 0)
    assert between.one("a", kept=kept).succeeded
    assert between.target.body("archive", "a") == body
    assert between.target.asked["CreateMultipartUpload"] == 1
    assert between.target.asked["UploadPart"] == 30


def test_condition_that_does_not_hold_fails_as_a_copy_would(between):
    between.source.put("photos", "a", b"abc")
    between.source.bend = lambda action, received: (
        reply(304) if "if-modified-since" in received.headers else None
    )
    outcome = between.one("a", ModifiedSinceConstraint="2026-05-01T00:00:00Z")
    assert (outcome.http_status, outcome.code) == (412, "PreconditionFailed")
    assert between.target.asked == {}


class Hasty(threading.Thread):
    """Answers its first request with a success before the body was read, and the others after it."""

    def __init__(self, keys):
        super().__init__(daemon=True)
        self.keys, self.taken_bytes, self.requests = keys, 0, 0
        self.over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint(
            f"http://127.0.0.1:{self._server.getsockname()[1]}", "us-east-1", "path"
        )

    def run(self):
        while not self.over.is_set():
            connection, _ = self._server.accept()
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            return
        self.requests += 1
        if self.requests == 1:
            connection.sendall(reply(200, b"", "ETag: early\r\n").data)
            self.over.wait(60)
            return
        self.taken_bytes += len(stream.read(length))
        connection.sendall(reply(200, b"", "ETag: late\r\n").data)


def test_success_that_comes_before_all_was_sent_is_none(plane, monkeypatch):
    """Nobody can have done anything with what was not sent: the answer counts as lost."""
    monkeypatch.setattr(streamed, "PART_BYTES", 64 * MIB)
    body = os.urandom(32 * MIB)  # more than lies in sockets
    with keeping_storage.keeping("source") as source:
        source.put("photos", "a", body)
        hasty = Hasty(source.keys)
        hasty.start()
        assert Between(plane, source, hasty).one("a").succeeded
        hasty.over.set()
    assert (hasty.requests, hasty.taken_bytes) == (2, len(body))
