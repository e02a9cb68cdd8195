"""Delete objects by its modes, on a storage that keeps versions."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.choices import ManifestField, Risk
from jobs.errors import ValidationFailedError
from jobs.operations.delete_object import DeleteObject
from jobs.operations.deleting.delete_object_form import BYPASS, KEEP, MODE
from jobs.spec.target import Guard, Target

NAME = "S3DeleteObject"
MARKERS, EVERY = {MODE: "DELETE_MARKERS"}, {MODE: "EVERY_VERSION"}
LISTED = {MODE: "VERSIONS"}
BUCKET, KEY, VERSION = ManifestField.BUCKET, ManifestField.KEY, ManifestField.VERSION_ID


def noncurrent(kept):
    return {MODE: "NONCURRENT_VERSIONS", KEEP: kept}


@pytest.fixture
def bucket(place):
    return place.make_bucket(versioned=True)


def write(place, bucket, key, *bodies):
    """The versions' IDs, oldest first; None stands for a delete."""
    ids = []
    for body in bodies:
        if body is None:
            place.client.delete_object(Bucket=bucket, Key=key)
            found = place.client.list_object_versions(Bucket=bucket, Prefix=key)
            (marker,) = (
                item["VersionId"]
                for item in found["DeleteMarkers"]
                if item["Key"] == key and item["IsLatest"]
            )
            ids.append(marker)
        else:
            put = place.client.put_object(Bucket=bucket, Key=key, Body=body)
            ids.append(put["VersionId"])
    return ids


def left_in(place, bucket):
    """Key and ID of every version and marker."""
    found = place.client.list_object_versions(Bucket=bucket)
    items = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    return {(item["Key"], item["VersionId"]) for item in items}


def problems(wire):
    with pytest.raises(ValidationFailedError) as caught:
        DeleteObject.parse(wire)
    return [(problem.field, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("wire", "field", "sentence"),
    [
        (
            {MODE: "ALL"},
            MODE,
            "Mode must be one of NEWEST, VERSIONS, DELETE_MARKERS, EVERY_VERSION, NONCURRENT_VERSIONS.",
        ),
        (
            {MODE: "NONCURRENT_VERSIONS"},
            KEEP,
            f"{KEEP} is missing. Enter how many noncurrent versions are kept.",
        ),
        (EVERY | {KEEP: 1}, KEEP,
         f"{KEEP} goes with the mode NONCURRENT_VERSIONS alone. Take it out."),
        (noncurrent(-1), KEEP, f"{KEEP} must be a whole number from 0 to 10,000."),
        (noncurrent(10_001), KEEP, f"{KEEP} must be a whole number from 0 to 10,000."),
        (noncurrent(True), KEEP, f"{KEEP} must be a whole number from 0 to 10,000."),
        ({BYPASS: "yes"}, BYPASS, f"{BYPASS} must be true or false."),
        ({"MFA": "1"}, "MFA", '"MFA" is not a parameter here. Take it out.'),
    ],
)  # fmt: skip
def test_wrong_parameter_gets_a_sentence_at_its_field(wire, field, sentence):
    assert problems(wire) == [(field, sentence)]


def test_newest_is_the_mode_without_a_word():
    assert DeleteObject.parse({MODE: "NEWEST"}).to_wire() == {}


def test_list_of_exact_versions_needs_them_and_one_of_keys_must_not_have_them():
    by_key, by_version = (BUCKET, KEY), (BUCKET, KEY, VERSION)
    ignored = (BUCKET, KEY, ManifestField.IGNORE)
    for wire, fits, does_not in (
        (LISTED, by_version, by_key),
        (EVERY, by_key, by_version),
        (MARKERS, ignored, by_version),
        (noncurrent(1), ignored, by_version),
    ):
        operation = DeleteObject.parse(wire)
        assert operation.unfit_columns(fits) == ""
        assert "Version ID column" in operation.unfit_columns(does_not)
    assert DeleteObject.parse({}).unfit_columns(by_key) == ""
    assert DeleteObject.parse({}).unfit_columns(by_version) == ""


def test_risk_and_words_go_with_the_mode():
    modes = [{}, LISTED, MARKERS, EVERY, noncurrent(0), noncurrent(1), noncurrent(2)]
    operations = [DeleteObject.parse(wire) for wire in modes]
    assert [operation.danger() is Risk.IRREVERSIBLE for operation in operations] == [
        operation.mode == "EVERY_VERSION" for operation in operations
    ]
    said = {operation.consequence(12, ["photos"]) for operation in operations}
    assert len(said) == len(modes)
    assert all("12 objects in photos" in sentence for sentence in said)
    assert len({operation.at_stake().loss for operation in operations}) == 5


def test_rows_without_a_version_fail_alone_where_exact_versions_are_deleted(place, bucket):
    old, new = write(place, bucket, "k", b"1", b"2")
    outcome = place.run(NAME, LISTED, Target(bucket, "k"))
    assert (outcome.succeeded, outcome.message) == (False, "Task failed due to missing VersionId")
    assert left_in(place, bucket) == {("k", old), ("k", new)}
    assert place.run(NAME, LISTED, Target(bucket, "k", old)).succeeded
    assert left_in(place, bucket) == {("k", new)}
    operation = DeleteObject.parse(LISTED)
    targets = [
        Target("b", "x", "1"),
        Target("b", "y"),
        Target("b", "z", "2"),
        Target("b", "y", "3"),
    ]
    assert operation.batches(targets) == [[0, 2, 3], [1]]


def test_delete_markers_go_and_the_object_is_back(place, bucket):
    first, _, second, _ = write(place, bucket, "k", b"1", None, b"2", None)
    others = {("k2", version) for version in write(place, bucket, "k2", b"x", None)}
    outcome = place.run(NAME, MARKERS, Target(bucket, "k"))
    assert outcome.succeeded
    assert outcome.message == "Successful. Deleted: 2 delete markers."
    assert left_in(place, bucket) == {("k", first), ("k", second)} | others
    assert place.read(bucket, "k") == b"2"
    again = place.run(NAME, MARKERS, Target(bucket, "k"))
    assert again.message == "Successful. The key has no delete marker."


@pytest.mark.parametrize("key", ["k", "sp ace+ü%41", "folder/", "a&<b>"])
def test_every_version_of_exactly_this_key_goes_and_what_is_left_is_counted(place, bucket, key):
    write(place, bucket, key, b"12", None, b"345", None)
    others = {(name, *write(place, bucket, name, b"x")) for name in (f"{key}0", f"a{key}")}
    outcome = place.run(NAME, EVERY, Target(bucket, key))
    assert outcome.succeeded
    assert outcome.message == (
        "Successful. Deleted: 2 versions and 2 delete markers (5 bytes)."
        " Counted afterwards: nothing is left."
    )
    assert left_in(place, bucket) == others
    again = place.run(NAME, EVERY, Target(bucket, key))
    assert (again.succeeded, again.message) == (
        True, "Successful. There is no version of this key.",
    )  # fmt: skip


def test_every_version_goes_where_there_are_more_than_a_page_of_them(place, bucket):
    write(place, bucket, "k", *(b"%d" % n for n in range(230)))
    (other,) = write(place, bucket, "k-other", b"x")
    outcome = place.run(NAME, EVERY, Target(bucket, "k"))
    assert outcome.succeeded
    assert "Deleted: 230 versions" in outcome.message
    assert left_in(place, bucket) == {("k-other", other)}


def test_object_of_a_bucket_that_never_kept_versions_goes_too(place):
    plain = place.make_bucket()
    place.client.put_object(Bucket=plain, Key="k", Body=b"x")
    outcome = place.run(NAME, EVERY, Target(plain, "k"))
    assert outcome.succeeded
    assert left_in(place, plain) == set()


@pytest.mark.parametrize(
    ("kept", "stay"), [(0, [5]), (1, [3, 5]), (2, [2, 3, 5]), (9, [0, 2, 3, 5])]
)
def test_newest_and_so_many_noncurrent_versions_stay(place, bucket, kept, stay):
    ids = write(place, bucket, "k", b"1", None, b"2", b"3", None, b"4")
    assert place.run(NAME, noncurrent(kept), Target(bucket, "k")).succeeded
    assert left_in(place, bucket) == {("k", ids[n]) for n in stay}
    assert place.read(bucket, "k") == b"4"
    assert place.run(NAME, noncurrent(kept), Target(bucket, "k")).succeeded
    assert left_in(place, bucket) == {("k", ids[n]) for n in stay}


def test_delete_marker_that_is_the_newest_stays_above_what_is_kept(place, bucket):
    _, second, marker = write(place, bucket, "k", b"1", b"2", None)
    assert place.run(NAME, noncurrent(1), Target(bucket, "k")).succeeded
    assert left_in(place, bucket) == {("k", second), ("k", marker)}


def test_governance_retention_stands_in_the_way_unless_it_is_bypassed(place):
    locked = place.make_bucket(locked=True)
    until = datetime.now(UTC) + timedelta(days=1)
    put = place.client.put_object(
        Bucket=locked,
        Key="k",
        Body=b"1",
        ChecksumAlgorithm="SHA256",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
    )
    (free,) = write(place, locked, "k", b"22")
    outcome = place.run(NAME, EVERY, Target(locked, "k"))
    assert not outcome.succeeded
    assert outcome.code == "AccessDenied"
    assert outcome.message.startswith(
        "Counted afterwards, 1 version (1 byte) is left. The first is"
    )
    assert left_in(place, locked) == {("k", put["VersionId"])}
    assert free not in outcome.message
    outcome = place.run(NAME, EVERY | {BYPASS: True}, Target(locked, "k"))
    assert outcome.succeeded
    assert left_in(place, locked) == set()


# --- Guarded


def guard_of(place, bucket, key):
    head = place.client.head_object(Bucket=bucket, Key=key)
    return Guard(
        head["ETag"],
        head.get("VersionId", ""),
        head["ContentLength"],
        head["LastModified"].timestamp(),
    )


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("wire", [{}, EVERY], ids=["newest", "every version"])
def test_object_that_changed_since_it_was_looked_at_is_left_and_reported(place, wire, versioned):
    bucket = place.make_bucket(versioned=versioned)
    place.client.put_object(Bucket=bucket, Key="k", Body=b"seen")
    guard = guard_of(place, bucket, "k")
    place.client.put_object(Bucket=bucket, Key="k", Body=b"written since")
    before = left_in(place, bucket)
    outcome = place.run(NAME, wire, Target(bucket, "k", guard=guard))
    assert (outcome.succeeded, outcome.code) == (False, "ObjectChanged")
    assert left_in(place, bucket) == before
    assert place.read(bucket, "k") == b"written since"
    unchanged = Target(bucket, "k", guard=guard_of(place, bucket, "k"))
    assert place.run(NAME, wire, unchanged).succeeded
    assert "Contents" not in place.client.list_objects_v2(Bucket=bucket)


def test_object_that_was_deleted_since_gets_no_second_marker(place, bucket):
    place.client.put_object(Bucket=bucket, Key="k", Body=b"seen")
    guard = guard_of(place, bucket, "k")
    write(place, bucket, "k", None)
    before = left_in(place, bucket)
    assert place.run(NAME, {}, Target(bucket, "k", guard=guard)).succeeded
    assert left_in(place, bucket) == before
    outcome = place.run(NAME, EVERY, Target(bucket, "k", guard=guard))
    assert (outcome.code, left_in(place, bucket)) == ("ObjectChanged", before)
