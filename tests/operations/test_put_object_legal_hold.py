import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, Finding
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.operations.put_object_legal_hold import STATUSES, PutObjectLegalHold
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.spec.target import Target
from tests.operations.test_wire_model import S3, enum
from tests.operations.walking import walk
from tests.sequential import context_at

CONTEXT = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
ON = {"LegalHold": {"Status": "ON"}}
OFF = {"LegalHold": {"Status": "OFF"}}
HEAD = Answer(200, "", "", {"ContentLength": 1, "ETag": '"a"'})


def problems(parameters):
    with pytest.raises(ValidationFailedError) as caught:
        PutObjectLegalHold.parse(parameters)
    return [(problem.field, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("parameters", "field", "message"),
    [
        ({}, "LegalHold.Status", "LegalHold.Status is missing. Choose ON or OFF."),
        ({"LegalHold": {}}, "LegalHold.Status", "LegalHold.Status is missing. Choose ON or OFF."),
        ({"LegalHold": "ON"}, "LegalHold", "LegalHold must be a structure."),
        (
            {"LegalHold": {"Status": "on"}},
            "LegalHold.Status",
            "LegalHold.Status must be one of ON, OFF.",
        ),
        (
            {"LegalHold": {"Status": ["ON"]}},
            "LegalHold.Status",
            "LegalHold.Status must be one of ON, OFF.",
        ),
        (
            {"LegalHold": {"Status": "ON", "Until": "2030"}},
            "LegalHold.Until",
            '"Until" is not a parameter here. Take it out.',
        ),
        ({**ON, "Status": "ON"}, "Status", '"Status" is not a parameter here. Take it out.'),
    ],
)
def test_wrong_hold_gets_a_sentence_at_its_place(parameters, field, message):
    assert problems(parameters) == [(field, message)]


def test_statuses_are_those_of_both_models():
    assert set(STATUSES) == enum("S3ObjectLockLegalHoldStatus")
    assert set(STATUSES) == set(S3.shape_for("ObjectLockLegalHoldStatus").enum)


def test_person_reads_what_a_hold_does_and_what_lifting_it_does():
    on, off = PutObjectLegalHold.parse(ON), PutObjectLegalHold.parse(OFF)
    assert on.consequence(2, ["photos"]) == (
        "Sets a legal hold on 2 objects in photos."
        " Nobody can delete these versions until it is lifted."
    )
    assert off.consequence(2, ["photos"]).startswith("Lifts the legal hold of 2 objects in photos.")
    assert (on.summary(), off.summary()) == ([("Legal hold", "On")], [("Legal hold", "Off")])
    assert on.danger() is off.danger() is Risk.CAUTION
    assert on.preconditions == (OBJECT_LOCK,)


@pytest.mark.parametrize(("version", "named"), [(None, {}), ("v1", {"VersionId": "v1"})])
def test_task_is_one_call_about_the_version_that_the_list_names(version, named):
    operation = PutObjectLegalHold.parse(ON)
    (call,), outcome = walk(operation.run(Target("photos", "k", version), CONTEXT), HEAD)
    assert (call.action, call.to.name) == ("PutObjectLegalHold", "photos")
    assert call.params == {"Key": "k", **named, "LegalHold": {"Status": "ON"}}
    assert outcome == DONE


def hold(status):
    return Answer(200, "", "", {"LegalHold": {"Status": status}})


def found(parameters, answer, head=HEAD, before=HEAD):
    operation, target = PutObjectLegalHold.parse(parameters), Target("photos", "k")
    _, facts = walk(operation.survey(target, CONTEXT), before)
    _, finding = walk(operation.check(target, CONTEXT, facts), head, answer)
    return finding


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        (ON, hold("ON")),
        (OFF, hold("OFF")),
        (OFF, Answer(404, "NoSuchObjectLockConfiguration", "")),
        (OFF, Answer(404, "ObjectLockConfigurationNotFoundError", "")),
    ],
)
def test_hold_that_is_as_asked_is_seen(parameters, answer):
    assert found(parameters, answer) == Finding()


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        (ON, hold("OFF")),
        (OFF, hold("ON")),
        (ON, Answer(404, "NoSuchObjectLockConfiguration", "")),
        (ON, Answer(501, "NotImplemented", "")),
        (ON, Answer(405, "MethodNotAllowed", "")),
    ],
)
def test_hold_that_was_accepted_and_not_set_is_said(parameters, answer):
    finding = found(parameters, answer)
    assert finding.sentence == "The storage accepted the legal hold and did not keep it."


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, "AccessDenied", ""),
        Answer(404, "NoSuchKey", ""),
        Answer(501, "501", "", proof=Proof.FOREIGN),
    ],
)
def test_look_that_is_refused_proves_nothing(answer):
    finding = found(ON, answer)
    assert not finding.lost
    assert finding.unseen.startswith("GetObjectLegalHold was answered with")


def test_storage_that_takes_the_hold_for_new_content_is_found_out():
    other = Answer(200, "", "", {"ContentLength": 90, "ETag": '"b"'})
    finding = found(ON, hold("ON"), head=other)
    assert finding.sentence == (
        "The storage took the legal hold for the object's new content: it does not know Object Lock."
    )


@pytest.fixture(scope="module")
def locked(place):
    return place.make_bucket(locked=True)


def status_of(place, bucket, version):
    answer = place.client.get_object_legal_hold(Bucket=bucket, Key="k", VersionId=version)
    return answer["LegalHold"]["Status"]


def test_named_version_is_held_and_no_other_until_it_is_lifted(place, locked):
    first, second = (
        place.client.put_object(Bucket=locked, Key="k", Body=body)["VersionId"]
        for body in (b"first", b"second")
    )
    place.run("S3PutObjectLegalHold", OFF, Target(locked, "k", second))
    assert place.run("S3PutObjectLegalHold", ON, Target(locked, "k", first)) == DONE
    assert (status_of(place, locked, first), status_of(place, locked, second)) == ("ON", "OFF")
    with pytest.raises(place.client.exceptions.ClientError, match="AccessDenied"):
        place.client.delete_object(Bucket=locked, Key="k", VersionId=first)
    assert place.run("S3PutObjectLegalHold", OFF, Target(locked, "k", first)) == DONE
    assert status_of(place, locked, first) == "OFF"
    assert place.run("S3PutObjectLegalHold", ON, Target(locked, "k")) == DONE
    assert (status_of(place, locked, first), status_of(place, locked, second)) == ("OFF", "ON")


def test_bucket_without_object_lock_is_the_storages_refusal(place, source):
    place.client.put_object(Bucket=source, Key="k", Body=b"x")
    outcome = place.run("S3PutObjectLegalHold", ON, Target(source, "k"))
    assert (outcome.succeeded, outcome.http_status) == (False, 400)
    assert outcome.code == "InvalidRequest"
