"""What is read of an answer at a glance is what reading it with care gives, or nothing."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.glances import MOST_BYTES, glance_of
from jobs.s3.parsing import Reader
from jobs.s3.proof import Proof
from tests.s3_double import tagging

ACTION = "GetObjectTagging"
DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>'
OF_S3 = b'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
PLAIN = [("team", "red"), ("empty", ""), ("a b", "x/y:z=1+2@3 'quoted\" ~")]


@cache
def reader():
    return Reader(make_client(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None))


def glanced(body):
    return glance_of(ACTION)(body)


def with_care(body):
    """The answer, of which nothing but the body says where it comes from."""
    return reader().read(ACTION, 200, [], body)


def pairs(tag_set):
    return [(tag["Key"], tag["Value"]) for tag in tag_set]


@pytest.mark.parametrize(
    "body",
    [
        tagging(PLAIN),
        tagging([]),
        DECLARED + b"\n" + tagging(PLAIN).replace(b"<Tagging>", OF_S3),
        b"<?xml version='1.0' encoding='utf-8'?>" + tagging(PLAIN),
        b"  \r\n" + tagging(PLAIN[:1]).replace(b"><", b">\n\t<"),
    ],
)
def test_what_storages_write_is_read_at_a_glance(body):
    found = glanced(body)["TagSet"]
    assert found == with_care(body).data["TagSet"]
    assert pairs(found) in ([], PLAIN, PLAIN[:1])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"<Error><Code>SlowDown</Code></Error>",
        tagging([("a", "b & c")]),  # escaped
        tagging([("ü", "ß")]),
        tagging([("a", "b")])[:-1],
        tagging([("a", "b")]) + b"<!-- by a proxy -->",
        tagging([("a", "b")]).replace(b"<Value>", b"<Value><b/>"),
        tagging([("a", "b")]).replace(b"</Tag>", b"<More/></Tag>"),
        tagging([("a", "b")]).replace(b"<TagSet>", b"<TagSet><Error/>"),
        tagging([("a", "")]).replace(b"<Value></Value>", b"<Value/>"),
        b'<?xml version="1.0" encoding="UTF-16"?>' + tagging([("a", "b")]),
        tagging([("a", "b")]) * 2,
        tagging([("a", "b" * MOST_BYTES)]),
    ],
)
def test_anything_else_is_left_to_be_read_with_care(body):
    assert glanced(body) is None


def test_other_calls_are_not_read_at_a_glance():
    assert glance_of("GetObjectAcl") is None


PIECES = st.sampled_from(
    [
        DECLARED,
        OF_S3,
        b"<Tagging>",
        b"</Tagging>",
        b"<TagSet>",
        b"</TagSet>",
        b"<TagSet/>",
        b"<Tag>",
    ]
    + [b"</Tag>", b"<Key>", b"</Key>", b"<Value>", b"</Value>", b"<Value/>", b"team", b" ", b"\n"]
    + [b"&amp;", b"\xc3\xbc", b"\x0b", b"\x00", b"]]>", b"<!--x-->", b"<Error>", b"<Code>", b"\xff"]
)
WHOLE = st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=3).map(
    lambda tags: tagging(
        [tuple(text.encode("utf-8", "ignore").decode() for text in tag) for tag in tags]
    )
)


@st.composite
def bodies(draw):
    """Whole answers into which a few odd pieces were put, or of which some were taken."""
    body = draw(st.sampled_from([b"", DECLARED, DECLARED + b"\n"])) + draw(WHOLE)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 12)))
        body = body[:start] + draw(st.one_of(st.just(b""), PIECES)) + body[end:]
    return body


@given(body=st.one_of(bodies(), st.lists(PIECES, max_size=12).map(b"".join)))
def test_glance_never_says_another_thing_than_care(body):
    found = glanced(body)
    if found is not None:
        answer = with_care(body)
        assert (answer.code, answer.proof) == ("", Proof.PROVEN)
        assert found["TagSet"] == answer.data["TagSet"]
