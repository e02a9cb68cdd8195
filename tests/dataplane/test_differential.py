"""The same work through boto3 and over the data plane, against a server that writes both down.

Runs over the registry: an operation without examples here fails the first test.
"""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.dataplane.work import Work
from jobs.engine.executor import Executor
from jobs.operations import registry
from jobs.operations.base import BatchOperation
from jobs.s3.calls import Call, perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.parsing import Reader
from jobs.spec.target import Target
from tests.dataplane.conftest import KEYS, Limits, Noting, never, targets
from tests.s3_double import COPIED, Reply, error, reply, signature_holds

COPY = {"TargetResource": "arn:aws:s3:::new-photos"}
EXAMPLES = {
    "S3DeleteObject": [{}],
    "S3PutObjectTagging": [
        {"TagSet": [{"Key": "team", "Value": "a b+ü/=@"}, {"Key": "x", "Value": ""}]},
    ],
    "S3PutObjectCopy": [
        COPY,
        COPY | {"TargetKeyPrefix": "köln 2/", "StorageClass": "STANDARD_IA"},
        COPY | {"NewObjectTagging": [{"Key": "a", "Value": "b c+ü/="}]},
        COPY
        | {
            "MetadataDirective": "REPLACE",
            "NewObjectMetadata": {
                "CacheControl": "max-age=60",
                "ContentType": "text/plain; charset=utf-8",
                "HttpExpiresDate": "2030-01-02T03:04:05Z",
                "UserMetadata": {"owner": "me  and you", "n": "1"},
                "SSEAlgorithm": "AES256",
            },
        },
        COPY
        | {
            "CannedAccessControlList": "bucket-owner-full-control",
            "ObjectLockMode": "GOVERNANCE",
            "ObjectLockRetainUntilDate": "2030-01-02T03:04:05Z",
            "ObjectLockLegalHoldStatus": "ON",
            "ModifiedSinceConstraint": "2020-01-02T03:04:05Z",
            "UnModifiedSinceConstraint": "2030-01-02T03:04:05+02:00",
            "RequesterPays": True,
            "BucketKeyEnabled": True,
            "RedirectLocation": "/elsewhere",
            "ChecksumAlgorithm": "SHA256",
        },
    ],
}
CASES = [(name, parameters) for name, examples in EXAMPLES.items() for parameters in examples]
AWKWARD = [
    "plain.txt", "a b", "a+b", "a%20b", "100%", "'q\"", "é/ü/\U0001f600", "e\u0301", "/lead", "a//b/",
    ".", "..", "a/../b", "?x=1&y", "#", "\t", "a\nb", "~*", "\\", "%s", "\u00a0", "\ufeff", "k" * 1024,
]  # fmt: skip
UNSAID = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "accept-encoding"}
TIMED = {"authorization", "x-amz-date"}
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


def in_both_ways(run, operation, given, endpoint, keys=KEYS):
    """(requests, outcomes) through boto3, and over the data plane."""
    client, limits = make_client(endpoint, keys), Limits(in_flight=1)
    stop = threading.Event()
    work = Work(operation, given, lambda bucket: endpoint, lambda bucket: keys, limits, stop, never)
    by_boto3 = Executor(work, lambda call: perform(client, call)).run().outcomes
    expected = received_by(run.double)
    ours = run.plane.run(work).outcomes
    assert all(signature_holds(received, keys) for received in run.double.received)
    return (expected, by_boto3), (received_by(run.double), ours)


def test_every_operation_has_examples():
    assert set(EXAMPLES) == {operation.name for operation in registry.OPERATIONS}


@pytest.mark.parametrize("tags_after_copy", [False, True])
@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_requests_and_outcomes_are_those_of_boto3(run, double, name, parameters, tags_after_copy):
    endpoint = Endpoint(double.endpoint.url, "us-east-1", "path", tags_after_copy=tags_after_copy)
    operation = registry.get(name).parse(parameters)
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
    for name, parameters in CASES[:2]:
        operation = registry.get(name).parse(parameters)
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
    double.answer = lambda received: reply()
    operation = Noting(action, params)
    if action == "DeleteObjects":
        operation.start = lambda target, endpoint: Call(action, target.bucket, params)
    client = make_client(double.endpoint, KEYS)
    perform(client, operation.start(targets("a b")[0], double.endpoint))
    expected = received_by(double)
    assert expected[0][2].pop("expect", "100-continue") == "100-continue"
    run(targets("a b"), operation=operation)
    assert received_by(double) == expected


HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
ANSWERS = {
    "ok": reply(),
    "ok with headers": reply(200, b"", "x-amz-version-id: v1\r\nX-Twice: 1\r\nX-Twice: 2\r\n"),
    "no content": reply(204),
    "copied": reply(200, COPIED, "x-amz-version-id: v1\r\nx-amz-copy-source-version-id: v0\r\n"),
    "copied, no ETag": reply(200, b"<CopyObjectResult></CopyObjectResult>"),
    "copied, empty ETag": reply(200, b"<CopyObjectResult><ETag></ETag></CopyObjectResult>"),
    "copied, empty body": reply(200),
    "copied after white space": reply(200, b"\n \n" + COPIED.partition(b"\n")[2]),
    "cut short": reply(200, COPIED[:-10]),
    "cut shorter": reply(200, b"<?xml"),
    "error in 200": reply(200, b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>"),
    "internal in 200": reply(
        200, b"<Error><Code>InternalError</Code><Message>We failed.</Message></Error>"
    ),
    "HTML in 200": reply(200, HTML, "Content-Type: text/html\r\n"),
    "no key": error(404, "NoSuchKey", "The specified key does not exist."),
    "no key, no message": reply(404, b"<Error><Code>NoSuchKey</Code></Error>"),
    "denied": error(403, "AccessDenied", "Access Denied"),
    "words to escape": error(400, "InvalidArgument", "a &lt;b&gt; &amp; &#252;\u00fc"),
    "slow down": error(503, "SlowDown", "Please reduce your request rate."),
    "aborted": error(409, "OperationAborted"),
    "skewed": error(403, "RequestTimeTooSkewed", headers="Date: never\r\n"),
    "empty 404": reply(404),
    "empty 500": reply(500),
    "empty 412": reply(412),
    "HTML 502": reply(502, HTML, "Content-Type: text/html\r\n"),
    "text 503": reply(503, b"upstream connect error", "Content-Type: text/plain\r\n"),
    "not XML": reply(400, b"<Error><Code>Half"),
    "other XML": reply(400, b"<Oops/>"),
    "redirect": error(307, "TemporaryRedirect", headers="Location: http://127.0.0.1:9/a\r\n"),
    "moved": error(301, "PermanentRedirect", headers="x-amz-bucket-region: eu-west-1\r\n"),
    "moved, empty": reply(301, b"", "x-amz-bucket-region: eu-west-1\r\n"),
    "not modified": reply(304),
    "precondition": error(412, "PreconditionFailed"),
    "modeled": reply(
        403, b"<Error><Code>InvalidObjectState</Code><StorageClass>GLACIER</StorageClass></Error>"
    ),
}  # fmt: skip


def plain(data):
    """Answer.data, without what botocore says of its retries, of which there are none."""
    return {
        name: plain(value) if hasattr(value, "items") else value
        for name, value in data.items()
        if name != "MaxAttemptsReached"
    }


@pytest.mark.parametrize("action", ["PutObjectTagging", "CopyObject", "GetObjectTagging"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answer_is_read_as_boto3_reads_it(run, double, action, answer: Reply):
    double.answer = lambda received: answer
    params = {
        "PutObjectTagging": None,
        "CopyObject": {"CopySource": {"Bucket": "photos", "Key": "b"}},
        "GetObjectTagging": {},
    }[action]
    operation = Noting(action, params)
    call = operation.start(targets("a")[0], double.endpoint)
    expected = perform(make_client(double.endpoint, KEYS), call)
    run(targets("a"), operation=operation, decide=never)
    answered = operation.answers["a"]
    assert (answered.http_status, answered.code, answered.message, plain(answered.data)) == (
        expected.http_status, expected.code, expected.message, plain(expected.data)
    )  # fmt: skip


RESULT = '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult{}>{}</DeleteResult>'
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
GONE = "<Deleted><Key>a b</Key></Deleted>"
OLD = "<Deleted><Key>ü</Key><VersionId>v1</VersionId></Deleted>"
MARKED = (
    "<Deleted><Key>b</Key><DeleteMarker>true</DeleteMarker>"
    "<DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>"
)
KEPT = "<Error><Key>c</Key><VersionId>v</VersionId><Code>AccessDenied</Code></Error>"
DELETIONS = {
    "one": RESULT.format(NAMESPACE, GONE),
    "no namespace": RESULT.format("", GONE + OLD),
    "white space": RESULT.format(NAMESPACE, f"\n  {GONE}\n  {OLD}\n"),
    "many": RESULT.format(
        NAMESPACE, "".join(f"<Deleted><Key>k{n}</Key></Deleted>" for n in range(9))
    ),
    "a key without letters": RESULT.format("", GONE + "<Deleted><Key></Key></Deleted>" + GONE),
    "a tag in a key": RESULT.format("", GONE + "<Deleted><Key>a<b/>c</Key></Deleted>" + GONE),
    "tags that do not match": RESULT.format("", GONE + "<Deleted><Key>a</Deleted></Key>" + GONE),
    "an error among them": RESULT.format("", GONE + KEPT + GONE),
    "references among them": RESULT.format("", GONE + "<Deleted><Key>&amp;</Key></Deleted>" + GONE),
    "no declaration": f"<DeleteResult>{GONE}</DeleteResult>\n",
    "markers": RESULT.format(NAMESPACE, MARKED + GONE),
    "escaped": RESULT.format(NAMESPACE, "<Deleted><Key>&lt;&amp;&#252;&#x2F;</Key></Deleted>"),
    "errors": RESULT.format(NAMESPACE, KEPT + GONE + KEPT),
    "message": RESULT.format(NAMESPACE, KEPT.replace("</Code>", "</Code><Message>No.</Message>")),
    "version first": RESULT.format("", "<Deleted><VersionId>v</VersionId><Key>a</Key></Deleted>"),
    "empty version": RESULT.format("", "<Deleted><Key>a</Key><VersionId></VersionId></Deleted>"),
    "none": RESULT.format(NAMESPACE, ""),
    "none, short": "<DeleteResult/>",
    "cut": RESULT.format(NAMESPACE, GONE)[:-20],
    "cut in an item": RESULT.format(NAMESPACE, GONE + GONE)[:-40],
    "error": "<Error><Code>InternalError</Code><Message>We failed.</Message></Error>",
    "empty": "",
}


@pytest.mark.parametrize("body", DELETIONS.values(), ids=DELETIONS)
def test_answer_to_many_deletions_is_read_as_boto3_reads_it(run, double, body):
    double.answer = lambda received: reply(200, body.encode())
    client = make_client(double.endpoint, KEYS)
    call = Call("DeleteObjects", "photos", {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}})
    expected = perform(client, call)
    answer = Reader(client).read("DeleteObjects", 200, [], body.encode())
    assert (answer.http_status, answer.code, answer.message) == (
        expected.http_status, expected.code, expected.message
    )  # fmt: skip
    said = [answer.data.get(name, []) for name in ("Deleted", "Errors")]
    assert said == [expected.data.get(name, []) for name in ("Deleted", "Errors")]
