"""Many targets in one request, over both transports: each has its own outcome and its own retries."""

import re
import threading
from collections import Counter

import pytest

from jobs.operations.delete_object import DeleteObject
from jobs.spec.target import Target
from tests.dataplane.conftest import targets
from tests.dataplane.test_differential import AWKWARD, in_both_ways
from tests.dataplane.test_tasks import REFUSED, SILENT, SLOW_DOWN, codes
from tests.s3_double import Reply, error, reply
from tests.servers import eventually

DELETE = DeleteObject.parse({})


def deletion(gone=(), **errors):
    """An answer that says which keys are gone, and which are not for which reason."""
    items = [f"<Deleted><Key>{key}</Key></Deleted>" for key in gone]
    items += [f"<Error><Key>{k}</Key><Code>{code}</Code></Error>" for k, code in errors.items()]
    return reply(200, f"<DeleteResult>{''.join(items)}</DeleteResult>".encode())


def deletes_of(double):
    return [re.findall(rb"<Key>(.*?)</Key>", received.body) for received in double.received]


def answers_in_turn(double, *answers):
    waiting = list(answers)
    double.answer = lambda received: waiting.pop(0)


def test_each_key_of_a_request_has_an_outcome_of_its_own(run_both, double):
    answers_in_turn(double, deletion("ca", b="AccessDenied"))
    batch = run_both(targets("a", "b", "c"), operation=DELETE)
    assert codes(batch) == ["", "AccessDenied", ""]
    assert batch.outcomes[1].http_status == 403
    assert deletes_of(double) == [[b"a", b"b", b"c"]]


def test_keys_of_a_request_that_may_succeed_later_are_tried_again_without_the_others(
    run_both, double
):
    answers_in_turn(
        double,
        deletion("a", b="InternalError", c="SlowDown", d="AccessDenied"),
        deletion("b", c="InternalError"),
        deletion("c"),
    )
    batch = run_both(targets("a", "b", "c", "d"), operation=DELETE)
    assert codes(batch) == ["", "", "", "AccessDenied"]
    assert deletes_of(double) == [[b"a", b"b", b"c", b"d"], [b"b", b"c"], [b"c"]]


def test_key_that_stays_refused_past_its_deadline_fails_with_its_last_answer(run_both, double):
    double.answer = lambda received: deletion("a", b="SlowDown")
    batch = run_both(targets("a", "b"), operation=DELETE, task_deadline_s=0.01)
    assert codes(batch) == ["", "SlowDown"]


def test_request_for_many_keys_that_fails_as_a_whole_is_tried_again(run_both, double):
    answers_in_turn(
        double, SLOW_DOWN, reply(200, b"<Error><Code>InternalError</Code></Error>"), deletion("ab")
    )
    assert codes(run_both(targets("a", "b"), operation=DELETE)) == ["", ""]
    assert deletes_of(double) == [[b"a", b"b"]] * 3


def test_request_for_many_keys_that_is_refused_fails_all_of_them(run_both, double):
    double.answer = lambda received: error(403, "AccessDenied")
    assert codes(run_both(targets("a", "b"), operation=DELETE)) == ["AccessDenied"] * 2


@pytest.mark.parametrize(
    "refusal", [error(501, "NotImplemented"), error(405, "MethodNotAllowed"), reply(501)]
)
def test_keys_are_deleted_one_by_one_where_the_storage_knows_no_request_for_many(
    run_both, double, refusal
):
    def answer(received):
        if received.method == "POST":
            return refusal
        return error(403, "AccessDenied") if received.path.endswith("b") else reply(204)

    double.answer = answer
    batch = run_both(targets("a", "b", "c"), operation=DELETE)
    assert codes(batch) == ["", "AccessDenied", ""]
    sent = [(received.method, received.path) for received in double.received]
    assert sorted(sent) == [("DELETE", f"/photos/{key}") for key in "abc"] + [("POST", "/photos")]


def test_keys_that_are_deleted_one_by_one_keep_to_the_limits_of_their_job(run, double):
    double.answer = lambda received: (
        error(501, "NotImplemented") if received.method == "POST" else Reply(b"", delay_s=None)
    )
    stop = threading.Event()
    work = run.work(targets(*"abcdefgh"), operation=DELETE, stop=stop, in_flight=3)
    future = run.plane.submit(work)
    eventually(lambda: double.in_flight == 3)
    stop.set()
    assert future.result(30).outcomes == [None] * 8
    assert double.most_in_flight == 3


def test_refused_credentials_end_a_batch_of_many_keys(run_both, double):
    double.answer = lambda received: REFUSED
    batch = run_both(targets(*(f"k{n}" for n in range(3000))), operation=DELETE, in_flight=1)
    assert batch.fatal.code == "InvalidAccessKeyId"
    assert Counter(codes(batch)) == {"InvalidAccessKeyId": 1000, None: 2000}


def test_silent_storage_leaves_all_keys_of_a_request_to_be_deleted_later(run, double):
    double.answer = lambda received: SILENT
    batch = run(targets("a", "b"), operation=DELETE, patience_s=0.1)
    assert batch.outcomes == [None, None]
    assert batch.outage.http_status == 0


def test_stop_leaves_keys_that_wait_to_be_tried_again_to_be_deleted_later(run_both, double):
    stop = threading.Event()

    def answer(received):
        stop.set()
        return deletion("a", b="SlowDown")

    double.answer = answer
    batch = run_both(targets("a", "b"), operation=DELETE, stop=stop)
    assert codes(batch) == ["", None]


def test_answer_in_another_order_with_markers_and_white_space_counts_for_each_key(run_both, double):
    gone = [
        "<Key>c</Key>",
        "<DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m</DeleteMarkerVersionId>"
        "<Key>a &amp; b</Key>",
        "<Key>ü</Key>\n <DeleteMarker>true</DeleteMarker>",
    ]
    items = "\n".join(f"<Deleted>{item}</Deleted>" for item in gone)
    double.answer = lambda received: reply(200, f"<DeleteResult>{items}</DeleteResult>".encode())
    assert codes(run_both(targets("a & b", "ü", "c"), operation=DELETE)) == [""] * 3


def test_keys_that_the_answer_leaves_out_are_asked_for_again(run_both, double):
    answers_in_turn(double, deletion("ac"), deletion("b"))
    batch = run_both(targets("a", "b", "c"), operation=DELETE)
    assert codes(batch) == ["", "", ""]
    assert deletes_of(double) == [[b"a", b"b", b"c"], [b"b"]]


def test_outcome_of_many_keys_says_how_often_they_were_tried(run_both, double):
    answers_in_turn(double, SLOW_DOWN, deletion("a", b="AccessDenied"))
    batch = run_both(targets("a", "b"), operation=DELETE)
    assert codes(batch) == ["", "AccessDenied"]
    assert "(tried twice in " in batch.outcomes[1].message


def test_requests_for_versions_are_those_of_boto3(run, double):
    for version in ("null", "a/+=&<>\"'é"):
        given = [Target("photos", key, version) for key in AWKWARD]
        (requests, outcomes), ours = in_both_ways(run, DELETE, given, double.endpoint)
        assert ours == (requests, outcomes)
        assert [request[0] for request in requests].count("POST") == 1
