"""What happens on the wire: answers torn and odd, connections that close, TLS, redirects."""

import datetime
import gc
import hashlib
import ipaddress
import os
import ssl
import tracemalloc

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jobs.dataplane import connection
from jobs.dataplane.plane import DataPlane
from jobs.operations import registry
from jobs.operations.steps import Stream
from jobs.s3.endpoints import Endpoint
from jobs.s3.trust import only_for_boto3
from tests import s3_double
from tests.dataplane.conftest import KEYS, Noting, Runner, never, targets
from tests.dataplane.steps_at_work import Stepping, part
from tests.make import TAGS
from tests.s3.authorities import make_authority
from tests.s3_double import COPIED, Reply, error, plausible, reply
from tests.sequential import Places
from tests.servers import eventually

COPYING = {"CopySource": {"Bucket": "photos", "Key": "b"}}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def in_chunks(body, size=7):
    pieces = [body[n : n + size] for n in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Copying(Noting):
    """It is given odd answers as they are, as all who settle them by a look."""

    settles = frozenset({"CopyObject"})


def answer_to_copy(run, double, answer, **options):
    """What the operation is given when one copy is answered so and nothing is tried again."""
    double.answer = answer if callable(answer) else lambda received: answer
    operation = Copying("CopyObject", COPYING)
    run(targets("a"), operation=operation, decide=never, **options)
    return operation.answers["a"]


WHOLE = {
    "with a length": reply(200, COPIED).data,
    "in chunks": CHUNKED + in_chunks(COPIED),
    "refusal": error(404, "NoSuchKey").data,
    "no body": reply(200).data,
}


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_answer_torn_at_any_byte_is_no_answer_and_whole_it_is_one(run, double, whole):
    cuts = list(range(len(whole)))

    def answer(received):
        key = received.path.removeprefix("/photos/")
        return Reply(whole[: int(key)], close=True)

    double.answer = answer
    operation = Noting("CopyObject", COPYING)
    run(targets(*map(str, cuts)), operation=operation, decide=never, in_flight=32, patience_s=60)
    assert {answer.code for answer in operation.answers.values()} == {"ConnectionClosedError"}
    assert {answer.http_status for answer in operation.answers.values()} == {0}
    assert len(operation.answers) == len(cuts)
    last = answer_to_copy(run, double, Reply(whole, close=True))
    assert last.http_status in (200, 404)


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_answer_that_comes_byte_by_byte_is_the_same(run, double, whole):
    at_once = answer_to_copy(run, double, Reply(whole))
    slowly = answer_to_copy(run, double, Reply(whole, bytewise=True))
    assert (slowly.http_status, slowly.code) == (at_once.http_status, at_once.code)
    assert dict(slowly.data) == dict(at_once.data)


def test_body_without_a_length_ends_with_the_connection(run, double):
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    answer = answer_to_copy(run, double, Reply(head + COPIED, close=True))
    assert answer.code == "" and answer.data["CopyObjectResult"]["ETag"] == '"ab"'
    torn = answer_to_copy(run, double, Reply(head + COPIED[:-5], close=True))
    assert (torn.http_status, torn.code) == (502, "InvalidResponse")


def test_connection_that_was_closed_in_between_is_replaced_in_silence(run, double):
    assert run(targets("a")).outcomes[0].succeeded
    gone = Reply(b"", close=True)
    answers = [gone]
    double.answer = lambda received: answers.pop() if answers else reply()
    batch = run(targets("b"), decide=never)
    assert batch.outcomes[0].succeeded
    assert [received.connection for received in double.received] == [0, 0, 1]


def test_storage_that_closes_after_every_answer_costs_no_task(run, double):
    double.answer = lambda received: reply(close=True)
    batch = run(targets(*(str(n) for n in range(200))), decide=never, in_flight=8, patience_s=60)
    assert all(outcome.succeeded for outcome in batch.outcomes)


def test_storage_that_closes_only_now_and_then_costs_no_task(run, double):
    def answer(received):
        return reply(close=len(double.received) % 7 == 0)

    double.answer = answer
    batch = run(targets(*(str(n) for n in range(300))), decide=never, in_flight=8, patience_s=60)
    assert all(outcome.succeeded for outcome in batch.outcomes)


def test_fresh_connection_that_closes_without_an_answer_is_no_answer(run, double):
    answer = answer_to_copy(run, double, Reply(b"", close=True))
    assert answer.code == "ConnectionClosedError"
    assert len(double.received) == 1
    assert f"{double.endpoint.url}/photos/a" in answer.message


def test_request_that_may_not_be_repeated_is_not_sent_again_in_silence(run, double):
    assert run(targets("a")).outcomes[0].succeeded
    double.answer = lambda received: Reply(b"", close=True)
    restore = Noting("RestoreObject", {"RestoreRequest": {"Days": 1}})
    run(targets("b"), operation=restore, decide=never)
    assert [received.method for received in double.received] == ["PUT", "POST"]
    assert restore.answers["b"].code == "ConnectionClosedError"


def test_interim_answers_are_not_the_answer(run, double):
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    answer = answer_to_copy(run, double, Reply(interim + reply(200, COPIED).data))
    assert answer.code == "" and "link" not in answer.data["ResponseMetadata"]["HTTPHeaders"]


def test_answer_to_head_has_no_body_whatever_its_length_says(run, double):
    head = b'HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nETag: "ab"\r\n\r\n'
    double.answer = lambda received: (
        Reply(head) if received.method == "HEAD" else plausible(received)
    )
    operation = Noting("HeadObject", {})
    batch = run(targets(*"abcdef"), operation=operation, in_flight=2)
    assert all(outcome.succeeded for outcome in batch.outcomes)
    assert operation.answers["a"].data["ContentLength"] == 12345
    assert run(targets("a")).outcomes[0].succeeded
    assert double.connections == 2


def test_missing_object_asked_for_by_head_is_said_as_boto3_does(run, double):
    double.answer = lambda received: Reply(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n")
    operation = Noting("HeadObject", {})
    run(targets("a"), operation=operation)
    answer = operation.answers["a"]
    assert (answer.http_status, answer.code, answer.message) == (404, "404", "Not Found")


@pytest.mark.parametrize(
    "garbage",
    [b"what?\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"SSH-2.0-OpenSSH\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
     b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 200_000],
    ids=range(9),
)  # fmt: skip
def test_bytes_that_are_no_answer_end_the_connection(run, double, garbage):
    answer = answer_to_copy(run, double, Reply(garbage, delay_s=0))
    assert (answer.http_status, answer.code) == (0, "ConnectionClosedError")
    double.answer = plausible
    assert run(targets("b"), decide=never).outcomes[0].succeeded


def test_bytes_after_an_answer_are_not_taken_for_the_next_answer(run, double):
    forged = reply(200).data + error(404, "NoSuchKey").data
    double.answer = lambda received: Reply(forged)
    batch = run(targets(*"abcdef"), decide=never, in_flight=1)
    assert [outcome.code for outcome in batch.outcomes] == [""] * 6
    assert double.connections == 6


def test_bytes_on_a_connection_that_rests_end_it(run, double):
    late = [reply(200).data, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
    double.answer = lambda received: Reply(b"".join(late), bytewise=True)
    run(targets("a"), decide=never)
    eventually(lambda: double.in_flight == 0)
    double.answer = plausible
    assert run(targets("b"), decide=never).outcomes[0].succeeded


def test_answer_beyond_a_mebibyte_is_cut_and_said(run, double):
    huge = b"<?xml version='1.0'?><Tagging>" + b"x" * 3_000_000 + b"</Tagging>"
    answer = answer_to_copy(run, double, reply(200, huge))
    assert (answer.http_status, answer.code) == (200, "AnswerTooLarge")
    assert "1,048,576" in answer.message


def test_what_was_received_is_not_kept_when_its_connection_has_ended(run, double):
    huge = b"<?xml version='1.0'?><Tagging>" + b"x" * 2_000_000 + b"</Tagging>"
    double.answer = lambda received: reply(200, huge)
    tagging = registry.get("S3PutObjectTagging").parse(TAGS)  # which keeps no answers
    gc.disable()  # it comes late in a worker, and what is large is few objects
    tracemalloc.start()
    try:
        batch = run(targets(*map(str, range(40))), operation=tagging, decide=never)
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert {outcome.code for outcome in batch.outcomes} == {"AnswerTooLarge"}
    ours = [tracemalloc.Filter(True, connection.__file__)]  # not what the double sends
    kept = snapshot.filter_traces(ours).statistics("filename")
    assert sum(one.size for one in kept) < 4_000_000


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_told_and_never_followed(run, double, status):
    with s3_double.running() as elsewhere:
        location = f"Location: {elsewhere.endpoint.url}/photos/a\r\n"
        answer = answer_to_copy(run, double, error(status, "TemporaryRedirect", headers=location))
        assert (answer.http_status, answer.code) == (status, "TemporaryRedirect")
        assert elsewhere.received == []
    assert len(double.received) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with the key and the self-signed certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "storage")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    encoding = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(encoding)
    )
    return path


@pytest.fixture
def tls_run(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plane = DataPlane(in_flight=8)
    with s3_double.running(context) as double:
        yield Runner(plane, double)
    plane.close()


def over_tls(run, *, verify=True, host="127.0.0.1", **facts):
    url = f"https://{host}:{run.double.port}"
    endpoint = Endpoint(url, "us-east-1", "path", verify, **facts)
    operation = Noting()
    places = Places(endpoint, KEYS)
    run(targets("a", "b"), operation=operation, decide=never, places=places, patience_s=60)
    return operation.answers["a"]


def test_certificate_that_nobody_vouches_for_is_refused(tls_run):
    answer = over_tls(tls_run, verify=True)
    assert (answer.http_status, answer.code) == (0, "SSLError")
    assert "self-signed certificate" in answer.message
    assert tls_run.double.received == []


def test_long_bodies_come_whole_over_tls_one_after_the_other_on_one_connection(tls_run):
    body = os.urandom(3_000_001)
    tls_run.double.answer = lambda received: reply(200, body)
    endpoint = Endpoint(
        f"https://127.0.0.1:{tls_run.double.port}", "us-east-1", "path", verify_tls=False
    )
    hashed = []

    def steps(target, context):
        for _ in range(3):
            hasher = hashlib.sha256()
            call = part(context, target.key, "GetObject")
            answer = yield Stream(call, hasher.update, gathered_bytes=256 * 1024)
            hashed.append((answer.code, hasher.digest()))

    tls_run(targets("a"), operation=Stepping(steps), places=Places(endpoint, KEYS))
    assert hashed == [("", hashlib.sha256(body).digest())] * 3
    assert tls_run.double.connections == 1


def test_certificate_is_not_looked_at_where_the_region_says_so(tls_run):
    assert over_tls(tls_run, verify=False).code == ""


def test_certificate_of_a_private_authority_is_accepted_as_by_boto3(
    tls_run, certificate, monkeypatch
):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert over_tls(tls_run, verify=True).code == ""
    assert over_tls(tls_run, verify=True, host="localhost").code == "SSLError"


def test_certificate_of_a_regions_own_authority_is_accepted_for_that_region_alone(tmp_path):
    authority, other = make_authority(), make_authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign(tmp_path / "server.pem"))
    plane = DataPlane(in_flight=8)
    with s3_double.running(context) as double:
        run = Runner(plane, double)
        assert over_tls(run, ca_certificate=other.pem).code == "SSLError"
        assert double.received == []
        assert over_tls(run, ca_certificate=authority.pem).code == ""
        assert over_tls(run, ca_certificate=authority.pem, host="localhost").code == "SSLError"
        assert over_tls(run).code == "SSLError"
    plane.close()


def test_plain_http_to_a_tls_port_is_no_answer(tls_run):
    endpoint = Endpoint(f"http://127.0.0.1:{tls_run.double.port}", "us-east-1", "path")
    operation = Noting()
    tls_run(targets("a"), operation=operation, decide=never, places=Places(endpoint, KEYS))
    assert operation.answers["a"].http_status == 0


HERE = Endpoint("http://storage.test:9000", "us-east-1", "path")


def test_ordinary_endpoint_is_supported(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert only_for_boto3(HERE, KEYS) == ""


def test_endpoint_behind_a_proxy_is_left_to_boto3(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")
    assert "proxy" in only_for_boto3(HERE, KEYS)
    monkeypatch.setenv("no_proxy", "storage.test")
    assert only_for_boto3(HERE, KEYS) == ""


def test_ambient_credentials_are_left_to_boto3():
    assert "credentials" in only_for_boto3(HERE, None)
