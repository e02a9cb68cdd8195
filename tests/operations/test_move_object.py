"""Move: a copy, a look at it, and the deletion of exactly what was copied."""

from datetime import UTC, datetime

import pytest

from jobs.choices import ManifestField
from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE
from jobs.operations.dry_run import DryRun
from jobs.operations.move_object import MoveObject
from jobs.operations.steps import Keep
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.services.call import Call
from jobs.spec.target import Guard, Target
from tests.operations.places import AWKWARD_KEYS
from tests.operations.walking import walk
from tests.sequential import context_at

NAME = "S3MoveObject"
TO_ARCHIVE = {"TargetResource": "arn:aws:s3:::archive", "TargetKeyPrefix": "old"}
DELETE = {"SourceVersion": "DELETE"}
OF_S3 = {"x-amz-request-id": "R1", "date": "Fri, 02 Jan 2026 03:04:05 GMT"}
CHANGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MD5, OTHER_MD5 = f'"{"a" * 32}"', f'"{"b" * 32}"'


def moving(**more):
    return MoveObject.parse(TO_ARCHIVE | more)


def problems(wire):
    with pytest.raises(ValidationFailedError) as caught:
        MoveObject.parse(wire)
    return [(problem.field, problem.message) for problem in caught.value.problems]


def test_wrong_parameters_are_those_of_a_copy_and_its_own():
    assert problems({}) == [("TargetResource", "Enter the destination bucket.")]
    assert problems(TO_ARCHIVE | {"StorageClass": "COLD"})[0][0] == "StorageClass"
    assert problems(TO_ARCHIVE | {"SourceVersion": "KEEP"}) == [
        ("SourceVersion", "SourceVersion must be one of MARKER, DELETE.")
    ]
    assert problems(TO_ARCHIVE | {"Sources": 1}) == [
        ("Sources", '"Sources" is not a parameter here. Take it out.')
    ]


def test_marker_is_what_comes_without_a_word():
    assert moving(SourceVersion="MARKER").to_wire() == TO_ARCHIVE
    assert moving(**DELETE).to_wire() == TO_ARCHIVE | DELETE


def test_list_with_versions_is_refused_and_one_that_ignores_them_is_not():
    by_key = (ManifestField.BUCKET, ManifestField.KEY)
    assert moving().unfit_columns((*by_key, ManifestField.IGNORE)) == ""
    assert "Version ID column" in moving().unfit_columns((*by_key, ManifestField.VERSION_ID))


@pytest.mark.parametrize(
    ("prefix", "bucket", "key", "is_unfit"),
    [
        ("old", "archive", "old/a", True),
        ("old/", "archive", "old/a/b", True),
        ("old", "archive", "older/a", False),
        ("old", "archive", "a", False),
        ("old", "photos", "old/a", False),
        ("", "archive", "a", True),
        ("", "photos", "a", False),
    ],
)
def test_key_below_the_destination_is_unfit_in_the_same_bucket_alone(prefix, bucket, key, is_unfit):
    wire = {"TargetResource": "arn:aws:s3:::archive"} | (
        {"TargetKeyPrefix": prefix} if prefix else {}
    )
    assert bool(MoveObject.parse(wire).unfit_row(bucket, key)) is is_unfit


# --- Step by step


def head(etag=MD5, size=3, changed=CHANGED, version="", **data):
    facts = {"ContentLength": size, "ETag": etag, "LastModified": changed, **data}
    if version:
        facts["VersionId"] = version
    return Answer(200, "", "", facts, headers=OF_S3)


GONE = Answer(404, "NoSuchKey", "", headers=OF_S3)
COPIED = Answer(200, "", "", {"CopyObjectResult": {"ETag": MD5}}, headers=OF_S3)
DELETED = Answer(204, "", "", headers=OF_S3)
NO_TAGS = Answer(200, "", "", {"TagSet": []}, headers=OF_S3)
LOOKED_AT = (head(), NO_TAGS, NO_TAGS)
"""What the settings of one of the first copies are looked at by."""


def context(kept=b"", *, looked_at=True):
    made = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
    made.kept = kept
    if looked_at:
        made.tally["moves that showed their settings"] = 3
    return made


def run(operation, *answers, kept=b"", guard=None, looked_at=True):
    target = Target("photos", "k", guard=guard)
    return walk(operation.run(target, context(kept, looked_at=looked_at)), *answers)


def said(steps):
    return [
        f"{step.action} {step.to.name}" if isinstance(step, Call) else type(step).__name__
        for step in steps
    ]


def kept_by(steps):
    (keep,) = [step.state for step in steps if isinstance(step, Keep) and step.state]
    return keep


def test_source_goes_last_and_that_its_copy_is_right_is_kept_before():
    steps, outcome = run(moving(), head(), COPIED, head(), None, head(), GONE, DELETED)
    assert outcome == DONE
    assert said(steps) == [
        "HeadObject photos",
        "CopyObject archive",
        "HeadObject archive",
        "Keep",
        "HeadObject photos",
        "DeleteObject photos",  # of a key that nobody has, with a condition
        "DeleteObject photos",
    ]
    assert steps[-2].params["Key"].startswith("batchconsole-probe-")
    assert steps[-1].params == {"Key": "k", "IfMatch": MD5}


def test_condition_goes_along_only_where_a_storage_refuses_one():
    steps, outcome = run(moving(), head(), COPIED, head(), None, head(), DELETED, DELETED)
    assert outcome == DONE
    assert steps[-1].params == {"Key": "k"}


@pytest.mark.parametrize(("wire", "version"), [({}, None), (DELETE, "v1")])
def test_version_that_was_copied_goes_or_stays_below_a_marker(wire, version):
    answers = [head(version="v1"), COPIED, head(), None]
    answers += [DELETED] if version else [head(version="v1"), DELETED]
    steps, outcome = run(moving(**wire), *answers)
    assert outcome == DONE
    assert steps[1].params["CopySource"]["VersionId"] == "v1"
    assert steps[-1].params.get("VersionId") == version


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (head(size=4), "it has 4 bytes, and the source has 3"),
        (head(etag=OTHER_MD5), "it has another ETag than the source"),
        (GONE, "it is not there"),
        (
            Answer(403, "AccessDenied", "", headers=OF_S3),
            "a look is answered with 403 AccessDenied",
        ),
    ],
)
def test_source_of_a_copy_that_is_not_what_it_was_stays(there, why):
    steps, outcome = run(moving(), head(), COPIED, there)
    assert (outcome.succeeded, outcome.code) == (False, "CopyNotVerified")
    assert why in outcome.message and "The source was left as it is." in outcome.message
    assert not [step for step in said(steps) if step.startswith(("Delete", "Keep"))]


@pytest.mark.parametrize(
    ("again", "ones", "is_moved"),
    [
        (head(etag='"a-2"'), ("AAAA", "AAAA"), True),
        (head(etag='"a-2"'), ("AAAA", "BBBB"), False),
        (head(etag='"a-2"'), ("", ""), True),
        (head(etag='"c-2"'), ("AAAA", "AAAA"), False),
    ],
)
def test_upload_in_parts_is_compared_by_its_checksum_and_must_not_change(again, ones, is_moved):
    sums = [head(etag='"a-2"', **({"ChecksumCRC32": one} if one else {})) for one in ones]
    # That a look is of an older object, by the storage's clock, is not to be told here.
    steps, outcome = run(
        moving(), head(etag='"a-2"'), COPIED, head(etag=MD5, changed=None), again, *sums
    )
    assert (outcome is None) is is_moved
    assert ("Keep" in said(steps)) is is_moved


def test_object_that_changes_after_its_copy_stays():
    steps, outcome = run(moving(), head(), COPIED, head(), None, head(etag=OTHER_MD5))
    assert (outcome.succeeded, outcome.code) == (False, "ObjectChanged")
    assert outcome.message.startswith("The copy was made and verified. The object changed")
    assert "DeleteObject photos" not in said(steps)


def test_deletion_that_is_refused_says_that_the_copy_is_there():
    denied = Answer(403, "AccessDenied", "Access Denied", headers=OF_S3)
    _, outcome = run(moving(**DELETE), head(version="v1"), COPIED, head(), None, denied)
    assert (outcome.succeeded, outcome.code) == (False, "AccessDenied")
    assert outcome.message == (
        "The copy was made and verified, and the source was not deleted: Access Denied"
    )


def test_object_that_changed_since_it_was_seen_is_not_even_copied():
    steps, outcome = run(moving(), head(), guard=Guard(etag=OTHER_MD5))
    assert (outcome.code, len(steps)) == ("ObjectChanged", 1)


def test_missing_source_is_a_failure_unless_its_copy_was_verified():
    assert run(moving(), GONE)[1].code == "NoSuchKey"
    steps, _ = run(moving(), head(), COPIED, head())
    assert run(moving(), GONE, kept=kept_by(steps))[1] == DONE


def test_repeat_copies_nothing_again_and_looks_at_the_copy_before_it_deletes():
    steps, _ = run(moving(), head(), COPIED, head())
    kept = kept_by(steps)
    steps, outcome = run(moving(), head(), head(), head(), DELETED, DELETED, kept=kept)
    assert outcome == DONE
    assert "CopyObject archive" not in said(steps)
    steps, outcome = run(moving(), head(), GONE, kept=kept)
    assert outcome.code == "CopyNotVerified"
    assert said(steps) == ["HeadObject photos", "HeadObject archive"]


def test_repeat_leaves_what_somebody_wrote_at_the_source_meanwhile():
    steps, _ = run(moving(), head(), COPIED, head())
    steps, outcome = run(moving(), head(etag=OTHER_MD5), kept=kept_by(steps))
    assert outcome.succeeded and "newer object" in outcome.message
    assert len(steps) == 1


def test_copy_that_loses_its_tags_gets_them_before_the_source_goes():
    tagged = Answer(200, "", "", {"TagSet": [{"Key": "a", "Value": "1"}]}, headers=OF_S3)
    steps, _ = run(
        moving(),
        *(head(), COPIED, head()),
        *(head(), tagged, NO_TAGS),
        looked_at=False,
    )
    assert said(steps)[-1] == "Later"
    assert not [step for step in said(steps) if step.startswith(("Delete", "Keep"))]
    steps, _ = run(moving(), head(), COPIED, head(), *LOOKED_AT, looked_at=False)
    assert said(steps)[-1] == "Keep"


def test_dry_run_says_what_becomes_of_the_source():
    def foreseen(operation, *answers):
        return walk(DryRun(operation).run(Target("photos", "k"), context()), *answers)[1]

    bytes_ = "3 bytes, last changed 2026-01-02 03:04:05 UTC"
    made = f"s3://archive/old/k would be made: {bytes_}. "
    for operation, version, then in (
        (moving(), "", "The source would be deleted."),
        (moving(), "v1", "The source would get a delete marker."),
        (moving(**DELETE), "v1", "Version v1 of the source would be deleted for good."),
    ):
        outcome = foreseen(operation, head(), GONE, head(version=version))
        assert (outcome.code, outcome.message) == ("WouldChange", made + then)
    outcome = foreseen(moving(), head(), head(), head())
    assert outcome.code == "WouldChange"
    assert foreseen(moving(), GONE).code == "NoSuchKey"


# --- Of a real server


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_object_with_an_awkward_key_is_moved_as_itself(place, key):
    source, there = place.make_bucket(), place.make_bucket()
    body = f"content of {key}".encode()
    place.client.put_object(Bucket=source, Key=key, Body=body, Tagging="a=1", Metadata={"m": "2"})
    wire = {"TargetResource": f"arn:aws:s3:::{there}", "TargetKeyPrefix": "in here"}
    assert place.run(NAME, wire, Target(source, key)) == DONE
    assert "Contents" not in place.client.list_objects_v2(Bucket=source)
    assert place.read(there, f"in here/{key}") == body
    assert place.tags_of(there, f"in here/{key}") == {"a": "1"}
    head = place.client.head_object(Bucket=there, Key=f"in here/{key}")
    assert head["Metadata"] == {"m": "2"}


@pytest.mark.parametrize("wire", [{}, DELETE])
def test_source_in_a_bucket_with_versions_is_moved_and_older_ones_stay(place, wire):
    source, there = place.make_bucket(versioned=True), place.make_bucket()
    old, new = (
        place.client.put_object(Bucket=source, Key="k", Body=body)["VersionId"]
        for body in (b"old", b"new")
    )
    wire = {"TargetResource": f"arn:aws:s3:::{there}", **wire}
    assert place.run(NAME, wire, Target(source, "k")) == DONE
    assert place.read(there, "k") == b"new"
    found = place.client.list_object_versions(Bucket=source)
    versions = {item["VersionId"] for item in found["Versions"]}
    if "SourceVersion" in wire:
        assert versions == {old}
        assert "DeleteMarkers" not in found
    else:
        assert versions == {old, new}
        assert len(found["DeleteMarkers"]) == 1


def test_object_of_parts_is_moved(place):
    source, there = place.make_bucket(), place.make_bucket()
    upload = place.client.create_multipart_upload(Bucket=source, Key="k")
    named = {"Bucket": source, "Key": "k", "UploadId": upload["UploadId"]}
    bodies = [b"x" * 5 * 1024 * 1024, b"end"]
    parts = [
        {"PartNumber": n, "ETag": place.client.upload_part(**named, PartNumber=n, Body=b)["ETag"]}
        for n, b in enumerate(bodies, 1)
    ]
    place.client.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    wire = {"TargetResource": f"arn:aws:s3:::{there}"}
    assert place.run(NAME, wire, Target(source, "k")) == DONE
    assert place.read(there, "k") == b"".join(bodies)
    assert "Contents" not in place.client.list_objects_v2(Bucket=source)
