"""Deletes step by step: of objects that were seen before, and by key where answers are odd."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from jobs.operations.base import DONE, NoSuchCall
from jobs.operations.delete_object import DeleteObject
from jobs.operations.dry_run import DryRun
from jobs.operations.unchanged import difference
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.services.call import Call
from jobs.spec.target import Guard, Target
from tests.operations.walking import walk
from tests.sequential import context_at

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OF_S3 = {"x-amz-request-id": "R1", "date": format_datetime(NOW, usegmt=True)}
ETAG, OTHER = '"a"', '"b"'
SEEN = Guard(ETAG, "", 3, NOW.timestamp())
NEWEST = DeleteObject.parse({})
EVERY = DeleteObject.parse({"Mode": "EVERY_VERSION"})
MARKERS = DeleteObject.parse({"Mode": "DELETE_MARKERS"})
NONCURRENT = DeleteObject.parse({"Mode": "NONCURRENT_VERSIONS", "NoncurrentVersionsToKeep": 0})


def answer(**data):
    return Answer(200, "", "", data, headers=OF_S3)


def refused(status, code, message=""):
    return Answer(status, code, message, headers=OF_S3)


def head(etag=ETAG, **more):
    return answer(ContentLength=3, ETag=etag, LastModified=NOW, **more)


GONE = refused(404, "NoSuchKey")
DELETED = Answer(204, "", "", headers=OF_S3)
LOST = Answer(0, "ReadTimeoutError", "no answer")


def run(operation, *answers, guard=None, tried_since_s=0.0, now_s=None):
    context = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
    context.tried_since_s = tried_since_s
    if now_s is not None:
        context.now_s = lambda: now_s
    return walk(operation.run(Target("photos", "k", guard=guard), context), *answers)


def said(steps):
    return [step.action for step in steps if isinstance(step, Call)]


# --- Guarded


def test_request_has_a_condition_where_the_storage_refused_a_stale_one():
    for refusal in (refused(412, "PreconditionFailed"), GONE):
        steps, outcome = run(NEWEST, head(), refusal, DELETED, guard=SEEN)
        assert outcome == DONE
        assert said(steps) == ["HeadObject", "DeleteObject", "DeleteObject"]
        probe, delete = steps[1:]
        assert probe.params["Key"] != "k" and probe.params["IfMatch"] not in (ETAG, OTHER)
        assert delete.params == {"Key": "k", "IfMatch": ETAG}


def test_request_has_none_where_the_storage_takes_no_notice_or_knows_no_such_header():
    for told in (DELETED, refused(501, "NotImplemented"), refused(403, "AccessDenied")):
        steps, outcome = run(NEWEST, head(), told, DELETED, guard=SEEN)
        assert (outcome, steps[-1].params) == (DONE, {"Key": "k"})


def test_in_a_bucket_with_versions_nothing_is_tried():
    guard = Guard(ETAG, "v1", 3)
    steps, outcome = run(NEWEST, head(VersionId="v1"), DELETED, guard=guard)
    assert outcome == DONE
    assert [step.params for step in steps] == [{"Key": "k"}, {"Key": "k"}]


def test_object_that_changes_between_the_look_and_the_request_is_reported():
    stale = refused(412, "PreconditionFailed")
    _, outcome = run(NEWEST, head(), stale, stale, guard=SEEN)
    assert (outcome.succeeded, outcome.code) == (False, "ObjectChanged")
    assert "was not touched" in outcome.message


def test_object_that_cannot_be_looked_at_is_left():
    steps, outcome = run(NEWEST, refused(403, "AccessDenied"), guard=SEEN)
    assert (outcome.succeeded, outcome.code, len(steps)) == (False, "AccessDenied", 1)


def test_answer_that_was_lost_is_settled_by_what_was_seen():
    steps, _ = run(NEWEST, head(), DELETED, LOST, True, head(), DELETED, guard=SEEN)
    assert said(steps)[-2:] == ["HeadObject", "DeleteObject"]
    steps, outcome = run(NEWEST, head(), DELETED, LOST, True, GONE, guard=SEEN)
    assert outcome == DONE
    steps, outcome = run(NEWEST, head(), DELETED, LOST, True, head(OTHER), guard=SEEN)
    assert outcome.code == "ObjectChanged"


def test_guarded_objects_go_one_by_one():
    targets = [Target("b", "x"), Target("b", "y", guard=SEEN), Target("b", "z")]
    assert NEWEST.batches(targets) == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("was", "now", "differs"),
    [
        (Guard(ETAG, "v1"), Guard(ETAG, "v2"), True),
        (Guard(ETAG, "v1"), Guard(OTHER, "v1"), False),
        (Guard(ETAG, "null"), Guard(OTHER, "null"), True),
        (Guard(ETAG), Guard('W/"a"'), False),
        (Guard('"a"'), Guard("a"), False),
        (Guard(size_bytes=3), Guard(size_bytes=4), True),
        (Guard(size_bytes=0), Guard(size_bytes=4), True),
        (Guard(size_bytes=3), Guard(), False),
        (Guard(last_modified_s=10.7), Guard(last_modified_s=10.0), False),
        (Guard(last_modified_s=10.7), Guard(last_modified_s=12.0), True),
        (Guard(), Guard(OTHER, "v9", 1, 1.0), False),
    ],
)
def test_objects_are_compared_by_what_is_known_of_both(was, now, differs):
    assert bool(difference(was, now)) is differs


# --- By key


def version(number, *, latest=False, key="k", changed=NOW, **more):
    return {"Key": key, "VersionId": f"v{number}", "IsLatest": latest, "Size": 2,
            "ETag": ETAG, "LastModified": changed, **more}  # fmt: skip


def listing(*versions, markers=(), **more):
    return answer(Versions=list(versions), DeleteMarkers=list(markers), **more)


TWO = listing(version(2, latest=True), version(1))
BOTH_GONE = answer(Deleted=[{"Key": "k", "VersionId": name} for name in ("v2", "v1")])


def test_exactly_what_was_listed_is_deleted_and_counted_afterwards():
    steps, outcome = run(EVERY, TWO, BOTH_GONE, listing())
    assert outcome.message.endswith(
        "Deleted: 2 versions (4 bytes). Counted afterwards: nothing is left."
    )
    assert said(steps) == ["ListObjectVersions", "DeleteObjects", "ListObjectVersions"]
    assert steps[0].params == {"Prefix": "k", "EncodingType": "url", "MaxKeys": 200}


def test_pages_are_followed_until_one_is_about_other_keys():
    first = listing(version(3, latest=True), IsTruncated=True, NextKeyMarker="k",
                    NextVersionIdMarker="v3")  # fmt: skip
    second = listing(version(2), version(9, key="k2"), IsTruncated=True, NextKeyMarker="k2")
    steps, _ = run(EVERY, first, second)
    assert said(steps) == ["ListObjectVersions", "ListObjectVersions", "DeleteObjects"]
    assert steps[1].params["KeyMarker"] == "k" and steps[1].params["VersionIdMarker"] == "v3"


def test_page_whose_keys_are_in_no_order_is_no_reason_to_stop():
    first = listing(version(9, key="k2"), version(2), IsTruncated=True, NextKeyMarker="k2")
    steps, _ = run(EVERY, first, listing(version(1)))
    assert said(steps)[:2] == ["ListObjectVersions", "ListObjectVersions"]


@pytest.mark.parametrize("markers", [{}, {"NextKeyMarker": ""}])
def test_listing_that_does_not_say_where_it_goes_on_deletes_nothing(markers):
    steps, outcome = run(EVERY, listing(version(1), IsTruncated=True, **markers))
    assert (outcome.succeeded, len(steps)) == (False, 1)
    assert "says that it goes on, and not where" in outcome.message


def test_keys_that_are_written_as_in_urls_are_read_so():
    written = listing(version(1, key="k%2Bx+y", latest=True), EncodingType="url")
    context = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
    steps, _ = walk(EVERY.run(Target("photos", "k+x y"), context), written)
    assert steps[-1].action == "DeleteObject"
    assert steps[-1].params == {"Key": "k+x y", "VersionId": "v1"}


def test_versions_that_are_left_fail_the_task_whatever_the_storage_said():
    _, outcome = run(EVERY, TWO, BOTH_GONE, listing(version(1)))
    assert (outcome.succeeded, outcome.code) == (False, "VersionsLeft")
    assert "1 version (2 bytes) is left, though the storage said" in outcome.message
    _, outcome = run(EVERY, TWO, BOTH_GONE, listing(version(3, latest=True)))
    assert "written since the task began" in outcome.message


def test_what_cannot_be_counted_is_not_proven():
    _, outcome = run(EVERY, TWO, BOTH_GONE, refused(403, "AccessDenied"))
    assert (outcome.succeeded, outcome.code) == (False, "AccessDenied")
    assert outcome.message.startswith("What is left of the key could not be counted")


def test_storage_that_lists_no_versions_ends_the_job():
    _, outcome = run(EVERY, refused(501, "NotImplemented"))
    assert isinstance(outcome, NoSuchCall)
    assert outcome.message.startswith("This storage has no listing of versions")


def test_versions_go_one_by_one_where_they_do_not_go_together():
    steps, outcome = run(
        EVERY, TWO, refused(501, "NotImplemented"), DELETED, DELETED, listing()
    )  # fmt: skip
    assert outcome.succeeded
    assert said(steps)[1:4] == ["DeleteObjects", "DeleteObject", "DeleteObject"]


def test_repeat_leaves_what_was_written_after_the_first_try():
    tried_s = NOW.timestamp()
    later = NOW + timedelta(seconds=60)
    newer = version(3, latest=True, changed=later)
    dated = {**OF_S3, "date": format_datetime(NOW + timedelta(seconds=120), usegmt=True)}
    listed = Answer(200, "", "", listing(newer, version(1)).data, headers=dated)
    facts = {"tried_since_s": tried_s + 1, "now_s": tried_s + 120}
    steps, _ = run(EVERY, listed, **facts)
    assert steps[-1].params == {"Key": "k", "VersionId": "v1"}


def test_newest_version_goes_last_where_it_was_seen_before():
    guard = Guard(ETAG, "v3", 2)
    listed = listing(version(3, latest=True), version(2), version(1))
    steps, _ = run(EVERY, listed, BOTH_GONE, DELETED, guard=guard)
    together, last = steps[1:3]
    named = [item["VersionId"] for item in together.params["Delete"]["Objects"]]
    assert (named, last.params["VersionId"]) == (["v2", "v1"], "v3")
    steps, outcome = run(EVERY, TWO, guard=Guard(ETAG, "v7"))
    assert (outcome.code, len(steps)) == ("ObjectChanged", 1)


def test_noncurrent_versions_stay_where_nothing_says_which_is_the_newest():
    steps, outcome = run(NONCURRENT, listing(version(2), version(1)))
    assert (outcome.code, len(steps)) == ("NoLatestVersion", 1)


def test_dry_run_says_how_much_would_go():
    def foreseen(operation, *answers):
        context = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
        there = head()  # every dry run looks at the object first
        outcome = walk(DryRun(operation).run(Target("photos", "k"), context), there, *answers)[1]
        return outcome.code, outcome.message

    marker = version(5, latest=True)
    deleted = listing(version(2), version(1), markers=[marker])
    assert foreseen(EVERY, deleted) == (
        "WouldChange", "Would be deleted for good: 2 versions and 1 delete marker (4 bytes).",
    )  # fmt: skip
    assert foreseen(MARKERS, deleted) == (
        "WouldChange", "Would be deleted for good: 1 delete marker. The object comes back.",
    )  # fmt: skip
    assert foreseen(NONCURRENT, TWO) == (
        "WouldChange", "Would be deleted for good: 1 version (2 bytes). Kept: 1 version (2 bytes).",
    )  # fmt: skip
    assert foreseen(MARKERS, TWO) == ("AlreadySo", "The key has no delete marker.")
    assert foreseen(EVERY, listing()) == ("AlreadySo", "There is no version of this key.")
    assert foreseen(EVERY, refused(403, "AccessDenied"))[0] == "CannotTell"
    listed = DeleteObject.parse({"Mode": "VERSIONS"})
    assert foreseen(listed) == (
        "InvalidRequest", "Would fail: Task failed due to missing VersionId",
    )  # fmt: skip
