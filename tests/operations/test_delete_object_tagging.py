import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, NoSuchCall, Outcome
from jobs.operations.checked import Checked, checked
from jobs.operations.delete_object_tagging import (
    DELETED,
    STILL_THERE,
    DeleteObjectTagging,
)
from jobs.operations.looks import Facts, Tagged
from jobs.s3.answers import UNCLEAR, Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.faults import Verdict
from jobs.s3.proof import Proof
from jobs.spec.target import Target
from tests.operations.walking import walk
from tests.sequential import context_at

OPERATION = DeleteObjectTagging.parse({})
ENDPOINT = Endpoint("http://127.0.0.1:1", "us-east-1", "path")
TARGET = Target("photos", "a b.jpg")
OF_S3 = {"x-amz-request-id": "R1"}
TAGGED = Answer(200, "", "", {"TagSet": [{"Key": "a", "Value": "b"}]}, headers=OF_S3)
UNTAGGED = Answer(200, "", "", {"TagSet": []}, headers=OF_S3)
SET = Answer(200, "", "", headers=OF_S3)
GONE = Answer(204, "", "", headers=OF_S3)
MISSING = Answer(404, "NoSuchKey", "The specified key does not exist.", headers=OF_S3)
FORBIDDEN = Answer(403, "AccessDenied", "Access Denied", headers=OF_S3)
OBJECT = {**OF_S3, "etag": '"ab"'}
HEAD = {"ContentLength": 2, "ETag": '"ab"'}


@pytest.fixture
def context():
    return context_at(ENDPOINT, None)


def actions(steps):
    return [step.action for step in steps]


def test_parameters_are_none_and_anything_else_is_refused_by_name():
    assert OPERATION.to_wire() == {}
    with pytest.raises(ValidationFailedError) as caught:
        DeleteObjectTagging.parse({"TagSet": []})
    assert [(p.field, p.message) for p in caught.value.problems] == [
        ("TagSet", '"TagSet" is not a parameter here. Take it out.')
    ]


def test_person_reads_what_will_happen_with_numbers_and_names():
    assert OPERATION.consequence(12_000, ["photos"]) == (
        "Removes every tag from 12,000 objects in photos."
    )
    assert OPERATION.effect_on("a.jpg") == "a.jpg has no tags afterwards."
    assert OPERATION.danger() is Risk.DESTRUCTIVE


def test_first_task_asks_for_tags_and_the_next_is_one_call_with_its_version(context):
    steps, outcome = walk(OPERATION.run(TARGET, context), TAGGED, GONE)
    assert outcome == DONE
    assert actions(steps) == ["GetObjectTagging", "DeleteObjectTagging"]
    old = Target("photos", "k", "v1")
    call = OPERATION.only_call(old, context)
    assert (call.action, call.params) == ("DeleteObjectTagging", {"Key": "k", "VersionId": "v1"})
    assert actions(walk(OPERATION.run(old, context), GONE)[0]) == ["DeleteObjectTagging"]


def test_task_is_no_single_call_before_the_storage_was_seen_to_know_tags(context):
    assert OPERATION.only_call(TARGET, context) is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, UNCLEAR, "", proof=Proof.ODD, headers=OBJECT),
        Answer(200, "AnswerTooLarge", "", proof=Proof.ODD, headers=OBJECT),
        Answer(502, "InvalidResponse", "", proof=Proof.FOREIGN, headers=OBJECT),
        Answer(200, "", "", {"ResponseMetadata": {}}, headers=OBJECT),
    ],
)
def test_storage_that_answers_with_the_object_is_asked_to_delete_nothing(context, answer):
    steps, outcome = walk(OPERATION.run(TARGET, context), answer)
    assert actions(steps) == ["GetObjectTagging"]
    assert outcome == NoSuchCall(
        False,
        501,
        "NotImplemented",
        "This storage has no object tags: asked for them, it answers with the object.",
    )
    if answer.code:
        assert OPERATION.judge(steps[0], answer) is Verdict.FINAL
    assert OPERATION.only_call(TARGET, context) is None


def test_page_of_a_proxy_is_not_taken_for_the_object():
    call = walk(OPERATION.run(TARGET, context_at(ENDPOINT, None)))[0][0]
    page = Answer(502, "InvalidResponse", "", proof=Proof.FOREIGN, headers={"etag": '"ab"'})
    assert OPERATION.judge(call, page) is None


@pytest.mark.parametrize(
    "answer", [FORBIDDEN, Answer(403, "403", "Forbidden"), Answer(404, "NoSuchTagSet", "")]
)
def test_role_that_may_not_read_tags_may_delete_them_all_the_same(context, answer):
    steps, outcome = walk(OPERATION.run(TARGET, context), answer, GONE)
    assert outcome == DONE
    assert actions(steps) == ["GetObjectTagging", "DeleteObjectTagging"]


@pytest.mark.parametrize("answer", [MISSING, Answer(500, "InternalError", "Try again.")])
def test_object_that_cannot_be_asked_about_fails_with_the_storages_own_answer(context, answer):
    _, outcome = walk(OPERATION.run(TARGET, context), answer)
    assert outcome == Outcome(False, answer.http_status, answer.code, answer.message)
    assert OPERATION.only_call(TARGET, context) is None, "the next task asks again"


def test_refused_deletion_fails_with_the_storages_own_answer(context):
    _, outcome = walk(OPERATION.run(TARGET, context), UNTAGGED, FORBIDDEN)
    assert outcome == Outcome(False, 403, "AccessDenied", "Access Denied")


def look(before, *answers):
    return walk(OPERATION.check(TARGET, context_at(ENDPOINT, None), before), *answers)[1]


FACTS = Facts(2, '"ab"', None, {})
FOUND = Answer(200, "", "", HEAD, headers=OBJECT)
HEAD_GONE = Answer(404, "404", "Not Found", headers=OF_S3)


def test_object_that_went_with_its_tags_is_seen():
    assert look(Tagged(FACTS, ()), HEAD_GONE).sentence == DELETED


def test_tags_that_stayed_are_seen():
    assert look(Tagged(FACTS, (("a", "b"),)), FOUND, TAGGED).sentence == STILL_THERE


def test_object_without_tags_does_not_show_whether_they_are_deleted():
    assert look(Tagged(FACTS, ()), FOUND, UNTAGGED).is_unsure
    assert not look(Tagged(FACTS, (("a", "b"),)), FOUND, UNTAGGED).is_unsure


def test_look_that_is_refused_proves_nothing():
    finding = look(Tagged(None, None), FORBIDDEN, FORBIDDEN)
    assert (finding.lost, finding.is_unsure) == ("", False)
    assert "GetObjectTagging was answered with 403 AccessDenied" in finding.unseen


def test_tags_that_stay_fail_the_task_that_is_looked_at(context):
    notes = []
    context.now_s = iter(range(0, 100, 10)).__next__
    answers = (FOUND, TAGGED, TAGGED, GONE, FOUND, TAGGED, FORBIDDEN)
    _, outcome = walk(checked(OPERATION, TARGET, context, notes.append), *answers)
    assert (outcome.code, outcome.message) == ("NotKept", STILL_THERE)
    assert [type(note) for note in notes] == [Checked]


def test_storage_that_keeps_what_is_deleted_is_given_an_empty_set_from_then_on(context):
    notes = []
    context.now_s = iter(range(0, 100, 10)).__next__
    answers = (FOUND, TAGGED, TAGGED, GONE, FOUND, TAGGED, SET, FOUND, UNTAGGED)
    steps, outcome = walk(checked(OPERATION, TARGET, context, notes.append), *answers)
    assert outcome == DONE
    assert actions(steps)[-3:] == ["PutObjectTagging", "HeadObject", "GetObjectTagging"]
    call = OPERATION.only_call(Target("photos", "k", "v1"), context)
    assert (call.action, call.params) == (
        "PutObjectTagging",
        {"Key": "k", "VersionId": "v1", "Tagging": {"TagSet": []}},
    )
    assert OPERATION.only_call(TARGET, context).action == "PutObjectTagging"


def test_object_that_is_gone_is_mended_by_nobody(context):
    finding = look(Tagged(FACTS, ()), HEAD_GONE)
    assert walk(OPERATION.mend(TARGET, context, finding)) == ([], False)


# --- Of a real server


def test_tags_of_a_named_version_are_deleted_and_of_no_other(place):
    bucket = place.make_bucket(versioned=True)
    old, new = (
        place.client.put_object(Bucket=bucket, Key="k", Body=body, Tagging="a=1")["VersionId"]
        for body in (b"1", b"2")
    )
    assert place.run("S3DeleteObjectTagging", {}, Target(bucket, "k", old)) == DONE
    assert place.tags_of(bucket, "k", VersionId=old) == {}
    assert place.tags_of(bucket, "k", VersionId=new) == {"a": "1"}
    assert place.read(bucket, "k") == b"2"


def test_tags_of_an_object_are_deleted_and_its_content_stays(place, source):
    place.client.put_object(Bucket=source, Key="a b", Body=b"content", Tagging="a=1")
    assert place.run("S3DeleteObjectTagging", {}, Target(source, "a b")) == DONE
    assert place.tags_of(source, "a b") == {}
    assert place.read(source, "a b") == b"content"


def test_missing_object_fails_alone_with_the_storages_answer(place, source):
    missing = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
    assert place.run("S3DeleteObjectTagging", {}, Target(source, "missing")) == missing
