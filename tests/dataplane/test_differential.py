"""The same work through boto3 and over the data plane, against a server that writes both down.

Runs over the registry: an operation without examples here fails the first test.
"""

import itertools
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Work
from jobs.operations import registry
from jobs.operations.batch import BatchOperation
from jobs.s3.calls import perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.call import Call
from jobs.spec.target import Target
from tests import s3_double
from tests.dataplane.conftest import KEYS, Limits, Noting, never, targets
from tests.examples import ON_STORAGE, PLAINEST_ON_STORAGE, prepared
from tests.s3_double import signature_holds
from tests.sequential import Places, Sequential, context_at, of_s3

COPY = {"TargetResource": "arn:aws:s3:::new-photos"}
AWKWARD = [
    "plain.txt", "a b", "a+b", "a%20b", "100%", "'q\"", "é/ü/\U0001f600", "e\u0301", "/lead", "a//b/",
    ".", "..", "a/../b", "?x=1&y", "#", "\t", "a\nb", "~*", "\\", "%s", "\u00a0", "\ufeff", "k" * 1024,
]  # fmt: skip
UNSAID = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding"}
TIMED = {"authorization", "x-amz-date"}
NUMBERS = itertools.count(1)
VERSIONS = (None, "null", "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo")


def received_by(double):
    """What the double was sent, without what says who sent it and when."""
    found = []
    for received in double.received:
        names = received.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
        scope = received.headers["authorization"].partition(",")[0].split("/", 2)[2]
        told = {n: v for n, v in received.headers.items() if n not in UNSAID | TIMED}
        found.append((received.method, received.target, told, scope, names, received.body))
    double.received.clear()
    return found


class Forgetful:
    """For tasks that keep a state: nothing is run again here."""

    def put(self, index, state):
        pass


def in_both_ways(run, operation, given, endpoint, keys=KEYS):
    """(requests, outcomes) through boto3, and over the data plane. Nobody used these keys before, so
    neither of both knows the bucket.
    """
    keys = replace(keys, access_key_id=f"{keys.access_key_id}{next(NUMBERS)}")
    client, limits = make_client(endpoint, keys), Limits(in_flight=1)
    s3_double.forget()
    by_boto3 = Sequential(endpoint, keys, client).run(operation, given)
    expected = received_by(run.double)
    s3_double.forget()
    trust = Trust(waived=True)
    work = Work(
        operation,
        given,
        Places(endpoint, keys),
        limits,
        threading.Event(),
        never,
        trust=trust,
        states=Forgetful(),
    )
    ours = run.plane.run(work).outcomes
    assert all(signature_holds(received, keys) for received in run.double.received)
    return (expected, by_boto3), (received_by(run.double), ours)


MOVE = "S3MoveObject"
ALIKE = [case for case in ON_STORAGE if case[0] != MOVE or case in PLAINEST_ON_STORAGE]
"""Move copies as Copy does, and looks for settings that the double does not keep."""


@pytest.mark.parametrize("tags_after_copy", [False, True])
@pytest.mark.parametrize(("name", "parameters"), ALIKE)
def test_requests_and_outcomes_are_those_of_boto3(run, double, name, parameters, tags_after_copy):
    endpoint = Endpoint(double.endpoint.url, "us-east-1", "path", tags_after_copy=tags_after_copy)
    operation = prepared(name, parameters, "photos")
    given = [Target("photos", key, version) for key in AWKWARD for version in VERSIONS]
    by_boto3, ours = in_both_ways(run, operation, given, endpoint)
    assert ours == by_boto3
    if not isinstance(operation, BatchOperation):
        assert len(ours[0]) >= len(given)


@given(
    keys=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=8, max_size=8
    )
)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_requests_for_any_key_are_those_of_boto3(run, double, keys):
    for name, parameters in PLAINEST_ON_STORAGE:
        operation = prepared(name, parameters, "photos")
        by_boto3, ours = in_both_ways(run, operation, targets(*keys), double.endpoint)
        assert ours == by_boto3


def test_session_token_is_sent_as_boto3_does(run, double):
    operation = registry.get("S3PutObjectCopy").parse(COPY)
    keys = Credentials(KEYS.access_key_id, KEYS.secret_access_key, "token/with+signs=")
    by_boto3, ours = in_both_ways(run, operation, targets("a"), double.endpoint, keys)
    assert ours == by_boto3
    assert ours[0][0][2]["x-amz-security-token"] == "token/with+signs="


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("DeleteObjects", {"Delete": {"Objects": [{"Key": "a"}]}}),
        ("PutObject", {"Body": b"bytes of a body"}),
        ("HeadObject", {}),
        ("DeleteObject", {}),
        ("RestoreObject", {"RestoreRequest": {"Days": 3}}),
    ],
)
def test_calls_of_other_shapes_are_those_of_boto3(run, double, action, params):
    operation = Noting(action, params)
    if action == "DeleteObjects":
        operation.call = lambda target, context: Call(context.bucket(target.bucket), action, params)
    client = make_client(double.endpoint, KEYS)
    perform(client, of_s3(operation.call(targets("a b")[0], context_at(double.endpoint, KEYS))))
    expected = received_by(double)
    assert expected[0][2].pop("expect", "100-continue") == "100-continue"
    run(targets("a b"), operation=operation)
    assert received_by(double) == expected
