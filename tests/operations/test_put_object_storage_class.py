import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE
from jobs.operations.put_object_storage_class import PutObjectStorageClass
from jobs.s3.answers import Answer
from jobs.spec.target import Target
from tests.operations.test_merge_object_metadata import put, shown
from tests.operations.test_onto_itself import USUAL, context, head
from tests.operations.walking import walk

NAME = "S3PutObjectStorageClass"
TARGET = Target("photos", "k")


@pytest.mark.parametrize(
    ("parameters", "field", "sentence"),
    [
        ({}, "StorageClass", "Choose one of STANDARD, STANDARD_IA"),
        ({"StorageClass": "COLD"}, "StorageClass", "StorageClass must be one of STANDARD,"),
        ({"StorageClass": "GLACIER", "Tier": 1}, "Tier", '"Tier" is not a parameter here.'),
    ],
)
def test_wrong_class_gets_a_sentence_at_its_place(parameters, field, sentence):
    with pytest.raises(ValidationFailedError) as caught:
        PutObjectStorageClass.parse(parameters)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.message.startswith(sentence)


def to(storage_class):
    return PutObjectStorageClass.parse({"StorageClass": storage_class})


def test_what_archives_is_confirmed_and_says_that_nobody_reads_it():
    assert (to("STANDARD_IA").danger(), to("DEEP_ARCHIVE").danger()) == (Risk.COST, Risk.CAUTION)
    assert "until they are restored" in to("GLACIER").consequence(2, ["photos"])
    assert "until they are restored" not in to("GLACIER_IR").consequence(2, ["photos"])


@pytest.mark.parametrize(
    ("wanted", "facts"), [("STANDARD", {}), ("GLACIER", {"StorageClass": "GLACIER"})]
)
def test_object_that_has_the_class_is_done_without_a_write(wanted, facts):
    steps, outcome = walk(to(wanted).run(TARGET, context()), head(**facts))
    assert outcome == DONE
    assert [step.action for step in steps] == ["HeadObject"]


def test_archived_object_fails_with_the_storages_own_code():
    message = "The operation is not valid for the object's storage class"
    refused = Answer(403, "InvalidObjectState", message, headers={"x-amz-request-id": "R1"})
    archived = head(StorageClass="DEEP_ARCHIVE")
    outcome = walk(to("STANDARD").run(TARGET, context()), archived, USUAL, refused)[1]
    assert (outcome.http_status, outcome.code, outcome.message) == (
        403,
        "InvalidObjectState",
        message,
    )


@pytest.mark.parametrize(
    ("facts", "succeeds", "code", "message"),
    [
        ({}, True, "WouldChange", "The storage class would change from STANDARD to GLACIER_IR."),
        ({"StorageClass": "GLACIER_IR"}, True, "AlreadySo", "Its storage class is GLACIER_IR already."),
        (
            {"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'},
            False,
            "InvalidObjectState",
            "Would fail: The object is archived and not restored, so nothing can be copied of it.",
        ),
        (
            {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"},
            False,
            "InvalidObjectState",
            "Would fail: The object is archived and not restored, so nothing can be copied of it.",
        ),
        (
            {"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="x"'},
            True,
            "WouldChange",
            "The storage class would change from GLACIER to GLACIER_IR.",
        ),
    ],
)  # fmt: skip
def test_dry_run_says_the_class_before_and_after(facts, succeeds, code, message):
    outcome = walk(to("GLACIER_IR").foresee(TARGET, context()), head(**facts), USUAL)[1]
    assert (outcome.succeeded, outcome.code, outcome.message) == (succeeds, code, message)


# --- Of a real server


@pytest.fixture
def on_server(place):
    if place.endpoint.tags_after_copy:
        pytest.skip("This gateway has one storage class.")
    return place


@pytest.mark.parametrize("versioned", [False, True])
def test_class_changes_and_all_else_of_the_object_stays(on_server, versioned):
    place = on_server
    bucket = place.make_bucket(versioned=versioned)
    put(place, bucket, "k", WebsiteRedirectLocation="/x", ServerSideEncryption="AES256")
    before = shown(place, bucket, "k")
    for _ in range(2):
        assert place.run(NAME, {"StorageClass": "STANDARD_IA"}, Target(bucket, "k")) == DONE
        found = place.client.head_object(Bucket=bucket, Key="k")
        assert (found["StorageClass"], found["ServerSideEncryption"]) == ("STANDARD_IA", "AES256")
        assert found["WebsiteRedirectLocation"] == "/x"
        assert shown(place, bucket, "k") == before
        assert place.tags_of(bucket, "k") == {"t": "1"}
    if versioned:
        assert len(place.client.list_object_versions(Bucket=bucket)["Versions"]) == 2


def test_archived_object_is_left_by_the_server(on_server, source):
    on_server.client.put_object(Bucket=source, Key="old", Body=b"x", StorageClass="GLACIER")
    outcome = on_server.run(NAME, {"StorageClass": "STANDARD"}, Target(source, "old"))
    assert (outcome.http_status, outcome.code) == (403, "InvalidObjectState")
    archived = on_server.run(NAME, {"StorageClass": "GLACIER"}, Target(source, "old"))
    assert archived == DONE
