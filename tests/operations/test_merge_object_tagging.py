import pytest

from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, Outcome
from jobs.operations.looks import Facts, Tagged
from jobs.operations.merge_object_tagging import MergeObjectTagging
from jobs.operations.put_object_tagging import REPLACED
from jobs.operations.tagging.tag_changes import CannotChangeError
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target
from tests.operations.walking import walk
from tests.sequential import context_at

NAME = "S3MergeObjectTagging"
TARGET = Target("photos", "k", "v1")
OF_S3 = {"x-amz-request-id": "R1"}


def tag(key, value=""):
    return {"Key": key, "Value": value}


def rename(key, new_key):
    return {"Key": key, "NewKey": new_key}


def merging(**members):
    return MergeObjectTagging.parse(members)


def problems(**members):
    with pytest.raises(ValidationFailedError) as caught:
        merging(**members)
    return [(problem.field, problem.message) for problem in caught.value.problems]


NOTHING = [("TagSet", "Enter at least one tag to add, change, remove or rename.")]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, NOTHING),
        ({"OnlyIf": tag("a", "b")}, NOTHING),
        ({"TagSet": [], "RemoveTags": []}, NOTHING),
        (
            {"TagSet": [tag(f"k{n}") for n in range(11)]},
            [("TagSet", "An object has at most 10 tags, not 11.")],
        ),
        (
            {"RemoveTags": [{"Key": f"k{n}"} for n in range(11)]},
            [("RemoveTags", "An object has at most 10 tags, not 11.")],
        ),
        (
            {"RemoveTags": [{"Key": "k" * 129}]},
            [("RemoveTags[0].Key", "RemoveTags[0].Key must have 1 to 128 characters, not 129.")],
        ),
        (
            {"RemoveTags": [tag("a")]},
            [("RemoveTags[0].Value", '"Value" is not a parameter here. Take it out.')],
        ),
        ({"RemoveTags": "a"}, [("RemoveTags", "RemoveTags must be a list.")]),
        (
            {"RenameTags": [rename("a", "aws:b")]},
            [("RenameTags[0].NewKey", 'Keys that start with "aws:" are reserved.')],
        ),
        (
            {"TagSet": [tag("a")], "RemoveTags": [{"Key": "a"}]},
            [("RemoveTags[0].Key", 'The tag "a" is entered twice.')],
        ),
        (
            {"TagSet": [tag("a"), tag("a")]},
            [("TagSet[1].Key", 'The tag "a" is entered twice.')],
        ),
        (
            {"RenameTags": [rename("a", "b"), rename("b", "c")]},
            [("RenameTags[0].NewKey", 'The tag "b" is entered twice.')],
        ),
        (
            {"TagSet": [tag("a")], "OnlyIf": {"Value": "x"}},
            [("OnlyIf.Key", "OnlyIf.Key must have 1 to 128 characters, not 0.")],
        ),
        (
            {"TagSet": [tag("a")], "Tags": []},
            [("Tags", '"Tags" is not a parameter here. Take it out.')],
        ),
    ],
)
def test_wrong_change_gets_a_sentence_at_its_place(members, expected):
    assert problems(**members) == expected


@pytest.mark.parametrize(
    ("members", "before", "after"),
    [
        ({"TagSet": [tag("b", "2")]}, {"a": "1"}, {"a": "1", "b": "2"}),
        ({"TagSet": [tag("a", "2")]}, {"a": "1", "c": "3"}, {"a": "2", "c": "3"}),
        ({"RemoveTags": [{"Key": "a"}]}, {"a": "1", "c": "3"}, {"c": "3"}),
        ({"RemoveTags": [{"Key": "x"}]}, {"a": "1"}, {"a": "1"}),
        ({"RenameTags": [rename("a", "b")]}, {"a": "1", "c": "3"}, {"b": "1", "c": "3"}),
        ({"RenameTags": [rename("x", "b")]}, {"b": "1"}, {"b": "1"}),
        ({"TagSet": [tag("A", "2")]}, {"a": "1"}, {"a": "1", "A": "2"}),
        (
            {"TagSet": [tag("n", "1")], "RemoveTags": [{"Key": "a"}]},
            {f"{c}": "1" for c in "abcdefghij"},
            {f"{c}": "1" for c in "bcdefghijn"},
        ),
    ],
)
def test_tags_are_changed_and_all_others_kept_and_a_repeat_changes_nothing(members, before, after):
    changes = merging(**members).changes
    once = changes.applied(tuple(before.items()))
    assert dict(once) == after
    assert changes.applied(once) == once


@pytest.mark.parametrize(
    ("members", "found", "sentence"),
    [
        (
            {"TagSet": [tag("new")]},
            {f"k{n}": "" for n in range(10)},
            "The object would have 11 tags, and 10 is the most.",
        ),
        (
            {"RenameTags": [rename("a", "b")]},
            {"a": "1", "b": "2"},
            'The object has both "a" and "b".',
        ),
    ],
)
def test_object_that_cannot_be_changed_fails_alone_with_its_tags_untouched(
    members, found, sentence
):
    operation = merging(**members)
    with pytest.raises(CannotChangeError, match=sentence):
        operation.changes.applied(tuple(found.items()))
    steps, outcome = run(operation, tagged(**found))
    assert outcome == Outcome(
        False, 400, "InvalidTag", f"{sentence} Its tags were left as they are."
    )
    assert [step.action for step in steps] == ["GetObjectTagging"]


def tagged(**found):
    data = {"TagSet": [tag(key, value) for key, value in found.items()]}
    return Answer(200, "", "", data, headers=OF_S3)


def context():
    return context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)


def run(operation, *answers):
    return walk(operation.run(TARGET, context()), *answers)


SET = Answer(200, "", "", headers=OF_S3)
MERGING = merging(TagSet=[tag("b", "2")])


def test_tags_are_read_and_written_of_the_named_version():
    steps, outcome = run(MERGING, tagged(a="1"), SET)
    assert outcome == DONE
    assert [step.action for step in steps] == ["GetObjectTagging", "PutObjectTagging"]
    assert [step.params["VersionId"] for step in steps] == ["v1", "v1"]
    assert steps[1].params["Tagging"] == {"TagSet": [tag("a", "1"), tag("b", "2")]}


def test_nothing_is_written_where_nothing_changes():
    steps, outcome = run(MERGING, tagged(b="2"))
    assert (outcome, len(steps)) == (DONE, 1)


@pytest.mark.parametrize(
    ("found", "is_changed"),
    [({"env": "dev"}, True), ({"env": "prod"}, False), ({"ENV": "dev"}, False), ({}, False)],
)
def test_only_objects_with_the_tag_are_changed(found, is_changed):
    operation = merging(TagSet=[tag("b", "2")], OnlyIf=tag("env", "dev"))
    steps, outcome = run(operation, tagged(**found), SET)
    assert outcome.succeeded
    assert (len(steps) == 2) is is_changed
    assert outcome.message == (
        "Successful" if is_changed else "Left as it is: it does not have the tag."
    )


def test_refusals_fail_with_the_storages_own_answer():
    denied = Answer(403, "AccessDenied", "Access Denied", headers=OF_S3)
    failed = Outcome(False, 403, "AccessDenied", "Access Denied")
    assert run(MERGING, denied)[1] == failed
    assert run(MERGING, tagged(), denied)[1] == failed


def test_person_reads_what_changes_and_what_is_left():
    operation = merging(
        TagSet=[tag("a", "1")],
        RemoveTags=[{"Key": "b"}],
        RenameTags=[rename("c", "d")],
        OnlyIf=tag("e", "f"),
    )
    assert operation.consequence(12_000, ["photos"]) == (
        "Changes some tags of 12,000 objects in photos. All other tags are kept."
        " Objects without e=f are left as they are."
    )
    assert operation.summary() == [
        ("Add or change", "a=1"),
        ("Remove", "b"),
        ("Rename", "c to d"),
        ("Only where", "e=f"),
    ]


# --- Whether it was kept


FACTS = Facts(2, '"ab"', None, {})


def head(etag='"ab"'):
    return Answer(200, "", "", {"ContentLength": 2, "ETag": etag}, headers=OF_S3)


def look(before, *answers):
    return walk(MERGING.check(TARGET, context(), before), *answers)[1]


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ((("a", "1"),), {"b": "2", "a": "1"}, ""),
        ((("a", "1"),), {"b": "2"}, "tags"),
        ((("a", "1"),), {"a": "1"}, "tags"),
        (None, {"b": "2", "a": "1"}, ""),
        (None, {"a": "1"}, "tags"),
    ],
)
def test_tags_that_are_read_back_are_those_from_before_with_the_changes(before, after, lost):
    assert look(Tagged(FACTS, before), head(), tagged(**after)).lost == lost
    if before is None:
        assert look(None, head(), tagged(**after)).lost == lost


def test_content_that_was_replaced_is_said():
    assert look(Tagged(FACTS, ()), head('"cd"')).sentence == REPLACED


def test_object_whose_tags_stay_shows_nothing():
    assert look(Tagged(FACTS, (("b", "2"),)), head(), tagged(b="2")).is_unsure


# --- Of a real server


def test_tags_of_a_named_version_are_merged_and_of_no_other(place):
    bucket = place.make_bucket(versioned=True)
    old, new = (
        place.client.put_object(Bucket=bucket, Key="k ü", Body=body, Tagging="a=1&t=x")["VersionId"]
        for body in (b"1", b"2")
    )
    changes = {
        "TagSet": [tag("b", "2 ü")],
        "RemoveTags": [{"Key": "t"}],
        "RenameTags": [rename("a", "z")],
    }
    for _ in range(2):
        assert place.run(NAME, changes, Target(bucket, "k ü", old)) == DONE
        assert place.tags_of(bucket, "k ü", VersionId=old) == {"z": "1", "b": "2 ü"}
    assert place.tags_of(bucket, "k ü", VersionId=new) == {"a": "1", "t": "x"}
    assert place.read(bucket, "k ü") == b"2"


def test_eleventh_tag_fails_the_task_and_all_ten_stay(place, source):
    ten = {f"k{n}": "v" for n in range(10)}
    put = "&".join(f"{key}={value}" for key, value in ten.items())
    place.client.put_object(Bucket=source, Key="ten", Body=b"x", Tagging=put)
    outcome = place.run(NAME, {"TagSet": [tag("new")]}, Target(source, "ten"))
    assert (outcome.succeeded, outcome.code) == (False, "InvalidTag")
    assert place.tags_of(source, "ten") == ten
    changed = place.run(NAME, {"TagSet": [tag("k3", "w")]}, Target(source, "ten"))
    assert changed == DONE
    assert place.tags_of(source, "ten") == ten | {"k3": "w"}
