"""A try of a storage shows what it keeps of what it accepts, and leaves nothing behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.s3 import keeping
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.keeping import Kept, Look, try_out
from jobs.s3.scratch import LEFT_S, Scratch
from tests.bent_storage import CUT_OFF, Answered, bent, refused
from tests.s3.scripted import KEYS

NOW = datetime.now(UTC)
KEPT, LOST = Look(True), Look(False)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(keeping, "LASTS_S", 0)


@pytest.fixture
def lockable(s3, make_bucket):
    bucket = f"{make_bucket()}-lock"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    return bucket


@pytest.fixture
def try_at(s3_server):
    """try_at(bucket, bend) -> Kept, as the storage shows that `bend` makes of the real one."""

    def try_it(bucket, bend=lambda sent: sent, now=NOW):
        def lockable(sent):
            # moto wants one with what is locked, also with a copy, which has no body.
            sent = replace(sent, headers=sent.headers | {"x-amz-sdk-checksum-algorithm": "CRC32"})
            return bend(sent)

        with bent(s3_server, lockable) as url:
            client = make_client(Endpoint(url, "us-east-1", "path"), KEYS)
            return try_out(Scratch(client, bucket, FOLDER, now))

    return try_it


FOLDER = "some place+/"


def left_in(s3, bucket):
    found = s3.list_object_versions(Bucket=bucket)
    return [item["Key"] for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]]


def without_lock(bucket):
    return Look(None, f"The bucket {bucket} has no Object Lock.")


@pytest.mark.parametrize("versioned", [False, True])
def test_storage_that_keeps_all_shows_it_and_is_left_as_it_was(try_at, s3, make_bucket, versioned):
    bucket = make_bucket(versioned=versioned)
    kept = try_at(bucket)
    assert kept == Kept(KEPT, KEPT, KEPT, KEPT, without_lock(bucket))
    assert (kept.tags_after_copy, kept.lock_after_copy) == (False, None)
    assert left_in(s3, bucket) == []


def test_bucket_with_object_lock_shows_whether_copies_are_locked_and_is_left_as_it_was(
    try_at, s3, lockable
):
    bypassing = []

    def watched(sent):
        bypassing.extend(name for name in sent.headers if "bypass-governance" in name)
        return sent

    kept = try_at(lockable, watched)
    assert kept == Kept(KEPT, KEPT, KEPT, KEPT, KEPT)
    assert len(bypassing) == 1
    assert kept.lock_after_copy is False
    assert left_in(s3, lockable) == []


def loses_tags(sent):
    return Answered() if sent.method == "PUT" and sent.is_about("tagging") else sent


def takes_tags_for_content(sent):
    if sent.method == "PUT" and sent.is_about("tagging"):
        return replace(sent, target=sent.target.partition("?")[0])
    return sent


def loses_tags_of_copies(sent):
    return sent.without("x-amz-tagging") if sent.is_copy else sent


def loses_metadata_of_copies(sent):
    return sent.without("x-amz-meta-") if sent.is_copy else sent


def loses_locks(sent):
    if sent.method == "GET" and sent.is_about("retention"):
        return refused(404, "NoSuchObjectLockConfiguration")  # moto does not know the call
    return sent.without("x-amz-object-lock-") if sent.is_copy else sent


def loses_legal_hold(sent):
    return sent.without("x-amz-object-lock-legal") if sent.is_copy else sent


@pytest.mark.parametrize(
    ("bend", "lost", "switches"),
    [
        (loses_tags, {"tags"}, (False, False)),
        (loses_tags_of_copies, {"copy_tags"}, (True, False)),
        (loses_metadata_of_copies, {"metadata"}, (False, False)),
        (loses_locks, {"lock"}, (False, True)),
        (loses_legal_hold, {"lock"}, (False, True)),
    ],
)
def test_what_a_storage_accepts_and_loses_is_found_and_says_what_to_set_afterwards(
    try_at, s3, lockable, bend, lost, switches
):
    kept = try_at(lockable, bend)
    found = {name for name in KEPT_NAMES if getattr(kept, name) == LOST}
    assert found == lost
    assert (kept.tags_after_copy, kept.lock_after_copy) == switches
    assert left_in(s3, lockable) == []


KEPT_NAMES = ("tags", "content", "metadata", "copy_tags", "lock")


@pytest.mark.parametrize("versioned", [False, True])
def test_storage_that_takes_tags_for_content_is_found_out_and_told_to_set_none_afterwards(
    try_at, s3, make_bucket, versioned
):
    bucket = make_bucket(versioned=versioned)
    kept = try_at(bucket, lambda sent: loses_tags_of_copies(takes_tags_for_content(sent)))
    assert (kept.content, kept.copy_tags, kept.tags_after_copy) == (LOST, LOST, None)
    assert left_in(s3, bucket) == []


def test_storage_that_writes_tags_a_moment_later_keeps_them(try_at, bucket, monkeypatch):
    monkeypatch.setattr(keeping, "LASTS_S", 60)
    monkeypatch.setattr(keeping, "LOOK_AGAIN_S", 0)
    early = [Answered(200, b"<Tagging><TagSet></TagSet></Tagging>") for _ in range(3)]

    def later(sent):
        is_look = sent.method == "GET" and sent.is_about("tagging")
        return early.pop() if is_look and early else sent

    assert try_at(bucket, later).tags == KEPT
    assert early == []


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (405, "MethodNotAllowed"), (501, "NotImplemented")]
)
@pytest.mark.parametrize(
    ("method", "subresource", "name", "action", "untold"),
    [
        ("PUT", "tagging", "tags", "PutObjectTagging", ""),
        ("GET", "tagging", "tags", "GetObjectTagging", ""),
        ("GET", "tagging", "copy_tags", "GetObjectTagging", ""),
        ("GET", "retention", "lock", "GetObjectRetention", "mode"),
        ("GET", "legal-hold", "lock", "GetObjectLegalHold", "legal-hold"),
        ("GET", "object-lock", "lock", "GetObjectLockConfiguration", ""),
    ],
)
def test_look_that_is_refused_proves_nothing_and_says_so(
    try_at, s3, lockable, method, subresource, name, action, untold, status, code
):
    def refuses(sent):
        if sent.method == method and sent.is_about(subresource):
            return refused(status, code)
        # What HeadObject tells is not asked for.
        return sent.without(f"x-amz-object-lock-{untold}") if sent.is_copy and untold else sent

    kept = try_at(lockable, refuses)
    why = f"{action} was answered with {status} {code}, which proves nothing."
    assert getattr(kept, name) == Look(None, why)
    assert left_in(s3, lockable) == []


def test_legal_hold_that_cannot_be_taken_off_again_is_not_set(try_at, s3, lockable):
    held = []

    def refuses(sent):
        if sent.is_copy and "x-amz-object-lock-legal-hold" in sent.headers:
            held.append(sent)
        return refused(403, "AccessDenied") if sent.is_about("legal-hold") else sent

    assert try_at(lockable, refuses).lock == KEPT
    assert (held, left_in(s3, lockable)) == ([], [])


def test_place_that_may_not_be_written_is_said_once_for_all_and_nothing_is_deleted(try_at, bucket):
    asked = []

    def refuses(sent):
        asked.append(sent.method)
        return refused(403, "AccessDenied") if sent.method == "PUT" else sent

    why = "A small object could not be written: PutObject was answered with 403 AccessDenied."
    assert try_at(bucket, refuses) == Kept(*[Look(None, why)] * 5)
    assert "DELETE" not in asked


def test_nothing_is_written_where_new_objects_are_locked(try_at, s3, lockable):
    s3.put_object_lock_configuration(
        Bucket=lockable,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        },
    )
    kept = try_at(lockable)
    assert "Nothing was written." in kept.tags.why and kept == Kept(*[kept.tags] * 5)
    assert left_in(s3, lockable) == []


def test_try_that_is_cut_off_leaves_what_a_later_one_clears_away(try_at, s3, lockable):
    copied = []

    def breaks_off(sent):
        copied.extend([sent] if sent.is_copy else [])
        return CUT_OFF if len(copied) > 1 else sent

    kept = try_at(lockable, breaks_off)
    assert kept.lock.kept is None and "does not answer" in kept.lock.why
    assert kept.copy_tags == KEPT
    assert "may still be there" in kept.left
    left = left_in(s3, lockable)
    assert left != [] and all(key.startswith(f"{FOLDER}.batchconsole-scratch-") for key in left)
    s3.put_object(Bucket=lockable, Key=f"{FOLDER}.batchconsole-scratch-notes", Body=b"A person's.")
    assert try_at(lockable, now=NOW + timedelta(seconds=LEFT_S / 2)).left == ""
    assert set(left) <= set(left_in(s3, lockable)), "one that may still run is let alone"
    assert try_at(lockable, now=NOW + timedelta(seconds=LEFT_S + 1)).left == ""
    assert left_in(s3, lockable) == [f"{FOLDER}.batchconsole-scratch-notes"]


def test_answer_that_gets_lost_leaves_no_delete_marker(try_at, s3, make_bucket):
    bucket, lost = make_bucket(versioned=True), []

    def loses(sent):
        if sent.is_copy and not lost:
            lost.append(sent)
            return CUT_OFF
        return sent

    assert try_at(bucket, loses).left == ""
    assert left_in(s3, bucket) == []


@pytest.mark.parametrize("lists", [True, False])
def test_role_that_may_not_delete_is_told_and_leaves_no_second_object(try_at, s3, bucket, lists):
    def refuses(sent):
        is_list = sent.method == "GET" and ("versions" in sent.target or "list-type" in sent.target)
        hits = sent.method == "DELETE" or (is_list and not lists)
        return refused(403, "AccessDenied") if hits else sent

    kept = try_at(bucket, refuses)
    assert "could not be deleted: DeleteObject was answered with 403 AccessDenied." in kept.left
    assert kept.tags == KEPT
    if lists:
        later = try_at(bucket, refuses, now=NOW + timedelta(seconds=LEFT_S + 1))
        assert later.tags.kept is None and "could not be deleted" in later.tags.why
        assert len(left_in(s3, bucket)) == 2


def test_storage_without_lists_of_versions_is_left_as_it_was_all_the_same(try_at, s3, make_bucket):
    bucket = make_bucket(versioned=True)

    def refuses(sent):
        is_list = "versions" in sent.target or "list-type" in sent.target
        return refused(501, "NotImplemented") if is_list else sent

    assert try_at(bucket, refuses).left == ""
    assert left_in(s3, bucket) == []


def test_page_that_answers_in_place_of_the_storage_is_said(try_at, bucket):
    page = Answered(200, b"<html><title>Sign in</title></html>", is_marked=False)
    kept = try_at(bucket, lambda sent: page)
    assert 'HTML page titled "Sign in"' in kept.tags.why
    assert kept.tags.kept is None and kept == Kept(*[kept.tags] * 5)


def test_storage_that_names_no_version_of_a_copy_is_left_without_a_delete_marker(
    try_at, s3, make_bucket
):
    """As Ceph answers."""
    bucket = make_bucket(versioned=True)
    copied = Answered(200, b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")
    kept = try_at(bucket, lambda sent: copied if sent.is_copy else sent)
    assert (kept.left, left_in(s3, bucket)) == ("", [])


def test_storage_that_says_nothing_of_an_object_without_tags_has_lost_those_of_the_copy(
    try_at, bucket
):
    """As Ceph answers."""

    def silent(sent):
        is_look = sent.method == "GET" and sent.is_about("tagging") and "-copy?" in sent.target
        return Answered() if is_look else sent

    kept = try_at(bucket, silent)
    assert (kept.copy_tags, kept.tags_after_copy) == (LOST, True)
