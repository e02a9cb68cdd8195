"""Calls of webhooks, against a receiver of a test's own that verifies what it is sent."""

import json
import socket
import ssl
from dataclasses import dataclass

import pytest

from jobs.errors import StorageError, ValidationFailedError
from jobs.operations.base import DONE, Outcome
from jobs.operations.invocations.invocation_event import task_id_of
from jobs.operations.webhook_invoke import WebhookInvoke
from jobs.s3.endpoints import Endpoint
from jobs.services import webhook_addresses
from jobs.services.webhook import WebhookService, secret_of, signature, webhook_at
from jobs.spec.target import Target
from tests import s3_double
from tests.operations.invocations import (
    JOB_ID,
    SECRET,
    Invoker,
    Places,
    answered,
    lost,
    make_plane,
    results,
    webhook_holds,
)
from tests.s3.authorities import make_authority

HOOK = WebhookInvoke.parse({"WebhookName": "thumbnails"})


@pytest.fixture(scope="module")
def plane():
    made = make_plane()
    yield made
    made.close()


@pytest.fixture
def double():
    with s3_double.running() as made:
        made.answer = lambda received: answered(results(received))
        yield made


@pytest.fixture
def invoke(plane, double):
    return Invoker(plane, double)


def test_request_is_signed_as_standard_webhooks_are(invoke, double):
    assert invoke(HOOK, "a.jpg") == [DONE]
    received = double.received[0]
    assert (received.method, received.target) == ("POST", "/hook?of=us")
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"] == task_id_of(JOB_ID, 0)
    assert webhook_holds(received)


def test_signature_is_that_of_the_published_example():
    secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_body_is_the_event_that_functions_get(invoke, double):
    arguments = {"InvocationSchemaVersion": "2.0", "UserArguments": {"size": "200"}}
    invoke(WebhookInvoke.parse({"WebhookName": "thumbnails", **arguments}), Target("b", "k 1", "v"))
    event = json.loads(double.received[0].body)
    assert event == {
        "invocationSchemaVersion": "2.0",
        "invocationId": event["invocationId"],
        "job": {"id": JOB_ID, "userArguments": {"size": "200"}},
        "tasks": [
            {"taskId": task_id_of(JOB_ID, 0), "s3Key": "k+1", "s3VersionId": "v", "s3Bucket": "b"}
        ],
    }


def test_every_repeat_has_the_same_message_id_and_a_signature_of_its_own_moment(invoke, double):
    codes = iter(["TemporaryFailure"])
    double.answer = lambda received: answered(results(received, next(codes, "Succeeded"), "ok"))
    assert invoke(HOOK, "a") == [Outcome(True, 200, "", "ok")]
    assert len({received.headers["webhook-id"] for received in double.received}) == 1
    assert len(double.received) == 2 and all(map(webhook_holds, double.received))


def test_redirect_is_not_followed_and_fails_its_task(invoke, double):
    elsewhere = "Location: http://169.254.169.254/latest/\r\n"
    double.answer = lambda received: answered(status=307, headers=elsewhere)
    outcome = invoke(HOOK, "a")[0]
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 307, "307")
    assert "is not followed" in outcome.message
    assert len(double.received) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_refusal_is_final_for_its_task_alone(invoke, double, status):
    double.answer = lambda received: answered(status=status)
    batch = invoke.batch(HOOK, "a", "b")
    assert [(one.http_status, one.code) for one in batch.outcomes] == [(status, str(status))] * 2
    assert batch.fatal is None


def test_answer_without_json_fails_its_task(invoke, double):
    double.answer = lambda received: answered(status=204)
    told = Outcome(False, 200, "PermanentFailure", "Invalid JSON returned by the webhook")
    assert invoke(HOOK, "a") == [told]


def test_receiver_that_asks_for_fewer_requests_is_asked_again(invoke, double):
    statuses = iter([429, 503])
    double.answer = lambda received: (
        answered(status=status) if (status := next(statuses, 0)) else answered(results(received))
    )
    assert invoke(HOOK, "a") == [DONE]
    assert len(double.received) == 3


def test_call_without_an_answer_is_repeated_twice_and_no_more(invoke, double):
    double.answer = lambda received: lost()
    outcome = invoke(HOOK, "a", limits={"patience_s": 60.0})[0]
    assert outcome.code == "InvocationLost"
    assert len(double.received) == 3
    assert len({received.headers["webhook-id"] for received in double.received}) == 1


def test_private_address_that_nobody_allowed_is_not_connected_to(invoke, double):
    with pytest.raises(StorageError, match="An administrator can allow that"):
        invoke(HOOK, "a", places=Places(double, may_be_private=False))
    assert double.connections == 0


@pytest.fixture
def authority():
    return make_authority()


@pytest.fixture
def over_tls(authority, tmp_path):
    """Its certificate is for the name, and not for the address that is called."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign(tmp_path / "server.pem", "localhost"))
    with s3_double.running(context) as made:
        made.answer = lambda received: answered(results(received))
        yield made


@dataclass
class Named(Places):
    """The webhook by another host, and vouched for by another authority."""

    host: str = "localhost"
    ca_certificate: str = ""

    def connected(self, wanted):
        url = f"https://{self.host}:{self.double.port}/hook"
        endpoint = Endpoint(
            url, "", "path", ca_certificate=self.ca_certificate, may_be_private=True
        )
        return webhook_at(endpoint, SECRET)


@pytest.fixture
def at_one_address(monkeypatch):
    """Of `localhost`, which may have another besides."""
    looked_up = socket.getaddrinfo

    def first(host, port, **options):
        return looked_up("127.0.0.1" if host == "localhost" else host, port, **options)

    monkeypatch.setattr(webhook_addresses.socket, "getaddrinfo", first)


@pytest.mark.usefixtures("at_one_address")
def test_certificate_is_that_of_the_name_though_an_address_is_called(plane, over_tls, authority):
    places = Named(over_tls, ca_certificate=authority.pem)
    assert Invoker(plane, over_tls)(HOOK, "a", places=places) == [DONE]
    assert over_tls.received[0].headers["host"] == f"localhost:{over_tls.port}"


@pytest.mark.usefixtures("at_one_address")
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_nothing_is_sent_to_whom_nobody_vouches_for(plane, over_tls, authority, wrong):
    places = Named(over_tls)
    if wrong == "name":
        places = Named(over_tls, host="127.0.0.1", ca_certificate=authority.pem)
    batch = Invoker(plane, over_tls).batch(HOOK, "a", places=places, limits={"patience_s": 0.0})
    assert batch.outcomes == [None]
    assert batch.outage.code == "SSLError"
    assert over_tls.received == []


def service_at(url, secret=SECRET, **facts):
    keys = Places(None).keys.__class__("", secret)
    endpoint = Endpoint(url, "", "path", may_be_private=True, **facts)
    return WebhookService(endpoint, keys, connect_timeout_s=1, read_timeout_s=1)


def test_certificate_is_verified_for_the_name_and_not_for_the_address(monkeypatch):
    service = service_at("https://localhost:8343/hook")
    origin = service._origin
    assert (origin.tls, origin.name) == (True, "localhost")
    assert origin.host in ("127.0.0.1", "::1")
    assert service.tls.check_hostname and service.tls.verify_mode.name == "CERT_REQUIRED"


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("", "Write the secret as whsec_ and base64."),
        ("plain", "Write the secret as whsec_ and base64."),
        ("whsec_%%%", "Write the secret as whsec_ and base64."),
        ("whsec_YWJj", "The secret must have 24 to 64 bytes, not 3."),
    ],
)
def test_secret_that_is_none_gets_a_sentence(secret, sentence):
    with pytest.raises(ValueError) as caught:
        secret_of(secret)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({}, "WebhookName"),
        ({"WebhookName": ""}, "WebhookName"),
        ({"WebhookName": "n" * 81}, "WebhookName"),
        ({"WebhookName": 1}, "WebhookName"),
        ({"WebhookName": "a", "Url": "https://a"}, "Url"),
        ({"WebhookName": "a", "UserArguments": {"a": "b"}}, "UserArguments"),
    ],
    ids=repr,
)
def test_parameter_that_cannot_be_is_refused_with_its_field(wire, field):
    with pytest.raises(ValidationFailedError) as caught:
        WebhookInvoke.parse(wire)
    assert field in {problem.field for problem in caught.value.problems}
