"""What operations really do to objects."""

from datetime import UTC, datetime

import pytest

from jobs.operations.base import Outcome
from tests.operations.places import AWKWARD_KEYS

DONE = Outcome(True, 200, "", "Successful")


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_object_with_an_awkward_key_is_tagged_and_copied_as_itself(place, source, archive, key):
    body = f"content of {key}".encode()
    place.client.put_object(Bucket=source, Key=key, Body=body, Tagging="old=1")
    assert place.tag(source, key, team="blue") == DONE
    assert place.tags_of(source, key) == {"team": "blue"}
    assert place.copy(source, key, archive, TargetKeyPrefix="in here") == DONE
    assert place.read(archive, f"in here/{key}") == body
    assert place.tags_of(archive, f"in here/{key}") == {"team": "blue"}


TAGS = {"a b": "c+d", "e/f=g": "", "ünï": "日本", "x.y:z@w-v_u": "1"}


def test_tags_of_all_characters_arrive_as_they_were_given(place, source, archive):
    place.client.put_object(Bucket=source, Key="tags", Body=b"")
    assert place.tag(source, "tags", **TAGS) == DONE
    assert place.tags_of(source, "tags") == TAGS
    new = [{"Key": key, "Value": value} for key, value in reversed(TAGS.items())]
    assert place.copy(source, "tags", archive, NewObjectTagging=new[:2]) == DONE
    assert place.tags_of(archive, "tags") == {tag["Key"]: tag["Value"] for tag in new[:2]}


def test_named_version_is_tagged_and_copied_and_no_other(place, archive):
    bucket = place.make_bucket(versioned=True)
    first = place.client.put_object(Bucket=bucket, Key="k", Body=b"first")["VersionId"]
    second = place.client.put_object(Bucket=bucket, Key="k", Body=b"second")["VersionId"]
    assert place.tag(bucket, "k", first, age="old") == DONE
    assert place.tags_of(bucket, "k", VersionId=first) == {"age": "old"}
    assert place.tags_of(bucket, "k", VersionId=second) == {}
    assert place.copy(bucket, "k", archive, first, TargetKeyPrefix="versions") == DONE
    assert place.read(archive, "versions/k") == b"first"
    assert place.tags_of(archive, "versions/k") == {"age": "old"}


KEEP = {}
REPLACE = {
    "MetadataDirective": "REPLACE",
    "NewObjectMetadata": {"ContentType": "text/new", "UserMetadata": {"new": "2"}},
}
GIVEN = {"NewObjectTagging": [{"Key": "given", "Value": "3"}]}


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize(
    ("metadata", "content_type", "entries"),
    [(KEEP, "text/old", {"old": "1"}), (REPLACE, "text/new", {"new": "2"})],
)
@pytest.mark.parametrize(
    ("tagging", "tags"),
    [({}, {"source": "1"}), ({"NewObjectTagging": []}, {}), (GIVEN, {"given": "3"})],
)
def test_metadata_and_tags_are_kept_or_replaced_each_by_itself(
    place, source, metadata, content_type, entries, tagging, tags, versioned
):
    place.client.put_object(
        Bucket=source,
        Key="k",
        Body=b"x",
        ContentType="text/old",
        Metadata={"old": "1"},
        Tagging="source=1",
    )
    target = place.make_bucket(versioned=versioned)
    # The test server, unlike real ones, adds a copy's tags to those of the object it overwrites.
    before = "before=0" if versioned or place.endpoint.tags_after_copy else ""
    place.client.put_object(Bucket=target, Key="k", Body=b"before", Tagging=before)
    assert place.copy(source, "k", target, **metadata, **tagging) == DONE
    there = place.client.head_object(Bucket=target, Key="k")
    assert (there["ContentType"], there["Metadata"]) == (content_type, entries)
    assert place.tags_of(target, "k") == tags
    assert place.tags_of(source, "k") == {"source": "1"}


def test_every_header_of_new_metadata_is_set(place, source, archive):
    place.client.put_object(Bucket=source, Key="headers", Body=b"x", CacheControl="no-cache")
    texts = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "identity",
        "ContentLanguage": "de",
        "ContentType": "text/plain; charset=utf-8",
    }
    outcome = place.copy(
        source,
        "headers",
        archive,
        MetadataDirective="REPLACE",
        NewObjectMetadata={**texts, "HttpExpiresDate": "2030-01-02T03:04:05Z"},
        StorageClass="STANDARD_IA",
    )
    assert outcome == DONE
    there = place.client.head_object(Bucket=archive, Key="headers")
    assert {name: there[name] for name in texts} == texts
    assert there["Expires"] == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert there["StorageClass"] == "STANDARD_IA"


def test_copy_onto_itself_is_refused_by_the_storage_unless_it_changes_something(place, source):
    place.client.put_object(Bucket=source, Key="self", Body=b"x", ContentType="text/old")
    outcome = place.copy(source, "self", source)
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 400, "InvalidRequest")
    assert "copy an object to itself" in outcome.message
    assert place.copy(source, "self", source, **REPLACE) == DONE
    assert place.client.head_object(Bucket=source, Key="self")["ContentType"] == "text/new"


def test_missing_object_fails_alone_with_the_storages_answer(place, source, archive):
    missing = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
    assert place.tag(source, "missing", a="b") == missing
    assert place.copy(source, "missing", archive) == missing
    assert place.copy(source, "missing", archive, **REPLACE) == missing
