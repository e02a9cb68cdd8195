"""Answers to DeleteObjects over the wire: read as boto3 reads them, whoever sent the call."""

import pytest

from jobs.s3.answers import TROUBLE, answer_of
from jobs.s3.calls import Call, perform
from jobs.s3.clients import make_client
from jobs.s3.parsing import Reader
from jobs.s3.proof import Proof
from tests import s3_double
from tests.s3.scripted import KEYS
from tests.s3_double import reply

PARAMS = {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}}
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


NO_RESULT = {"cut", "cut in an item", "empty"}


@pytest.fixture(scope="module")
def double():
    with s3_double.running() as made:
        yield made


@pytest.fixture(scope="module")
def client(double):
    return make_client(double.endpoint, KEYS)


def of_boto3(client):
    try:
        return "", client.delete_objects(Bucket="photos", **PARAMS)
    except TROUBLE as caught:
        return answer_of(caught).code, {}


@pytest.mark.parametrize("name", DELETIONS)
def test_answer_to_many_deletions_is_read_as_boto3_reads_it(double, client, name):
    body = DELETIONS[name].encode()
    double.answer = lambda received: reply(200, body)
    code, expected = of_boto3(client)
    performed = perform(client, Call("DeleteObjects", "photos", PARAMS))
    for answer in (performed, Reader(client).read("DeleteObjects", 200, [], body)):
        assert bool(answer.code) == bool(code) or name in NO_RESULT
        said = [answer.data.get(member, []) for member in ("Deleted", "Errors")]
        assert said == [expected.get(member, []) for member in ("Deleted", "Errors")]


@pytest.mark.parametrize("name", DELETIONS)
def test_answer_to_many_deletions_is_proven_by_its_root(client, name):
    answer = Reader(client).read("DeleteObjects", 200, [], DELETIONS[name].encode())
    is_foreign = name in {*NO_RESULT, "tags that do not match"}
    assert answer.proof is (Proof.FOREIGN if is_foreign else Proof.PROVEN)
