"""The same answers over the wire to boto3, to `perform` and to the Reader: all say the same."""

import pytest
from botocore import xform_name

from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.calls import Call, perform
from jobs.s3.clients import make_client
from jobs.s3.head import headers_of
from jobs.s3.parsing import MAX_BODY_BYTES, Reader
from jobs.s3.proof import NO_MARKS, Proof, is_proven
from tests import s3_double
from tests.s3.scripted import KEYS
from tests.s3_double import COPIED, TAGS, Reply, error, reply

HTML = b"<html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
NAMESPACE = b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
CUT_SHORT = b"<Error><Code>Half"
PARAMS = {
    "PutObjectTagging": {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    "CopyObject": {"CopySource": {"Bucket": "photos", "Key": "b"}},
    "GetObjectTagging": {},
    "HeadObject": {},
    "DeleteObject": {},
    "RestoreObject": {"RestoreRequest": {"Days": 3}},
    "CompleteMultipartUpload": {"UploadId": "u"},
    "PutObjectRetention": {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": "2030-01-02"}},
    "GetObjectAttributes": {"ObjectAttributes": ["ETag"]},
}
COMPLETED = b"<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>"


def bare(status=200, body=b"", headers=""):
    """An answer without anything of S3's in its headers."""
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return Reply(head.encode() + body)


ANSWERS = {
    "ok": reply(),
    "ok with headers": reply(200, b"", "x-amz-version-id: v1\r\nX-Twice: 1\r\nX-Twice: 2\r\n"),
    "no content": reply(204),
    "accepted": reply(202),
    "created": reply(201),
    "copied": reply(200, COPIED, "x-amz-version-id: v1\r\nx-amz-copy-source-version-id: v0\r\n"),
    "copied, accepted": reply(202, COPIED),
    "copied, no ETag": reply(200, b"<CopyObjectResult></CopyObjectResult>"),
    "copied, empty ETag": reply(200, b"<CopyObjectResult><ETag></ETag></CopyObjectResult>"),
    "copied, a date that is none": reply(
        200,
        b"<CopyObjectResult><ETag>e</ETag><LastModified>never</LastModified></CopyObjectResult>",
    ),
    "copied after white space": reply(200, b"\n \n" + COPIED.partition(b"\n")[2]),
    "copied, white space before all": reply(200, b"\n \n" + COPIED),
    "tags": reply(200, TAGS),
    "completed": reply(200, b"<?xml version='1.0'?>\n   \n" + COMPLETED),
    "attributes": reply(
        200, b"<GetObjectAttributesResponse><ETag>e</ETag></GetObjectAttributesResponse>"
    ),
    "declaration alone": reply(200, b'<?xml version="1.0" encoding="UTF-8"?>\n'),
    "cut short": reply(200, COPIED[:-10]),
    "cut shorter": reply(200, b"<?xml"),
    "error in 200": reply(200, b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>"),
    "internal in 200": reply(
        200, b"<Error><Code>InternalError</Code><Message>We failed.</Message></Error>"
    ),
    "denied in 200": bare(200, b"<?xml version='1.0'?>\n <Error><Code>AccessDenied</Code></Error>"),
    "HTML in 200": reply(200, HTML, "Content-Type: text/html\r\n"),
    "no key": error(404, "NoSuchKey", "The specified key does not exist."),
    "no key, no message": reply(404, b"<Error><Code>NoSuchKey</Code></Error>"),
    "no key, and nothing of S3 in the headers": bare(404, b"<Error><Code>NoSuchKey</Code></Error>"),
    "no key, namespace": bare(404, b"<Error%b><Code>NoSuchKey</Code></Error>" % NAMESPACE),
    "denied": error(403, "AccessDenied", "Access Denied"),
    "words to escape": error(400, "InvalidArgument", "a &lt;b&gt; &amp; &#252;\u00fc"),
    "slow down": error(503, "SlowDown", "Please reduce your request rate.", "Retry-After: 7\r\n"),
    "aborted": error(409, "OperationAborted"),
    "skewed": error(403, "RequestTimeTooSkewed", headers="Date: never\r\n"),
    "empty 404": reply(404),
    "empty 500": reply(500),
    "empty 412": reply(412),
    "HTML 502": reply(502, HTML, "Content-Type: text/html\r\n"),
    "text 503": reply(503, b"upstream connect error", "Content-Type: text/plain\r\n"),
    "not XML": reply(400, CUT_SHORT),
    "other XML": reply(400, b"<Oops/>"),
    "redirect": error(307, "TemporaryRedirect", headers="Location: http://127.0.0.1:9/a\r\n"),
    "moved": error(301, "PermanentRedirect", headers="x-amz-bucket-region: eu-west-1\r\n"),
    "moved, empty": reply(301, b"", "x-amz-bucket-region: eu-west-1\r\n"),
    "not modified": reply(304),
    "precondition": error(412, "PreconditionFailed"),
    "modeled": reply(
        403, b"<Error><Code>InvalidObjectState</Code><StorageClass>GLACIER</StorageClass></Error>"
    ),
}
UNMARKED = {
    "ok": bare(),
    "no content": bare(204),
    "accepted": bare(202),
    "copied": bare(200, COPIED),
    "copied, no ETag": bare(200, b"<CopyObjectResult></CopyObjectResult>"),
    "tags": bare(200, TAGS),
    "HTML": bare(200, HTML, "Content-Type: text/html\r\n"),
    "HTML of CloudFront": bare(200, HTML, "X-Amz-Cf-Id: a\r\nX-Amz-Cf-Pop: FRA\r\n"),
    "empty from CloudFront": bare(200, b"", "x-amz-cf-id: a\r\nx-amzn-requestid: b\r\n"),
    "names in a value": bare(
        200, b"", "Access-Control-Expose-Headers: ETag, x-amz-request-id, x-amz-id-2\r\n"
    ),
    "JSON": bare(200, b'{"status": "ok"}', "Content-Type: application/json\r\n"),
    "text": bare(403, b"http: Server closed", "Content-Type: text/plain\r\n"),
    "HTML 404": bare(404, HTML, "Content-Type: text/html\r\n"),
    "JSON 500": bare(500, b'{"message": "Internal"}'),
    "empty 403": bare(403),
    "empty 404": bare(404),
    "empty 503": bare(503, b"", "Retry-After: 4\r\n"),
    "origin does not answer": bare(522, b"error code: 522"),
    "portal": bare(302, b"", "Location: https://login.example.com/\r\n"),
    "other XML": bare(400, b"<Oops/>"),
    "learned": bare(204, b"", "X-Amzn-RequestId: a\r\n"),
}
LEARNED = frozenset({b"x-amzn-requestid"})


@pytest.fixture(scope="module")
def double():
    with s3_double.running() as made:
        yield made


@pytest.fixture(scope="module")
def client(double):
    return make_client(double.endpoint, KEYS)


def plain(data):
    """Without what botocore says of its retries, of which there are none."""
    return {
        name: plain(value) if hasattr(value, "items") else value
        for name, value in data.items()
        if name != "MaxAttemptsReached"
    }


def told(answer: Answer):
    return (
        answer.http_status, answer.code, answer.message, answer.retry_after_s, answer.proof,
        plain(answer.data), dict(answer.headers), answer.detail,
    )  # fmt: skip


def read(client, action, raw: bytes, marks=NO_MARKS):
    """As the data plane does, which receives bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    body = b"" if action.startswith("Head") else body
    return Reader(client).read(action, int(head[9:12]), headers_of(raw), body, marks)


def of_boto3(client, action):
    """What boto3 itself makes of it."""
    try:
        data = getattr(client, xform_name(action))(Bucket="photos", Key="a", **PARAMS[action])
    except TROUBLE as caught:
        return answer_of(caught)
    return Answer(data["ResponseMetadata"]["HTTPStatusCode"], "", "", data)


each_answer = pytest.mark.parametrize(
    "answer",
    [*ANSWERS.values(), *UNMARKED.values()],
    ids=[*ANSWERS, *map("bare {}".format, UNMARKED)],
)


@pytest.mark.parametrize("marks", [NO_MARKS, LEARNED], ids=["", "learned"])
@each_answer
def test_answer_is_read_alike_whoever_sent_the_call(double, client, answer, marks):
    double.answer = lambda received: answer
    for action, params in PARAMS.items():
        call = Call(action, "photos", {"Key": "a", **params})
        ours = read(client, action, answer.data, marks)
        assert told(perform(client, call, marks)) == told(ours), action
        proven = ours.proof is Proof.PROVEN and ours.http_status < 300
        assert (ours.code == "") == proven, action


@each_answer
def test_what_is_proven_at_a_glance_is_so_when_it_is_read(client, answer):
    head, end, body = answer.data.partition(b"\r\n\r\n")
    for action in PARAMS:
        if is_proven(action, int(head[9:12]), head + end, body, LEARNED):
            found = read(client, action, answer.data, LEARNED)
            assert (found.code, found.proof) == ("", Proof.PROVEN), action


OURS_ALONE = {
    "copied, white space before all",
    "copied, a date that is none",
    "declaration alone",
    "no key, namespace",
    "other XML",
}
"""What boto3 cannot read, or not the code or the words of."""
READ_BY_BOTH = [name for name in ANSWERS if name not in OURS_ALONE]


@pytest.mark.parametrize("name", READ_BY_BOTH)
def test_answer_of_a_storage_says_what_boto3_finds_in_it(double, client, name):
    double.answer = lambda received: ANSWERS[name]
    for action in PARAMS:
        ours, theirs = read(client, action, ANSWERS[name].data), of_boto3(client, action)
        if not ours.code:
            assert (theirs.code, plain(ours.data)) == ("", plain(theirs.data)), action
        elif ours.proof is Proof.PROVEN:
            assert (ours.code, ours.message) == (theirs.code, theirs.message), action


@pytest.mark.parametrize(
    ("answer", "action", "status", "code", "proof"),
    [
        ("ok", "PutObjectTagging", 200, "", Proof.PROVEN),
        ("no content", "DeleteObject", 204, "", Proof.PROVEN),
        ("accepted", "RestoreObject", 202, "", Proof.PROVEN),
        ("accepted", "PutObjectTagging", 202, "UnclearAnswer", Proof.ODD),
        ("declaration alone", "PutObjectTagging", 200, "", Proof.PROVEN),
        ("copied", "CopyObject", 200, "", Proof.PROVEN),
        ("copied after white space", "CopyObject", 200, "", Proof.PROVEN),
        ("copied, white space before all", "CopyObject", 200, "", Proof.PROVEN),
        ("copied, a date that is none", "CopyObject", 200, "", Proof.PROVEN),
        ("copied, accepted", "CopyObject", 202, "UnclearAnswer", Proof.ODD),
        ("copied, no ETag", "CopyObject", 200, "UnclearAnswer", Proof.ODD),
        ("copied, empty ETag", "CopyObject", 200, "UnclearAnswer", Proof.ODD),
        ("ok", "CopyObject", 200, "UnclearAnswer", Proof.ODD),
        ("no content", "CopyObject", 204, "UnclearAnswer", Proof.ODD),
        ("tags", "CopyObject", 200, "UnclearAnswer", Proof.ODD),
        ("cut short", "CopyObject", 200, "UnclearAnswer", Proof.ODD),
        ("HTML in 200", "PutObjectTagging", 200, "UnclearAnswer", Proof.ODD),
        ("completed", "CompleteMultipartUpload", 200, "", Proof.PROVEN),
        ("tags", "GetObjectTagging", 200, "", Proof.PROVEN),
        ("ok", "GetObjectTagging", 200, "", Proof.PROVEN),
        ("no content", "GetObjectTagging", 204, "UnclearAnswer", Proof.ODD),
        ("copied", "GetObjectTagging", 200, "UnclearAnswer", Proof.ODD),
        ("attributes", "GetObjectAttributes", 200, "", Proof.PROVEN),
        ("ok", "HeadObject", 200, "", Proof.PROVEN),
        ("empty 404", "HeadObject", 404, "404", Proof.PROVEN),
        ("denied in 200", "CopyObject", 403, "AccessDenied", Proof.PROVEN),
        ("error in 200", "PutObjectTagging", 503, "SlowDown", Proof.PROVEN),
        ("no key, namespace", "DeleteObject", 404, "NoSuchKey", Proof.PROVEN),
        ("empty 412", "CopyObject", 412, "412", Proof.PROVEN),
        ("HTML 502", "CopyObject", 502, "502", Proof.PROVEN),
    ],
)
def test_answer_that_a_storage_marks_is_judged(client, answer, action, status, code, proof):
    found = read(client, action, ANSWERS[answer].data)
    assert (found.http_status, found.code, found.proof) == (status, code, proof)


@pytest.mark.parametrize(
    ("answer", "action", "status", "code", "proof"),
    [
        ("ok", "PutObjectTagging", 200, "UnprovenAnswer", Proof.UNMARKED),
        ("no content", "DeleteObject", 204, "UnprovenAnswer", Proof.UNMARKED),
        ("names in a value", "DeleteObject", 200, "UnprovenAnswer", Proof.UNMARKED),
        ("empty from CloudFront", "DeleteObject", 200, "UnprovenAnswer", Proof.UNMARKED),
        ("learned", "DeleteObject", 204, "UnprovenAnswer", Proof.UNMARKED),
        ("copied", "CopyObject", 200, "", Proof.PROVEN),
        ("tags", "GetObjectTagging", 200, "", Proof.PROVEN),
        ("copied, no ETag", "CopyObject", 200, "UnclearAnswer", Proof.ODD),
        ("ok", "HeadObject", 200, "UnprovenAnswer", Proof.UNMARKED),
        ("empty 404", "HeadObject", 404, "404", Proof.UNMARKED),
        ("HTML", "PutObjectTagging", 502, "InvalidResponse", Proof.FOREIGN),
        ("HTML", "CopyObject", 502, "InvalidResponse", Proof.FOREIGN),
        ("HTML of CloudFront", "PutObjectTagging", 502, "InvalidResponse", Proof.FOREIGN),
        ("JSON", "DeleteObject", 502, "InvalidResponse", Proof.FOREIGN),
        ("accepted", "DeleteObject", 502, "InvalidResponse", Proof.FOREIGN),
        ("ok", "CopyObject", 502, "InvalidResponse", Proof.FOREIGN),
        ("copied", "PutObjectTagging", 502, "InvalidResponse", Proof.FOREIGN),
        ("text", "PutObjectTagging", 403, "InvalidResponse", Proof.FOREIGN),
        ("HTML 404", "DeleteObject", 404, "InvalidResponse", Proof.FOREIGN),
        ("JSON 500", "CopyObject", 500, "InvalidResponse", Proof.FOREIGN),
        ("empty 404", "DeleteObject", 404, "InvalidResponse", Proof.FOREIGN),
        ("empty 503", "CopyObject", 503, "InvalidResponse", Proof.FOREIGN),
        ("portal", "DeleteObject", 302, "InvalidResponse", Proof.FOREIGN),
    ],
)
def test_answer_that_nothing_marks_is_judged(client, answer, action, status, code, proof):
    found = read(client, action, UNMARKED[answer].data)
    assert (found.http_status, found.code, found.proof) == (status, code, proof)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("HTML", 'HTML page titled "Sign in"'),
        ("JSON", "JSON"),
        ("text", "text: http: Server closed"),
        ("empty 404", "empty"),
        ("portal", "redirect to https://login.example.com/"),
    ],
)
def test_what_is_no_answer_of_a_storage_says_what_it_is(client, answer, what):
    found = read(client, "PutObjectTagging", UNMARKED[answer].data)
    assert found.message == f"The answer does not come from an S3 storage ({what})."


def test_learned_mark_proves_what_has_no_body(client):
    found = read(client, "DeleteObject", UNMARKED["learned"].data, LEARNED)
    assert (found.code, found.proof) == ("", Proof.PROVEN)


def test_answer_that_is_not_clear_still_tells_its_data(client):
    unmarked = read(client, "HeadObject", bare(200, headers="ETag: e\r\n").data)
    odd = read(client, "CopyObject", ANSWERS["copied, accepted"].data)
    assert unmarked.data["ETag"] == "e"
    assert odd.data["CopyObjectResult"]["ETag"] == '"ab"'


def test_data_that_boto3_cannot_read_are_what_can_be_read(client):
    copied = read(client, "CopyObject", ANSWERS["copied, white space before all"].data)
    dated = read(client, "CopyObject", ANSWERS["copied, a date that is none"].data)
    blank = read(client, "PutObjectTagging", ANSWERS["declaration alone"].data)
    assert copied.data["CopyObjectResult"]["ETag"] == '"ab"'
    assert dated.data["ResponseMetadata"]["RequestId"] == "R1"
    assert "Error" not in blank.data


def test_headers_of_an_answer_are_there_by_name(client):
    found = read(client, "CopyObject", ANSWERS["copied"].data)
    assert found.headers["x-amz-version-id"] == "v1"
    assert found.headers["date"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert "x-amz-server-side-encryption" not in found.headers


def test_refusal_tells_where_the_bucket_lies(client):
    body = b"<Error><Code>PermanentRedirect</Code><Endpoint>photos.example.com</Endpoint></Error>"
    found = read(client, "CopyObject", reply(301, body, "x-amz-bucket-region: eu\r\n").data)
    assert found.detail == {"Endpoint": "photos.example.com"}
    assert found.headers["x-amz-bucket-region"] == "eu"


@pytest.mark.parametrize(
    ("answer", "code", "proof"),
    [
        (reply(200, b"<a>" * MAX_BODY_BYTES), "AnswerTooLarge", Proof.ODD),
        (bare(200, b"<a>" * MAX_BODY_BYTES), "InvalidResponse", Proof.FOREIGN),
    ],
)
def test_answer_without_end_is_no_success(client, answer, code, proof):
    found = read(client, "CopyObject", answer.data)
    assert (found.code, found.proof) == (code, proof)


@pytest.mark.parametrize("body", [b"<Error><Code>NoSuchKey</Code></Error>", b"\xff\x00", b""])
def test_body_of_an_object_is_read_as_it_is_by_both_senders(double, client, body):
    double.answer = lambda received: reply(200, body, "Content-Type: image/png\r\n")
    by_boto3 = perform(client, Call("GetObject", "photos", {"Key": "a"}))
    head = [(b"x-amz-request-id", b"R1"), (b"Content-Type", b"image/png")]
    ours = Reader(client).read("GetObject", 200, head, body)
    for found in (by_boto3, ours):
        assert (found.code, found.proof) == ("", Proof.PROVEN)
        assert (found.data["Body"], found.data["ContentType"]) == (body, "image/png")
