"""What a probe finds out about a storage, and that it leaves it as it was."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jobs.choices import Can, Capability
from jobs.s3 import keeping
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.probe import probe
from jobs.s3.scratch import NAME, Scratch
from tests.bent_storage import CUT_OFF, Answered, bent, refused

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DEFAULT_RETENTION = (
    b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
    b"<Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
)
REPLICATION = (
    b"<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Priority>1</Priority>"
    b"<Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule></ReplicationConfiguration>"
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(keeping, "LASTS_S", 0)


def probed_at(url, bucket):
    client = make_client(Endpoint(url, "us-east-1", "path"), Credentials("a", "b"))
    return probe(Scratch(client, bucket, "", NOW, takes_locks_off=False))


def answers(probed):
    return {one.capability: one.can for one in probed.found}


def evidence(probed, capability):
    return next(one.evidence for one in probed.found if one.capability == capability)


def all_in(s3, bucket):
    page = s3.list_object_versions(Bucket=bucket)
    listed = page.get("Versions", []) + page.get("DeleteMarkers", [])
    uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [item["Key"] for item in listed + uploads]


@pytest.mark.parametrize("versioned", [False, True])
def test_probe_answers_for_every_capability_once_and_leaves_nothing(
    s3, s3_server, make_bucket, versioned
):
    bucket = make_bucket(versioned=versioned)
    probed = probed_at(s3_server, bucket)
    assert [one.capability for one in probed.found] == list(Capability)
    assert all(one.evidence for one in probed.found)
    found = answers(probed)
    assert found[Capability.VERSIONING] == (Can.YES if versioned else Can.NO)
    assert found[Capability.OBJECT_LOCK] == found[Capability.REPLICATION] == Can.NO
    for able in (Capability.TAGS, Capability.COPY_TAGS, Capability.ACL, Capability.BATCH_DELETE):
        assert found[able] == Can.YES, evidence(probed, able)
    assert (all_in(s3, bucket), probed.left) == ([], [])


def test_how_many_one_deletion_may_name_is_found_out(s3, s3_server, bucket):
    def at_most_100(sent):
        return refused(400, "MalformedXML") if sent.body.count(b"<Object>") > 100 else sent

    with bent(s3_server, at_most_100) as url:
        probed = probed_at(url, bucket)
    [many] = [one for one in probed.found if one.capability == Capability.BATCH_DELETE]
    assert (many.can, many.amount) == (Can.YES, 100)
    assert all_in(s3, bucket) == []


@pytest.mark.parametrize(
    ("subresource", "method", "lacking"),
    [
        ("tagging", "", Capability.TAGS),
        ("acl", "PUT", Capability.ACL),
        ("restore", "POST", Capability.RESTORE),
        ("delete", "POST", Capability.BATCH_DELETE),
    ],
)
def test_call_that_a_storage_says_it_has_not_is_a_no(
    s3, s3_server, bucket, subresource, method, lacking
):
    def without(sent):
        is_one = sent.is_about(subresource) and sent.method.startswith(method)
        return refused(501, "NotImplemented") if is_one else sent

    with bent(s3_server, without) as url:
        probed = probed_at(url, bucket)
    assert answers(probed)[lacking] == Can.NO
    assert "501 NotImplemented" in evidence(probed, lacking)
    assert all_in(s3, bucket) == []


@pytest.mark.parametrize(
    ("subresource", "lacking"), [("acl", Capability.ACL), ("tagging", Capability.TAGS)]
)
def test_call_that_a_storage_takes_for_an_upload_is_a_no(
    s3, s3_server, make_bucket, subresource, lacking
):
    bucket = make_bucket(versioned=True)

    def takes_no_notice(sent):
        if sent.method == "PUT" and sent.is_about(subresource):
            return replace(sent, target=sent.target.partition("?")[0])
        return sent

    with bent(s3_server, takes_no_notice) as url:
        probed = probed_at(url, bucket)
    assert answers(probed)[lacking] == Can.NO
    assert "for the object\u2019s new content" in evidence(probed, lacking)
    assert all_in(s3, bucket) == []


@pytest.mark.parametrize(
    ("capability", "is_one"),
    [
        (Capability.CONDITIONAL_PUT, lambda sent: sent.method == "PUT" and not sent.is_copy),
        (Capability.CONDITIONAL_COPY, lambda sent: sent.is_copy),
        (Capability.CONDITIONAL_DELETE, lambda sent: sent.method == "DELETE"),
    ],
)
def test_stale_condition_that_is_refused_is_a_yes_and_one_that_is_ignored_a_no(
    s3, s3_server, bucket, capability, is_one
):
    headers = ("if-match", "x-amz-copy-source-if-match")

    def keeps(sent):
        named = is_one(sent) and any(name in sent.headers for name in headers)
        return refused(412, "PreconditionFailed") if named else sent

    def ignores(sent):
        return sent.without(*headers) if is_one(sent) else sent

    for bend, can in ((keeps, Can.YES), (ignores, Can.NO)):
        with bent(s3_server, bend) as url:
            assert answers(probed_at(url, bucket))[capability] == can
    assert all_in(s3, bucket) == []


@pytest.mark.parametrize(
    ("subresource", "answer", "says"),
    [
        ("object-lock", Answered(200, DEFAULT_RETENTION), "are locked by default"),
        ("replication", Answered(200, REPLICATION), "are replicated"),
        ("replication", refused(403, "AccessDenied"), "is not told"),
        ("object-lock", refused(403, "AccessDenied"), "is not told"),
    ],
)
def test_nothing_is_written_where_new_objects_are_retained_or_replicated_or_may_be(
    s3_server, bucket, subresource, answer, says
):
    changed = []

    def ruled(sent):
        if sent.method not in ("GET", "HEAD"):
            changed.append(sent)
        return answer if sent.is_about(subresource) else sent

    with bent(s3_server, ruled) as url:
        probed = probed_at(url, bucket)
    assert changed == []
    assert says in evidence(probed, Capability.TAGS)
    assert answers(probed)[Capability.TAGS] == Can.UNTOLD


def test_no_lock_is_set_and_none_taken_off(s3_server, bucket):
    asked = []

    def note(sent):
        is_lock = sent.is_about("retention") or sent.is_about("legal-hold")
        headers = [name for name in sent.headers if "object-lock" in name]
        asked.extend([sent.target] if is_lock or headers else [])
        return refused(403, "AccessDenied") if sent.method == "DELETE" else sent

    with bent(s3_server, note) as url:
        probed_at(url, bucket)
    assert asked == []


def test_what_could_not_be_removed_is_listed(s3, s3_server, bucket):
    def keeps_all(sent):
        return refused(403, "AccessDenied") if sent.method == "DELETE" else sent

    with bent(s3_server, keeps_all) as url:
        probed = probed_at(url, bucket)
    there = all_in(s3, bucket)
    assert there and all(key.startswith(NAME) for key in there)
    assert all(any(f"s3://{bucket}/{key}" in line for line in probed.left) for key in there)


def test_versions_that_could_not_be_found_again_are_not_made(s3, s3_server, make_bucket):
    bucket = make_bucket(versioned=True)

    def lists_no_versions(sent):
        return refused(403, "AccessDenied") if sent.is_about("versions") else sent

    with bent(s3_server, lists_no_versions) as url:
        probed = probed_at(url, bucket)
    assert answers(probed)[Capability.VERSIONING] == Can.YES
    assert "the role may not list them" in evidence(probed, Capability.TAGS)
    assert all_in(s3, bucket) == []


def test_bucket_that_may_not_be_written_tells_what_can_be_read(s3_server, bucket):
    def reads_only(sent):
        return refused(403, "AccessDenied") if sent.method in ("PUT", "POST") else sent

    with bent(s3_server, reads_only) as url:
        probed = probed_at(url, bucket)
    found = answers(probed)
    assert found[Capability.OBJECT_LOCK] == Can.NO
    assert {
        found[one]
        for one in Capability
        if one not in (Capability.VERSIONING, Capability.OBJECT_LOCK, Capability.REPLICATION)
    } == {Can.UNTOLD}


def test_storage_that_falls_silent_is_not_told_about(s3_server, bucket):
    with bent(s3_server, lambda sent: CUT_OFF if sent.is_about("tagging") else sent) as url:
        probed = probed_at(url, bucket)
    assert answers(probed)[Capability.TAGS] == Can.UNTOLD
    assert "does not answer" in evidence(probed, Capability.TAGS)


def test_parts_of_a_few_bytes_are_tried_first_and_then_the_usual_least(s3, s3_server, bucket):
    probed = probed_at(s3_server, bucket)
    [parts] = [one for one in probed.found if one.capability == Capability.MULTIPART_COPY]
    assert parts.can == Can.YES and parts.amount == 5 * 1024 * 1024
    assert "first of 5 MiB" in parts.evidence and "was not tried" in parts.evidence


def test_copy_in_parts_that_is_not_there_is_a_no_and_its_upload_is_ended(s3, s3_server, bucket):
    def without(sent):
        is_part = sent.is_copy and "partNumber" in sent.target
        return refused(501, "NotImplemented") if is_part else sent

    with bent(s3_server, without) as url:
        probed = probed_at(url, bucket)
    assert answers(probed)[Capability.MULTIPART_COPY] == Can.NO
    assert all_in(s3, bucket) == []
