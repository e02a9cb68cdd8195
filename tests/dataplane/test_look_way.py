"""Looks of a dry run that are one read each go out without a Task, and nobody can tell from what comes
of them.
"""

import re
from urllib.parse import parse_qs, unquote

import pytest

from jobs.choices import Foreseen
from jobs.dataplane import look_way, short_way, units
from jobs.dataplane.task import Task
from jobs.operations import registry
from jobs.operations.dry_run import DryRun, Looked
from jobs.s3.endpoints import Endpoint
from jobs.s3.glances import glance_of
from jobs.spec.target import Guard, Target
from tests.dataplane.conftest import never, targets
from tests.examples import EXAMPLES
from tests.s3_double import Reply, described, error, plausible, reply, tagging
from tests.sequential import context_at

KEYS = [f"key {n:02}" for n in range(24)]
BLUE = tagging([("team", "blue")])
RED = tagging([("team", "red")])
TAGS = {
    "S3PutObjectTagging": {"TagSet": [{"Key": "team", "Value": "blue"}]},
    "S3DeleteObjectTagging": {},
    "S3MergeObjectTagging": {"TagSet": [{"Key": "team", "Value": "blue"}]},
}
SLOW_DOWN = error(503, "SlowDown", "Please reduce your request rate.")
ODD = {
    "no tags": reply(200, tagging([])),
    "many tags": reply(200, tagging([(f"k{n}", "v") for n in range(10)])),
    "other letters": reply(200, tagging([("ü", "a & b")])),
    "Ceph without tags": reply(200),
    "white space before": reply(200, b"\n\n" + RED),
    "a page of a proxy": Reply(
        b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Type: text/html\r\n\r\n<html></html>"
    ),
    "half an answer": reply(200, RED[:-5]),
    "tags with another status": reply(206, RED),
    "an error in a success": reply(200, b"<Error><Code>AccessDenied</Code></Error>"),
    "forbidden": error(403, "AccessDenied", "Access Denied"),
    "gone": error(404, "NoSuchKey", "The specified key does not exist."),
    "no tag set": error(404, "NoSuchTagSet", "There is no tag set."),
    "not implemented": error(501, "NotImplemented", "No such call."),
    "throttled": SLOW_DOWN,
    "a bare refusal": Reply(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    "closed": Reply(b"", close=True),
}


def dry_run_of(operation):
    return DryRun(registry.get(operation).parse(TAGS[operation]))


def listing(received):
    """All objects, as the double describes each."""
    items = "".join(
        f"<Contents><Key>{key.replace(' ', '+')}</Key><ETag>&quot;ab&quot;</ETag><Size>0</Size>"
        "<LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents>"
        for key in KEYS
    )
    told = f"<EncodingType>url</EncodingType>{items}<IsTruncated>false</IsTruncated>"
    return reply(200, f"<ListBucketResult>{told}</ListBucketResult>".encode())


def storage(answers=None, *, lists=True):
    """`answers` are to GetObjectTagging, by key; all other objects are red."""
    answers = answers or {}

    def answer(received):
        query = parse_qs(received.target.partition("?")[2], keep_blank_values=True)
        if "list-type" in query:
            return listing(received) if lists else error(403, "AccessDenied")
        if received.method == "HEAD":
            return described()
        key = unquote(received.path.removeprefix("/photos/"))
        told = answers.get(key, reply(200, RED))
        return told.pop(0) if isinstance(told, list) else told

    return answer


@pytest.fixture
def tasks(monkeypatch):
    """The indices of those that had to be a Task."""
    made = []

    class Noted(Task):
        def __init__(self, flight, index, target, **options):
            made.append(index)
            super().__init__(flight, index, target, **options)

    monkeypatch.setattr(units, "Task", Noted)
    monkeypatch.setattr(short_way, "Task", Noted)
    return made


def asked(double, what):
    return [unquote(one.path[8:]) for one in double.received if what in one.target]


def test_object_that_was_listed_is_asked_for_its_tags_without_a_task(run, double, tasks):
    double.answer = storage({KEYS[3]: reply(200, BLUE)})
    batch = run(targets(*KEYS), operation=dry_run_of("S3PutObjectTagging"))
    assert tasks == []
    assert sorted(asked(double, "tagging")) == KEYS
    kinds = [outcome.code for outcome in batch.outcomes]
    assert kinds.count(Foreseen.WOULD_CHANGE) == 23 and kinds[3] == Foreseen.ALREADY_SO
    guard = Guard('"ab"', "", 0, 1577836800.0)
    assert {type(one) for one in batch.outcomes} == {Looked}
    assert {one.seen for one in batch.outcomes} == {guard}


def test_nothing_but_reads_goes_out(run, double, tasks):
    double.answer = storage()
    run(targets(*KEYS), operation=dry_run_of("S3PutObjectTagging"))
    assert {one.method for one in double.received} <= {"GET", "HEAD"}


def test_object_that_was_not_listed_is_looked_at_by_a_task(run, double, tasks):
    double.answer = storage(lists=False)
    run(targets(*KEYS), operation=dry_run_of("S3PutObjectTagging"))
    assert sorted(tasks) == list(range(24))


def test_a_version_is_looked_at_by_a_task(run, double, tasks):
    double.answer = storage()
    given = [*targets(*KEYS), Target("photos", KEYS[0], "v1")]
    run(given, operation=dry_run_of("S3PutObjectTagging"))
    assert tasks == [24]


@pytest.mark.parametrize("operation", TAGS)
def test_whatever_is_answered_ends_as_it_does_step_by_step(run, double, monkeypatch, operation):
    """Each odd answer for the 16 objects in the middle; those around succeed."""
    given = dict(zip(KEYS[4:], ODD.values(), strict=False))

    def outcomes():
        double.answer = storage(given)
        limits = {"decide": never, "patience_s": 60.0}
        return run(targets(*KEYS), operation=dry_run_of(operation), **limits).outcomes

    short = outcomes()
    monkeypatch.setattr(look_way, "glance_of", lambda action: None)
    assert worded(short) == worded(outcomes())
    assert all(outcome is not None for outcome in short)


def worded(outcomes):
    return [one and (type(one), one, re.sub(r"\d+ ms", "", one.message)) for one in outcomes]


def test_answer_that_comes_at_the_second_try_counts(run, double, tasks):
    double.answer = storage({KEYS[5]: [SLOW_DOWN, reply(200, BLUE)]})
    batch = run(targets(*KEYS), operation=dry_run_of("S3PutObjectTagging"))
    assert tasks == [5]
    assert batch.outcomes[5].code == Foreseen.ALREADY_SO
    assert asked(double, "tagging").count(KEYS[5]) == 2


def test_a_run_for_real_never_takes_this_way(run, double, tasks):
    """Merging begins with the same read, and goes on."""
    double.answer = plausible
    operation = registry.get("S3MergeObjectTagging").parse(TAGS["S3MergeObjectTagging"])
    run(targets(*KEYS), operation=operation)
    assert sorted(tasks) == list(range(24))
    assert {one.method for one in double.received} == {"GET", "PUT"}


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda operation: operation.name)
def test_only_look_is_the_one_read_that_is_foreseen_with(operation):
    """And what is said follows from its answer, whatever the object is called."""
    one = DryRun(operation.parse(EXAMPLES[operation.name][0]))
    context = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
    a, b = Target("photos", "a"), Target("photos", "b")
    look = one.only_look(a, context)
    if look is None:
        return
    assert look == next(one.foresee(a, context))
    data = glance_of(look.action)(RED)
    assert one.foretold(a, context, data) == one.foretold(b, context, data) is not None
