"""What is proven at a glance, and the rules that hold for any answer whatever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.head import headers_of
from jobs.s3.parsing import Reader
from jobs.s3.proof import NO_MARKS, SUCCESSES, Kind, Proof, is_proven
from jobs.s3.xml_bodies import error_in, is_blank, local_name, root_of
from tests.s3_double import COPIED, TAGS, reply

CLIENT = make_client(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), Credentials("a", "b"))
READER = Reader(CLIENT)
EMPTY_CALLS = sorted(name for name, success in SUCCESSES.items() if success.kind is Kind.EMPTY)
OTHERS = ["CreateBucket", "GetBucketTagging", "GetBucketPolicy", "SelectObjectContent"]
LEARNED = frozenset({b"x-trans-id"})
MARK = "x-amz-request-id: R\r\n"


def head(status=200, headers=""):
    return f"HTTP/1.1 {status} OK\r\nDate: today\r\n{headers}\r\n".encode()


def copied(etag):
    return f"<CopyObjectResult><LastModified>x</LastModified><ETag>{etag}</ETag></CopyObjectResult>"


@pytest.mark.parametrize(
    ("action", "status", "headers", "proven"),
    [
        ("PutObjectTagging", 200, MARK, True),
        ("PutObjectTagging", 204, "X-AMZ-Version-Id: v\r\n", True),
        ("DeleteObject", 204, "X-Trans-Id: t\r\n", True),
        ("RestoreObject", 202, MARK, True),
        ("PutObjectTagging", 202, MARK, False),
        ("PutObjectTagging", 404, MARK, False),
        ("DeleteObject", 204, "", False),
        ("DeleteObject", 204, "X-Other: t\r\n", False),
        ("CopyObject", 200, MARK, False),
        ("HeadObject", 200, MARK, False),
        ("GetBucketTagging", 200, MARK, False),
    ],
)
def test_answer_without_a_body_is_proven_by_its_call_and_a_mark(action, status, headers, proven):
    assert is_proven(action, status, head(status, headers), b"", LEARNED) is proven


@pytest.mark.parametrize(
    ("body", "proven"),
    [
        (COPIED.decode(), True),
        (copied("&quot;ab&quot;"), True),
        (copied('"ab"'), True),
        (copied("ab") + "\n", True),
        (
            "<CopyObjectResult><ETag>e</ETag><ChecksumCRC32>c</ChecksumCRC32></CopyObjectResult>",
            True,
        ),
        (copied(""), False),
        (copied("&quot;&quot;"), False),
        (copied("a") + "<a/>", False),
        (copied("a")[:-1], False),
        ("<CopyObjectResult></CopyObjectResult>", False),
        ("<CopyPartResult><ETag>e</ETag></CopyPartResult>", False),
        ("<Error><Code>SlowDown</Code><ETag>e</ETag></Error>", False),
        ("<html><ETag>e</ETag></html>", False),
    ],
)
def test_copy_is_proven_by_a_body_with_an_etag(body, proven):
    assert is_proven("CopyObject", 200, head(), body.encode()) is proven
    assert not is_proven("CopyObject", 202, head(202, MARK), body.encode())
    assert not is_proven("PutObjectTagging", 200, head(200, MARK), body.encode())


@pytest.mark.parametrize("action", SUCCESSES)
def test_every_call_that_is_judged_by_its_name_is_one_of_s3(action):
    shape = CLIENT.meta.service_model.operation_model(action).output_shape
    in_body = [m for m in shape.members.values() if "location" not in m.serialization]
    has_xml = SUCCESSES[action].kind is Kind.ROOT
    assert has_xml == (bool(in_body) and SUCCESSES[action].kind is not Kind.RAW)
    if SUCCESSES[action].member:
        payload = shape.serialization.get("payload")
        assert SUCCESSES[action].member in (shape.members[payload] if payload else shape).members


@pytest.mark.parametrize(
    ("action", "body", "proof"),
    [
        ("CreateBucket", b"", Proof.PROVEN),
        ("DeleteBucketTagging", b"", Proof.PROVEN),
        ("GetBucketTagging", b"<Tagging/>", Proof.PROVEN),
        ("GetBucketTagging", b"", Proof.ODD),
        ("GetBucketTagging", b"<html></html>", Proof.ODD),
        ("GetBucketPolicy", b'{"Version": "2012-10-17"}', Proof.PROVEN),
    ],
)
def test_call_without_an_entry_is_judged_by_the_shape_of_its_output(action, body, proof):
    answer = reply(200, body)
    assert READER.read(action, 200, headers_of(answer.data), body).proof is proof


# --- Whatever may come

HEADERS = st.lists(
    st.sampled_from(
        [
            *(("x-amz-request-id", "R"), ("X-Amz-Version-Id", "v"), ("x-amz-cf-id", "c")),
            *(("x-amzn-requestid", "r"), ("X-Trans-Id", "t"), ("server", "AmazonS3")),
            *(("content-type", "text/html"), ("access-control-expose-headers", "x-amz-request-id")),
            *(("retry-after", "soon"), ("content-length", "9"), ("expires", "never")),
            *(("last-modified", "never"), ("location", "/"), ("x-amz-delete-marker", "perhaps")),
        ]
    )
    | st.tuples(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9),
        st.text(st.characters(codec="latin-1"), max_size=9),
    )
)
XML = st.recursive(
    st.sampled_from(["", "a", "AccessDenied", "&quot;e&quot;", "&bad;", "true", "\n"]),
    lambda inside: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
        st.sampled_from(
            ["Error", "Code", "Message", "CopyObjectResult", "ETag", "LastModified", "Tagging",
             "TagSet", "Tag", "Key", "html", "DeleteResult", "Deleted", "s:Error"]
        ),
        st.lists(inside, max_size=3),
    ),
    max_leaves=6,
).map(str.encode)  # fmt: skip
BODIES = (
    st.binary(max_size=40)
    | XML
    | XML.map(lambda body: b"<?xml version='1.0'?>\n \n" + body)
    | XML.map(lambda body: body[:-3])
    | st.sampled_from([b"", b" \n", b"<?xml version='1.0'?>", COPIED, TAGS, b"{}", b"[" * 5000])
    | st.sampled_from([b"<html><title>\x00\x07</title>", b"<!DOCTYPE html><p>", b"\xff\xfe<\x00"])
)
STATUSES = st.sampled_from([200, 200, 200, 201, 202, 204, 206, 299, 301, 304, 403, 404, 500, 503])
ACTIONS = st.sampled_from([*SUCCESSES, *OTHERS])
MARKS = st.sampled_from([NO_MARKS, LEARNED])


def fields(headers):
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]


def has_mark(headers, marks):
    names = {name.lower() for name, _ in headers}
    of_s3 = {name for name in names if name.startswith("x-amz-") and name != "x-amz-cf-id"}
    return bool(of_s3) or bool(names & {mark.decode() for mark in marks})


@given(ACTIONS, STATUSES, HEADERS, BODIES, MARKS)
def test_any_answer_is_read_and_none_is_a_success_without_proof(
    action, status, headers, body, marks
):
    answer = READER.read(action, status, fields(headers), body, marks)
    if not answer.code:
        assert answer.proof is Proof.PROVEN
        assert 200 <= answer.http_status < 300
    assert isinstance(answer.message, str)
    assert answer.message.isprintable() or error_in(root_of(body))
    assert isinstance(dict(answer.data), dict)
    assert isinstance(dict(answer.headers), dict)


@given(st.sampled_from(EMPTY_CALLS), STATUSES, HEADERS, BODIES, MARKS)
def test_answer_without_a_mark_never_proves_a_call_without_a_body(
    action, status, headers, body, marks
):
    marked = has_mark(headers, marks)
    answer = READER.read(action, status, fields(headers), body, marks)
    assert marked or answer.proof is not Proof.PROVEN or error_in(root_of(body))
    lines = "".join(f"{n}: {v}\r\n" for n, v in headers if v.isprintable())
    raw = head(status, lines)
    seen = has_mark([(n, v) for n, v in headers if v.isprintable()], marks)
    assert seen or not is_proven(action, status, raw, body, marks)


@given(ACTIONS, STATUSES, HEADERS.filter(lambda found: not has_mark(found, LEARNED)), BODIES)
def test_what_neither_refuses_nor_answers_the_call_is_foreign_unless_it_is_marked(
    action, status, headers, body
):
    answer = READER.read(action, status, fields(headers), body, LEARNED)
    success, root = SUCCESSES.get(action), root_of(body)
    if success is None or success.kind in (Kind.HEAD, Kind.RAW) or error_in(root):
        return
    is_good = 200 <= status < 300
    is_empty = success.kind is Kind.EMPTY and status in success.statuses and is_blank(body)
    is_own = success.kind is Kind.ROOT and root is not None and local_name(root) == success.root
    assert (answer.proof is Proof.FOREIGN) == (not (is_good and (is_empty or is_own)))


@given(ACTIONS, STATUSES, HEADERS, BODIES, MARKS)
def test_what_is_proven_at_a_glance_is_proven(action, status, headers, body, marks):
    said = [(n, v) for n, v in headers if v.isprintable()]
    lines = "".join(f"{n}: {v}\r\n" for n, v in said)
    if is_proven(action, status, head(status, lines) + body, body, marks):
        answer = READER.read(action, status, fields(said), body, marks)
        assert (answer.code, answer.proof) == ("", Proof.PROVEN)
