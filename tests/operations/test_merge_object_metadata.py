from datetime import UTC, datetime

import pytest

from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE
from jobs.operations.merge_object_metadata import MergeObjectMetadata
from jobs.operations.rewriting.object_metadata import (
    CannotCarryError,
    check_carried,
    read,
    to_params,
)
from jobs.s3.answers import Answer
from jobs.spec.target import Target
from tests.operations.test_onto_itself import COPIED, USUAL, context, copy_in, head
from tests.operations.walking import walk

NAME = "S3MergeObjectMetadata"
TARGET = Target("photos", "k")


def merging(**members):
    return MergeObjectMetadata.parse(members)


def problems(**members):
    with pytest.raises(ValidationFailedError) as caught:
        merging(**members)
    return [(problem.field, problem.message) for problem in caught.value.problems]


def user(**entries):
    return {"ObjectMetadata": {"UserMetadata": entries}}


NOTHING = [("ObjectMetadata", "Enter at least one header or metadata to set or to remove.")]
SIGNS = "A metadata name holds letters, digits, hyphens, dots and _ only."


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, NOTHING),
        ({"ObjectMetadata": {}, "RemoveHeaders": {"Expires": None}}, None),
        ({"RemoveHeaders": {"CacheControl": False}}, NOTHING),
        (
            {"RemoveHeaders": {"ContentType": True}},
            [
                (
                    "RemoveHeaders.ContentType",
                    "Every object has a Content-Type. Set another instead, such as"
                    " binary/octet-stream, which stands for none.",
                )
            ],
        ),
        (
            {"ObjectMetadata": {"CacheControl": "a"}, "RemoveHeaders": {"CacheControl": True}},
            [("RemoveHeaders.CacheControl", "Cache-Control is to be set and to be removed.")],
        ),
        (
            {"RedirectLocation": "elsewhere"},
            [("RedirectLocation", "RedirectLocation must start with /, http:// or https://.")],
        ),
        (
            {"ObjectMetadata": {"ContentMD5": "x"}},
            [("ObjectMetadata.ContentMD5", '"ContentMD5" is not a parameter here. Take it out.')],
        ),
        (
            {"ObjectMetadata": {"CacheControl": "ü"}},
            [
                (
                    "ObjectMetadata.CacheControl",
                    "ObjectMetadata.CacheControl must hold ASCII characters only; encode others.",
                )
            ],
        ),
        (
            {"ObjectMetadata": {"HttpExpiresDate": "tomorrow"}},
            [
                (
                    "ObjectMetadata.HttpExpiresDate",
                    "ObjectMetadata.HttpExpiresDate must be a moment such as 2030-01-02T03:04:05Z.",
                )
            ],
        ),
        (user(**{"a b": "1"}), [("ObjectMetadata.UserMetadata[a b]", SIGNS)]),
        (
            user(n="1", N="2"),
            [("ObjectMetadata.UserMetadata[N]", 'The metadata name "N" is entered twice.')],
        ),
        (
            user(n="1") | {"RemoveUserMetadata": [{"Key": "N"}]},
            [("RemoveUserMetadata[0].Key", 'The metadata name "N" is entered twice.')],
        ),
        (
            {"RemoveUserMetadata": [{"Key": "a", "Value": "b"}]},
            [("RemoveUserMetadata[0].Value", '"Value" is not a parameter here. Take it out.')],
        ),
        ({"RemoveUserMetadata": "a"}, [("RemoveUserMetadata", "RemoveUserMetadata must be a list.")]),
        (
            {"RemoveUserMetadata": [{"Key": f"k{n}"} for n in range(51)]},
            [("RemoveUserMetadata", "Enter at most 50 names, not 51.")],
        ),
        (
            user(**{f"k{n}": "v" * 1000 for n in range(3)}),
            [("ObjectMetadata.UserMetadata", "All metadata together has at most 2,048 bytes.")],
        ),
        ({"Metadata": {}, **user(n="1")}, [("Metadata", '"Metadata" is not a parameter here. Take it out.')]),
    ],
)  # fmt: skip
def test_wrong_change_gets_a_sentence_at_its_place(members, expected):
    if expected is None:
        expected = [("RemoveHeaders.Expires", '"Expires" is not a parameter here. Take it out.')]
    assert problems(**members) == expected


THERE = {
    "content-type": "text/plain",
    "cache-control": "max-age=1",
    "expires": "Wed, 02 Jan 2030 03:04:05 GMT",
    "x-amz-website-redirect-location": "/x",
    "x-amz-meta-a": "1",
    "x-amz-meta-c": "3",
}


@pytest.mark.parametrize(
    ("members", "changed"),
    [
        ({"ObjectMetadata": {"CacheControl": "no-store"}}, {"cache-control": "no-store"}),
        ({"ObjectMetadata": {"ContentLanguage": "de"}}, {"content-language": "de"}),
        (
            {"ObjectMetadata": {"HttpExpiresDate": "2031-01-02T03:04:05+01:00"}},
            {"expires": "Thu, 02 Jan 2031 02:04:05 GMT"},
        ),
        (user(A="2", b="9"), {"x-amz-meta-a": "2", "x-amz-meta-b": "9"}),
        ({"RemoveUserMetadata": [{"Key": "A"}, {"Key": "none"}]}, {"x-amz-meta-a": None}),
        (
            {"RemoveHeaders": {"HttpExpiresDate": True, "RedirectLocation": True}},
            {"expires": None, "x-amz-website-redirect-location": None},
        ),
        ({"RedirectLocation": "/y"}, {"x-amz-website-redirect-location": "/y"}),
    ],
)
def test_metadata_are_changed_and_all_others_kept_and_a_repeat_changes_nothing(members, changed):
    changes = merging(**members).changes
    once = changes.applied(THERE)
    wanted = {**THERE, **changed}
    assert once == {name: text for name, text in wanted.items() if text is not None}
    assert changes.applied(once) == once


def run(operation, *answers):
    return walk(operation.run(TARGET, context()), *answers)


def test_all_that_is_there_is_written_again_with_the_changes():
    operation = merging(**user(b="2"), RemoveHeaders={"CacheControl": True})
    steps, outcome = run(operation, head(headers=THERE), USUAL, COPIED)
    assert outcome == DONE
    sent = copy_in(steps)
    assert sent["MetadataDirective"] == "REPLACE"
    assert sent["Metadata"] == {"a": "1", "c": "3", "b": "2"}
    assert (sent["ContentType"], sent["WebsiteRedirectLocation"]) == ("text/plain", "/x")
    assert sent["Expires"] == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert "CacheControl" not in sent


def test_redirect_that_is_removed_is_not_carried():
    operation = merging(RemoveHeaders={"RedirectLocation": True})
    steps, _ = run(operation, head(headers=THERE), USUAL, COPIED)
    assert not copy_in(steps).get("WebsiteRedirectLocation")


def test_nothing_is_written_where_nothing_changes():
    steps, outcome = run(merging(**user(a="1")), head(headers=THERE), USUAL)
    assert outcome == DONE
    assert [step.action for step in steps] == ["HeadObject"]


@pytest.mark.parametrize(
    ("headers", "code", "sentence"),
    [
        ({"x-amz-meta-big": "v" * 2041}, "MetadataTooLarge", "2,050 bytes of user metadata, and 2,048"),
        ({"x-amz-meta-big": "\xc3\xbc"}, "InvalidMetadata", "The value of x-amz-meta-big holds char"),
        ({"content-disposition": "\xfc"}, "InvalidMetadata", "The value of Content-Disposition"),
        ({"expires": "0"}, "InvalidMetadata", 'Its Expires is "0", which is no date'),
        ({"x-amz-missing-meta": "2"}, "InvalidMetadata", "does not show 2 of its metadata"),
    ],
)  # fmt: skip
def test_object_whose_metadata_would_be_damaged_fails_alone_and_is_left(headers, code, sentence):
    operation = merging(**user(newest=""))
    steps, outcome = run(operation, head(headers=headers), USUAL)
    assert (outcome.succeeded, outcome.code) == (False, code)
    assert sentence in outcome.message
    assert outcome.message.endswith("It was left as it is.")
    assert [step.action for step in steps] == ["HeadObject"]


def test_value_that_could_not_be_written_back_may_be_changed_or_removed():
    raw = head(headers={"x-amz-meta-a": "\xc3\xbc", "expires": "0"})
    clean = {"RemoveUserMetadata": [{"Key": "a"}], "RemoveHeaders": {"HttpExpiresDate": True}}
    assert run(merging(**clean), raw, USUAL, COPIED)[1] == DONE
    changed = user(a="u")["ObjectMetadata"] | {"HttpExpiresDate": "2030-01-01T00:00:00Z"}
    assert run(merging(ObjectMetadata=changed), raw, USUAL, COPIED)[1] == DONE


def test_words_of_rfc_2047_go_back_as_they_came():
    word = "=?UTF-8?Q?M=C3=BCller?="
    steps, _ = run(merging(**user(b="2")), head(headers={"x-amz-meta-a": word}), USUAL, COPIED)
    assert copy_in(steps)["Metadata"]["a"] == word


@pytest.mark.parametrize("date", ["Wednesday, 02-Jan-30 03:04:05 GMT", "2030", "", "-1"])
def test_date_that_would_be_written_in_another_way_is_not_carried(date):
    with pytest.raises(CannotCarryError):
        check_carried({}, {"expires": date})


def test_headers_are_read_and_written_without_those_of_the_answer():
    found = read({**THERE, "etag": '"ab"', "content-length": "2", "server": "x"})
    assert found == THERE
    assert to_params({})["Metadata"] == {}


# --- Dry run


def foresee(operation, *answers):
    outcome = walk(operation.foresee(TARGET, context()), *answers)[1]
    return outcome.succeeded, outcome.code, outcome.message


CHANGE = merging(
    ObjectMetadata={"CacheControl": "no-store", "ContentLanguage": "de"},
    RemoveUserMetadata=[{"Key": "a"}],
)


def test_dry_run_says_each_header_before_and_after():
    assert foresee(CHANGE, head(headers=THERE), USUAL) == (
        True,
        "WouldChange",
        "Cache-Control would change from max-age=1 to no-store; x-amz-meta-a would be removed (it is"
        " 1); Content-Language would be set to de.",
    )


def test_dry_run_says_what_is_so_and_what_would_fail():
    so = {"cache-control": "no-store", "content-language": "de"}
    assert foresee(CHANGE, head(headers=so), USUAL)[:2] == (True, "AlreadySo")
    big = head(headers={"x-amz-meta-big": "v" * 2046})
    assert foresee(CHANGE, big, USUAL)[:2] == (False, "MetadataTooLarge")
    archived = head(headers=THERE, StorageClass="GLACIER")
    assert foresee(CHANGE, archived, USUAL)[:2] == (False, "InvalidObjectState")
    ready = head(headers=THERE, StorageClass="GLACIER", Restore='ongoing-request="false"')
    assert foresee(CHANGE, ready, USUAL)[1] == "WouldChange"
    gone = Answer(404, "404", "", headers={"x-amz-request-id": "R1"})
    assert foresee(CHANGE, gone)[:2] == (False, "NoSuchKey")
    down = Answer(503, "SlowDown", "Slow", headers={"x-amz-request-id": "R1"})
    assert foresee(CHANGE, down)[:2] == (True, "CannotTell")


# --- Words


def test_person_reads_what_changes_and_what_is_kept():
    operation = merging(
        ObjectMetadata={"CacheControl": "no-store", "UserMetadata": {"n": "1"}},
        RemoveHeaders={"HttpExpiresDate": True},
        RemoveUserMetadata=[{"Key": "tmp"}],
    )
    assert operation.summary() == [
        ("Set", "Cache-Control: no-store, x-amz-meta-n: 1"),
        ("Remove", "Expires, x-amz-meta-tmp"),
    ]
    said = operation.consequence(12_000, ["photos"])
    assert "12,000 objects in photos" in said
    assert "new version" in said


# --- Whether it was kept

DENIED_TAGS = Answer(403, "AccessDenied", "No", headers={"x-amz-request-id": "R1"})
UNTAGGED = Answer(200, "", "", {"TagSet": []}, headers={"x-amz-request-id": "R1"})


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        ({"cache-control": "no-store", "content-language": "de", "x-amz-meta-c": "3"}, ""),
        ({"cache-control": "max-age=1", "content-language": "de"}, "metadata"),
        ({"cache-control": "no-store", "content-language": "de", "x-amz-meta-a": "1"}, "metadata"),
    ],
)
@pytest.mark.parametrize("tags", [UNTAGGED, DENIED_TAGS])
def test_headers_that_are_read_back_are_those_from_before_with_the_changes(after, lost, tags):
    at = context()
    kept = {name: text for name, text in THERE.items() if name not in ("x-amz-meta-a",)}
    before = walk(CHANGE.survey(TARGET, at), head(headers=THERE), USUAL, tags)[1]
    found = head(headers=kept | after)
    assert walk(CHANGE.check(TARGET, at, before), found, UNTAGGED)[1].lost == lost


def test_object_whose_headers_stay_shows_nothing():
    at = context()
    operation = merging(**user(a="1"))
    before = walk(operation.survey(TARGET, at), head(headers=THERE), USUAL, UNTAGGED)[1]
    assert walk(operation.check(TARGET, at, before))[1].is_unsure


# --- Of a real server


FULL = {
    "CacheControl": "max-age=1",
    "ContentDisposition": 'attachment; filename="a b.txt"',
    "ContentEncoding": "gzip",
    "ContentLanguage": "de, en",
    "ContentType": "text/plain; charset=utf-8",
    "Expires": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
}
OWN = {"a": "1", "b": "two  spaces", "r": "=?UTF-8?Q?M=C3=BCller?="}


def put(place, bucket, key, **more):
    answer = place.client.put_object(
        Bucket=bucket, Key=key, Body=b"content", Metadata=OWN, Tagging="t=1", **FULL, **more
    )
    return answer.get("VersionId")


def shown(place, bucket, key, **version):
    """The headers that are kept, and the user's own metadata."""
    found = place.client.head_object(Bucket=bucket, Key=key, **version)
    return {name: found[name] for name in FULL if name in found}, found["Metadata"]


@pytest.mark.parametrize("versioned", [False, True])
def test_one_header_changes_and_all_else_of_the_object_stays(place, versioned):
    bucket = place.make_bucket(versioned=versioned)
    old = put(place, bucket, "k ü")
    headers, own = shown(place, bucket, "k ü")
    change = {
        "ObjectMetadata": {"CacheControl": "no-cache", "UserMetadata": {"n": "3"}},
        "RemoveUserMetadata": [{"Key": "a"}],
    }
    for _ in range(2):
        assert place.run(NAME, change, Target(bucket, "k ü")) == DONE
        wanted = {name: text for name, text in own.items() if name != "a"} | {"n": "3"}
        assert shown(place, bucket, "k ü") == (headers | {"CacheControl": "no-cache"}, wanted)
        assert place.tags_of(bucket, "k ü") == {"t": "1"}
        assert place.read(bucket, "k ü") == b"content"
    if versioned:
        found = place.client.list_object_versions(Bucket=bucket)["Versions"]
        assert len(found) == 2, "the repeat wrote nothing"
        assert shown(place, bucket, "k ü", VersionId=old) == (headers, own)


def test_headers_are_removed(place, source):
    put(place, source, "removed")
    change = {"RemoveHeaders": {"CacheControl": True, "HttpExpiresDate": True}}
    assert place.run(NAME, change, Target(source, "removed")) == DONE
    headers, own = shown(place, source, "removed")
    assert headers.keys() == FULL.keys() - {"CacheControl", "Expires"}
    assert own == OWN


def test_old_version_is_not_put_in_the_place_of_the_newest(place):
    bucket = place.make_bucket(versioned=True)
    old, new = put(place, bucket, "k"), put(place, bucket, "k")
    outcome = place.run(NAME, user(n="3"), Target(bucket, "k", old))
    assert (outcome.http_status, outcome.code) == (412, "ObjectChanged")
    assert place.client.head_object(Bucket=bucket, Key="k")["VersionId"] == new
    assert place.run(NAME, user(n="3"), Target(bucket, "k", new)) == DONE


def test_metadata_that_grow_too_large_fail_the_task_and_stay(place, source):
    place.client.put_object(Bucket=source, Key="big", Body=b"x", Metadata={"big": "v" * 2000})
    outcome = place.run(NAME, user(n="v" * 50), Target(source, "big"))
    assert outcome.code == "MetadataTooLarge"
    assert place.client.head_object(Bucket=source, Key="big")["Metadata"] == {"big": "v" * 2000}


def test_public_object_stays_public(place, source):
    place.client.put_object(Bucket=source, Key="public", Body=b"x", ACL="public-read")
    before = place.client.get_object_acl(Bucket=source, Key="public")["Grants"]
    assert place.run(NAME, user(n="1"), Target(source, "public")) == DONE
    after = place.client.get_object_acl(Bucket=source, Key="public")["Grants"]
    assert sorted(map(str, after)) == sorted(map(str, before))
