"""Copies in parts on real servers: one request is said to copy 5 MiB at most there."""

import functools
import hashlib
import threading

import pytest

from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Limits, Work
from jobs.operations.giving_up import GivingUp
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.services.s3 import S3Service
from jobs.services.table import SERVICES
from jobs.spec.target import Guard, Target
from tests.operations.copying_in_parts import States
from tests.sequential import Places

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * (12 * MIB // 256) + b"end"
"""Three parts."""

METADATA = {"ContentType": "text/x-large", "CacheControl": "max-age=60", "Metadata": {"own": "me"}}


@pytest.fixture(params=["data plane", "boto3"])
def plane(request, monkeypatch):
    known = S3Service.habits

    def habits(service):
        found = known(service)
        found.largest_copy_bytes = 5 * MIB
        return found

    monkeypatch.setattr(S3Service, "habits", habits)
    by_boto3 = {"s3": functools.partial(S3Service, by_boto3=True)}
    made = DataPlane(in_flight=8, services=SERVICES if request.param == "data plane" else by_boto3)
    yield made
    made.close()


@pytest.fixture
def copied(plane, place, source, archive):
    """Runs the copy of one object; returns its outcome, None where it was stopped."""
    states = States()

    def run(key, *, kept=None, stop=None, gives_up=False, **members):
        operation = PutObjectCopy.parse({"TargetResource": f"arn:aws:s3:::{archive}", **members})
        work = Work(
            GivingUp(operation) if gives_up else operation,
            [Target(source, key, guard=Guard(size_bytes=len(CONTENT)))],
            Places(place.endpoint, place.keys),
            Limits(in_flight=8, task_deadline_s=20, patience_s=20),
            stop or threading.Event(),
            retry.decide,
            trust=Trust(waived=True),
            kept=kept or {},
            states=states,
        )
        return plane.submit(work).result(timeout=120).outcomes[0]

    run.states = states
    return run


def begun(copied, key):
    """What was kept of a copy that was stopped as soon as it had begun."""
    stop = threading.Event()

    def put(index, state):
        States.put(copied.states, index, state)
        stop.set()

    copied.states.put = put
    assert copied(key, stop=stop) is None
    del copied.states.put
    return dict(copied.states.left)


def uploads_of(place, bucket, key):
    uploads = place.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [upload for upload in uploads if upload["Key"] == key]


def test_large_object_is_copied_whole_with_its_metadata_and_tags(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="la rge", Body=CONTENT, **METADATA)
    place.tag(source, "la rge", team="a b")
    outcome = copied("la rge")
    assert outcome.succeeded, outcome
    found = place.client.get_object(Bucket=archive, Key="la rge")
    assert hashlib.md5(found["Body"].read()).digest() == hashlib.md5(CONTENT).digest()
    assert found["ETag"].endswith('-3"')
    assert {name: found[name] for name in METADATA} == METADATA
    assert place.tags_of(archive, "la rge") == {"team": "a b"}
    assert uploads_of(place, archive, "la rge") == []


def test_copy_that_was_stopped_goes_on_in_the_same_upload(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="stopped", Body=CONTENT)
    kept = begun(copied, "stopped")
    assert len(uploads_of(place, archive, "stopped")) == 1
    outcome = copied("stopped", kept=kept)
    assert outcome.succeeded, outcome
    assert place.read(archive, "stopped") == CONTENT
    assert uploads_of(place, archive, "stopped") == [] and copied.states.left == {}


def test_source_that_changes_fails_its_copy(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="changed", Body=CONTENT)
    kept = begun(copied, "changed")
    place.client.put_object(Bucket=source, Key="changed", Body=b"x" + CONTENT)
    outcome = copied("changed", kept=kept)
    assert (outcome.http_status, outcome.code) == (412, "PreconditionFailed")
    assert uploads_of(place, archive, "changed") == [] and copied.states.left == {}
    listed = place.client.list_objects_v2(Bucket=archive, Prefix="changed")
    assert listed.get("KeyCount", 0) == 0


def test_copy_that_is_given_up_leaves_no_upload(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="given up", Body=CONTENT)
    kept = begun(copied, "given up")
    assert copied("given up", kept=kept, gives_up=True).succeeded
    assert uploads_of(place, archive, "given up") == []
    assert copied("given up", kept=kept, gives_up=True).succeeded, "may be done more than once"


def test_object_that_was_made_before_a_kill_is_recognised(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="made", Body=CONTENT)
    assert copied("made").succeeded
    ready = [state for state in copied.states.history if state][-1]
    changed = place.client.head_object(Bucket=archive, Key="made")["LastModified"]
    copied.states[0] = ready
    assert copied("made", kept={0: ready}).succeeded
    assert place.client.head_object(Bucket=archive, Key="made")["LastModified"] == changed
    assert uploads_of(place, archive, "made") == []


def test_empty_object_is_copied_though_the_list_calls_it_large(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="empty", Body=b"", **METADATA)
    assert copied("empty").succeeded
    found = place.client.get_object(Bucket=archive, Key="empty")
    assert found["Body"].read() == b""
    assert {name: found[name] for name in METADATA} == METADATA


def test_replaced_metadata_and_tags_are_the_new_ones(place, source, archive, copied):
    place.client.put_object(Bucket=source, Key="new", Body=CONTENT, **METADATA)
    outcome = copied(
        "new",
        NewObjectMetadata={"ContentType": "text/plain", "UserMetadata": {"a": "b"}},
        NewObjectTagging=[{"Key": "n", "Value": "1"}],
        ChecksumAlgorithm="SHA256",
    )
    assert outcome.succeeded, outcome
    found = place.client.head_object(Bucket=archive, Key="new")
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"a": "b"})
    assert "CacheControl" not in found
    assert place.tags_of(archive, "new") == {"n": "1"}
