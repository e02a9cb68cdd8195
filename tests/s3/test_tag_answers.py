"""Tags are read as botocore reads them, or left to botocore."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.parsing import Reader
from jobs.s3.tag_answers import read_tags
from jobs.s3.xml_bodies import root_of
from tests.s3_double import tagging

READER = Reader(
    make_client(Endpoint("http://storage.example", "us-east-1", "path"), Credentials("a", "b"))
)
PLAIN = [(b"x-amz-request-id", b"R1")]


def by_botocore(body):
    return READER.parse("GetObjectTagging", 200, PLAIN, body)["TagSet"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_any_tags_are_read_as_botocore_reads_them(pairs):
    body = tagging(pairs)
    assert read_tags(root_of(body)) == by_botocore(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging><TagSet/></Tagging>",
        b'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>a</Key>'
        b"<Value/></Tag></TagSet></Tagging>",
        b"<Tagging> <TagSet> <Tag> <Key>a</Key> <Value> b </Value> </Tag> </TagSet> </Tagging>",
        b"<Tagging><TagSet><Tag><Key>a&amp;b</Key><Value>&#65;</Value></Tag></TagSet></Tagging>",
    ],
)
def test_ways_to_write_tags_are_read_as_botocore_reads_them(body):
    assert read_tags(root_of(body)) == by_botocore(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging/>",
        b"<Tagging><Tag><Key>a</Key><Value>b</Value></Tag></Tagging>",
        b"<Tagging><TagSet><Tag><Value>b</Value><Key>a</Key></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key><b/>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet/><TagSet/></Tagging>",
        b"",
    ],
)
def test_what_is_written_otherwise_is_left_to_botocore(body):
    assert read_tags(root_of(body) if body else None) is None


def test_what_stands_beside_the_tags_is_read_when_somebody_asks():
    headers = [*PLAIN, (b"X-Amz-Version-Id", b"v7")]
    data = READER.read("GetObjectTagging", 200, headers, tagging([("a", "b")])).data
    assert data["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert data["VersionId"] == "v7"
    assert data["ResponseMetadata"]["RequestId"] == "R1"
