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
from tests.s3_double import Reply, described, error, plausible, reply
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
        deletion("a", b="SlowDown", c="SlowDown", d="AccessDenied"),
        deletion("b", c="OperationAborted"),
        deletion("c"),
    )
    batch = run_both(targets("a", "b", "c", "d"), operation=DELETE)
    assert codes(batch) == ["", "", "", "AccessDenied"]
    assert deletes_of(double) == [[b"a", b"b", b"c", b"d"], [b"b", b"c"], [b"c"]]


def test_key_whose_deletion_may_have_been_done_all_the_same_is_looked_at_first(run_both, double):
    def answer(received):
        if received.method == "POST":
            return deletion("a", b="InternalError", c="SlowDown")
        return plausible(received)

    double.answer = answer
    batch = run_both(targets("a", "b", "c"), operation=DELETE, in_flight=1)
    assert codes(batch) == ["", "", ""]
    sent = [(received.method, received.path) for received in double.received]
    alone = [(method, f"/photos/{key}") for key in "bc" for method in ("HEAD", "DELETE")]
    assert sent == [("POST", "/photos"), *alone]


def test_key_whose_deletion_fails_in_the_storage_again_and_again_says_so_in_its_words(
    run_both, double
):
    def answer(received):
        if received.method == "DELETE":
            return error(500, "InternalError", "We failed.")
        return plausible(received)

    double.answer = answer
    (outcome,) = run_both(targets("a"), operation=DELETE, task_deadline_s=0.01).outcomes
    assert (outcome.http_status, outcome.code) == (500, "InternalError")
    assert outcome.message.startswith("We failed.")


def test_key_that_stays_refused_past_its_deadline_fails_with_its_last_answer(run_both, double):
    double.answer = lambda received: deletion("a", b="SlowDown")
    batch = run_both(targets("a", "b"), operation=DELETE, task_deadline_s=0.01)
    assert codes(batch) == ["", "SlowDown"]


def test_request_for_many_keys_that_is_throttled_is_tried_again_as_a_whole(run_both, double):
    answers_in_turn(double, SLOW_DOWN, SLOW_DOWN, deletion("ab"))
    assert codes(run_both(targets("a", "b"), operation=DELETE)) == ["", ""]
    assert deletes_of(double) == [[b"a", b"b"]] * 3


AFTERWARDS = "Fri, 02 Jan 2026 03:05:00 GMT"
"""After the Date of the double's answers."""

INTERNAL = b"<Error><Code>InternalError</Code></Error>"


@pytest.mark.parametrize("failure", [error(500, "InternalError"), reply(200, INTERNAL)])
def test_request_for_many_keys_that_fails_with_500_is_halved_at_once(run_both, double, failure):
    to_many = [failure, deletion("ab"), deletion("cd")]
    double.answer = lambda received: (
        to_many.pop(0) if received.method == "POST" else plausible(received)
    )
    batch = run_both(targets(*"abcd"), operation=DELETE, in_flight=1)
    assert codes(batch) == [""] * 4
    asked = [keys for keys in deletes_of(double) if keys]
    assert asked == [[b"a", b"b", b"c", b"d"], [b"a", b"b"], [b"c", b"d"]]
    assert {received.method for received in double.received} == {"POST", "HEAD"}


@pytest.mark.parametrize("looked", [reply(404), described(AFTERWARDS)], ids=["gone", "newer"])
def test_request_for_many_keys_that_failed_halfway_is_settled_key_by_key(run_both, double, looked):
    """Some storage goes from key to key: a is deleted, and perhaps somebody wrote it anew."""

    def answer(received):
        if received.method == "POST":
            return error(500, "InternalError")
        if received.method == "HEAD" and received.path == "/photos/a":
            return looked
        return plausible(received)

    double.answer = answer
    assert codes(run_both(targets(*"abc"), operation=DELETE)) == [""] * 3
    deleted = [received.path for received in double.received if received.method == "DELETE"]
    assert sorted(deleted) == ["/photos/b", "/photos/c"]


def test_request_for_many_keys_that_is_refused_fails_all_of_them(run_both, double):
    double.answer = lambda received: error(403, "AccessDenied")
    assert codes(run_both(targets("a", "b"), operation=DELETE)) == ["AccessDenied"] * 2


def test_key_for_which_a_whole_request_is_refused_fails_alone(run_both, double):
    def answer(received):
        if received.method == "DELETE":
            return error(400, "InvalidURI") if received.path.endswith("k5") else reply(204)
        asked = re.findall(rb"<Key>(.*?)</Key>", received.body)
        return error(400, "MalformedXML") if b"k5" in asked else plausible(received)

    double.answer = answer
    batch = run_both(targets(*(f"k{n}" for n in range(16))), operation=DELETE)
    assert codes(batch) == [""] * 5 + ["InvalidURI"] + [""] * 10


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


@pytest.mark.parametrize(
    ("looked", "asked_after", "words"),
    [
        (described(), ["DELETE"], "Successful"),
        (reply(404), [], "Successful"),
        (described(AFTERWARDS), [], "A newer object"),
    ],
    ids=["is older", "is gone", "is newer"],
)
def test_key_that_the_answer_leaves_out_is_looked_at_and_deleted_alone_where_it_is_the_old_one(
    run_both, double, looked, asked_after, words
):
    def answer(received):
        if received.method == "POST":
            return deletion("ac")
        return looked if received.method == "HEAD" else reply(204)

    double.answer = answer
    batch = run_both(targets("a", "b", "c"), operation=DELETE)
    assert codes(batch) == ["", "", ""]
    assert words in batch.outcomes[1].message
    sent = [(received.method, received.path) for received in double.received]
    alone = [(method, "/photos/b") for method in ["HEAD", *asked_after]]
    assert sent == [("POST", "/photos"), *alone]


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
