"""Tasks that are one call each go out without a Task, and nobody can tell from what comes of them."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.dataplane import short_way, units
from jobs.dataplane.task import Task
from jobs.operations import registry
from jobs.operations.base import DONE
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.rehearsal import Rehearsal
from jobs.s3.requesting import Requests
from jobs.s3.signing import Signer
from jobs.s3.template import KEY_MARK, VERSION_MARK
from jobs.services.call import Call
from jobs.spec.target import Guard, Target
from tests.dataplane.conftest import KEYS, Noting, never, targets
from tests.dataplane.test_tasks import codes, keys_of, scripted
from tests.examples import EXAMPLES
from tests.s3_double import COPIED, Reply, error, plausible, reply, signature_holds
from tests.sequential import context_at, of_s3

COPYING = {"CopySource": {"Bucket": "photos", "Key": "b"}}
SLOW_DOWN = error(503, "SlowDown", "Please reduce your request rate.")
SILENT = Reply(b"", close=True)


@pytest.fixture
def tasks(in_short, monkeypatch):
    """The indices of those that had to be a Task."""
    made = []

    class Noted(Task):
        def __init__(self, flight, index, target, **options):
            made.append(index)
            super().__init__(flight, index, target, **options)

    monkeypatch.setattr(units, "Task", Noted)
    monkeypatch.setattr(short_way, "Task", Noted)
    return made


def test_object_that_must_be_as_it_was_never_goes_the_short_way(run, double, tasks):
    given = [Target("photos", "a"), Target("photos", "b", guard=Guard(etag='"1"'))]
    batch = run(given, operation=Noting())
    assert all(outcome is DONE for outcome in batch.outcomes)
    assert tasks == [1]


def test_operation_is_asked_once_for_all_objects_of_a_bucket(run, double, tasks):
    asked = []

    class Counting(Noting):
        def call(self, target, context):
            asked.append(target.bucket)
            return super().call(target, context)

    names = [f"key {n}" for n in range(200)]
    given = [Target(bucket, name) for bucket in ("photos", "films") for name in names]
    batch = run(given, operation=Counting())
    assert all(outcome is DONE for outcome in batch.outcomes)
    assert asked == ["photos", "films"]
    assert tasks == []
    assert all(signature_holds(received, KEYS) for received in double.received)


def test_only_what_is_refused_becomes_a_task(run, double, tasks):
    refused = {f"key-{n}": [error(404, "NoSuchKey", "No such key.")] for n in (3, 77)}
    scripted(double, refused)
    batch = run(targets(*(f"key-{n}" for n in range(100))))
    assert [n for n, code in enumerate(codes(batch)) if code == "NoSuchKey"] == [3, 77]
    assert codes(batch).count("") == 98
    assert sorted(tasks) == [3, 77]


def test_what_was_tried_again_says_so_as_any_task_does(run, double, tasks):
    scripted(double, {"a": [SLOW_DOWN, error(404, "NoSuchKey", "No such key.")]})
    outcome = run(targets("a")).outcomes[0]
    assert outcome.code == "NoSuchKey"
    assert "tried twice" in outcome.message
    assert keys_of(double) == ["a", "a"]


def test_error_within_an_answer_of_200_is_one(run, double, tasks):
    inside = reply(200, b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")
    double.answer = lambda received: inside
    batch = run(targets("a"), operation=Noting("CopyObject", COPYING), decide=never)
    assert codes(batch) == ["AccessDenied"]


def test_answer_torn_at_any_byte_is_no_success(run, double, tasks):
    whole = reply(200, COPIED).data
    cuts = [str(n) for n in range(len(whole))]
    double.answer = lambda received: Reply(whole[: int(received.path[8:])], close=True)
    operation = Noting("CopyObject", COPYING)
    batch = run(targets(*cuts), operation=operation, decide=never, in_flight=32, patience_s=60)
    assert set(codes(batch)) == {"ConnectionClosedError"}


def test_connection_that_was_closed_in_between_is_replaced_in_silence(run, double, tasks):
    assert run(targets("a")).outcomes == [DONE]
    answers = [SILENT]
    double.answer = lambda received: answers.pop() if answers else plausible(received)
    assert run(targets("b"), decide=never).outcomes == [DONE]
    assert [received.connection for received in double.received] == [0, 0, 1]


def test_clock_that_is_wrong_is_set_by_the_first_answer_that_says_so(run, double, tasks):
    scripted(double, {"a": [error(403, "RequestTimeTooSkewed", "Too large a difference.")]})
    batch = run(targets("a", "b"), in_flight=1, decide=never)
    assert batch.outcomes == [DONE, DONE]
    dates = [received.headers["x-amz-date"][:8] for received in double.received]
    assert dates[0] != "20260102" and dates[1:] == ["20260102", "20260102"]


def test_key_that_is_no_text_fails_its_task_alone(run, double, tasks):
    batch = run(targets("a", "\ud800", "b"))
    assert codes(batch)[::2] == ["", ""]
    assert not batch.outcomes[1].succeeded
    assert sorted(keys_of(double)) == ["a", "b"]


def test_version_that_a_copys_header_cannot_hold_is_left_to_boto3s_rules(run, double, tasks):
    class Copying(Noting):
        def call(self, target, context):
            source = {"Bucket": "photos", "Key": target.key, "VersionId": target.version_id}
            there = context.bucket(target.bucket)
            return Call(there, "CopyObject", {"Key": target.key, "CopySource": source})

    odd = [Target("photos", "a", "v1"), Target("photos", "b", "a b"), Target("photos", "c", "v2")]
    run(odd, operation=Copying("CopyObject", {}))
    assert tasks == [1]
    assert sorted(keys_of(double)) == ["a", "b", "c"]


@pytest.fixture(scope="module")
def requests():
    """Of a moment that does not pass."""
    signer = Signer(KEYS, "us-east-1", now=lambda: 1_800_000_000.0)
    return Requests(Rehearsal(make_client(HERE, KEYS), "us-east-1"), signer)


HERE = Endpoint("http://127.0.0.1:1", "us-east-1", "path")


def only_call(operation, target, endpoint=HERE):
    """As S3 is asked, None where a task is more than that."""
    call = operation.only_call(target, context_at(endpoint, KEYS))
    return call and of_s3(call)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
CASES = {
    "tagging": ("S3PutObjectTagging", EXAMPLES["S3PutObjectTagging"][0]),
    "copy": ("S3PutObjectCopy", EXAMPLES["S3PutObjectCopy"][0]),
    "copy under a prefix": (
        "S3PutObjectCopy",
        {**EXAMPLES["S3PutObjectCopy"][0], "TargetKeyPrefix": "köln 2%/key"},
    ),
}


def test_botocore_writes_a_call_once_for_each_of_many_buckets(requests, monkeypatch):
    written = []
    rehearse = Rehearsal.request_of

    def noted(self, call):
        written.append(call.bucket)
        return rehearse(self, call)

    monkeypatch.setattr(Rehearsal, "request_of", noted)
    operation = registry.get("S3PutObjectTagging").parse(CASES["tagging"][1])
    buckets = [f"bucket-{n}" for n in range(40)]
    for bucket in buckets * 2:
        assert requests.stencil(only_call(operation, Target(bucket, KEY_MARK)))
    assert written == buckets


@pytest.mark.parametrize(("name", "parameters"), CASES.values(), ids=CASES)
@given(key=TEXTS, version=st.none() | TEXTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_request_for_any_object_is_the_one_that_a_task_sends(
    requests, name, parameters, key, version
):
    operation = registry.get(name).parse(parameters)
    marks = Target("photos", KEY_MARK, VERSION_MARK if version else None)
    ours = requests.stencil(only_call(operation, marks)).request(key, version)
    if ours is None:
        assert not key or (version and "Copy" in name)
        return
    template, values = requests.prepare(only_call(operation, Target("photos", key, version)))
    assert ours == template.fill(values, requests.signer)


def test_copy_that_is_tagged_afterwards_is_more_than_one_call():
    ignoring = replace(HERE, tags_after_copy=True)
    tagged = {"NewObjectTagging": [{"Key": "a", "Value": "b"}]}
    emptied = {"NewObjectTagging": []}
    described = {"MetadataDirective": "REPLACE", "NewObjectMetadata": {"ContentType": "text/plain"}}
    for more in (tagged, emptied, described):
        copy = registry.get("S3PutObjectCopy").parse(CASES["copy"][1] | more)
        assert only_call(copy, Target("photos", "a"), ignoring) is None
        assert only_call(copy, Target("photos", "a")) is not None


def test_copy_that_keeps_the_sources_tags_with_its_metadata_is_one_call_everywhere():
    copy = registry.get("S3PutObjectCopy").parse(CASES["copy"][1])
    assert only_call(copy, Target("photos", "a"), replace(HERE, tags_after_copy=True)) is not None


def test_mistake_of_ours_behind_a_success_ends_the_chunk_instead_of_getting_lost(run, tasks):
    class Turns:
        def wait_s(self, now_s):
            return 0.0

        def answered(self, *, throttled):
            raise RuntimeError("boom")

    class Pace:
        in_flight, running = 8, 0

        def turns(self, to):
            return Turns()

    work = replace(run.work(targets("a", "b")), pace=Pace())
    with pytest.raises(RuntimeError, match="boom"):
        run.plane.submit(work).result(timeout=30)
