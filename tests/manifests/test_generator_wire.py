"""A generator in its wire form, against the vendor's own model of it."""

import copy

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ValidationFailedError
from jobs.manifests.generated.patterns import problems_of
from jobs.spec import encryption_filter, manifest_output, names, object_filter
from jobs.spec.generator import GeneratorSpec
from jobs.spec.object_list import list_from_wire

CONTROL = boto3.client(
    "s3control", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
).meta.service_model
GENERATOR = CONTROL.shape_for("S3JobManifestGenerator")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1a2b"
PLAIN = {"SourceBucket": "arn:aws:s3:::photos", "EnableManifestOutput": False}
WIRE_NAMES = {"SSES3": "SSE-S3", "SSEKMS": "SSE-KMS", "DSSEKMS": "DSSE-KMS", "SSEC": "SSE-C"}
WIRE_NAMES["NOTSSE"] = "NOT-SSE"


def wire_of(inner, more=None):
    wire = {"ManifestGenerator": {"S3JobManifestGenerator": inner}}
    return wire | ({"BatchConsole": more} if more else {})


def problems(inner, more=None):
    with pytest.raises(ValidationFailedError) as refused:
        GeneratorSpec.from_wire(wire_of(inner, more))
    return {problem.field: problem.message for problem in refused.value.problems}


def example(shape, path=()):
    """A value for a member of the model, with every member of its own; of a union the first."""
    if shape.type_name == "structure":
        members = dict(shape.members)
        if shape.metadata.get("union"):
            members = dict(list(members.items())[:1])
        return {
            WIRE_NAMES.get(name, name): example(member, (*path, name))
            for name, member in members.items()
            if not (name == "SSES3" and "SSEKMS" in members)
        }
    if shape.type_name == "list":
        return [example(shape.member, path)]
    return {
        "boolean": True,
        "timestamp": "2026-01-02T03:04:05Z",
        "long": {"ObjectSizeGreaterThanBytes": 1, "ObjectSizeLessThanBytes": 9}.get(path[-1], 1),
        "string": TEXTS.get(shape.name) or (getattr(shape, "enum", None) or ["text"])[0],
    }[shape.type_name]


TEXTS = {
    "AccountId": "123456789012",
    "S3BucketArnString": "arn:aws:s3:::photos",
    "NonEmptyKmsKeyArnString": KEY,
}


def test_every_member_of_the_model_is_taken_and_given_back():
    wire = wire_of(example(GENERATOR))
    assert GeneratorSpec.from_wire(wire).to_wire() == wire


def paths(shape, above=()):
    for name, member in getattr(shape, "members", {}).items():
        yield (*above, name)
        yield from paths(getattr(member, "member", member), (*above, name))


def test_model_has_no_member_that_is_not_known_here():
    known = {path[-1] for path in paths(GENERATOR)}
    ours = {
        *("ExpectedBucketOwner", "SourceBucket", "ManifestOutputLocation", "Filter"),
        *("EnableManifestOutput", *object_filter._MEMBERS, *object_filter._CONSTRAINTS),
        *(*manifest_output._MEMBERS, "KeyId", *WIRE_NAMES, "KmsKeyArn", "BucketKeyEnabled"),
    }
    assert known == ours


@pytest.mark.parametrize(
    ("shape", "ours"),
    [
        ("ReplicationStatus", object_filter.REPLICATION_STATUSES),
        ("S3StorageClass", object_filter.STORAGE_CLASSES),
        ("GeneratedManifestFormat", [manifest_output.SAVED_FORMAT]),
    ],
)
def test_choices_are_those_of_the_model(shape, ours):
    assert set(CONTROL.shape_for(shape).enum) == set(ours)


def test_limits_are_those_of_the_model():
    def of(shape):
        metadata = CONTROL.shape_for(shape).metadata
        return metadata["min"], metadata["max"]

    assert of("S3BucketArnString") == (1, names.MOST_ARN)
    assert of("ManifestPrefixString") == (1, manifest_output.MOST_PREFIX)
    assert of("KmsKeyArnString") == (1, manifest_output.MOST_KEY_ID)
    assert of("NonEmptyMaxLength1024String") == (1, object_filter.MOST_TEXT)
    assert of("NonEmptyKmsKeyArnString") == encryption_filter.KEY_LENGTHS
    assert of("ObjectEncryptionFilterList") == (1, 1)
    key = CONTROL.shape_for("NonEmptyKmsKeyArnString").metadata["pattern"]
    assert key == encryption_filter.KEY_PATTERN


def test_alternatives_of_encryption_are_those_of_the_model():
    shape = CONTROL.shape_for("ObjectEncryptionFilter")
    ours = {WIRE_NAMES[name]: tuple(member.members) for name, member in shape.members.items()}
    assert ours == encryption_filter.MEMBERS
    wire = {member.serialization["name"] for member in shape.members.values()}
    assert wire == set(encryption_filter.MEMBERS)


@pytest.mark.parametrize("kind", encryption_filter.MEMBERS)
def test_every_kind_of_encryption_comes_back_as_it_went(kind):
    inner = {"KmsKeyArn": KEY, "BucketKeyEnabled": False}
    wanted = {name: inner[name] for name in encryption_filter.MEMBERS[kind]}
    wire = wire_of(PLAIN | {"Filter": {"MatchAnyObjectEncryption": [{kind: wanted}]}})
    assert list_from_wire(wire).to_wire() == wire


OURS = {
    "Sources": [
        {"Bucket": "arn:aws:s3:::photos", "Prefixes": ["a/", "b/"]},
        {"Bucket": "arn:aws:s3:::other"},
    ],
    "KeyNameConstraint": {"MatchAnyPrefix": ["a", "b"], "MatchAnySubstring": ["x", "y"]},
    "Globs": ["*.log"],
    "RegularExpression": "^a",
    "Tags": [{"Key": "team", "Value": "blue"}, {"Key": "any"}],
    "Metadata": [{"Key": "kind", "Glob": "a*"}],
    "Versions": "All",
}


def test_members_of_ours_stand_beside_and_come_back_as_they_went():
    wire = wire_of(PLAIN, OURS)
    spec = GeneratorSpec.from_wire(wire)
    assert spec.to_wire() == wire
    assert [field.value for field in spec.fields] == ["Bucket", "Key", "VersionId"]


@pytest.mark.parametrize(
    ("inner", "more", "field"),
    [
        ({}, None, "SourceBucket"),
        ({"SourceBucket": "photos"}, None, "SourceBucket"),
        ({"SourceBucket": "arn:aws:s3:::" + "a" * 130}, None, "SourceBucket"),
        ({"SourceBucket": "arn:aws:s3:::a/b"}, None, "SourceBucket"),
        (PLAIN | {"EnableManifestOutput": None}, None, "EnableManifestOutput"),
        (PLAIN | {"EnableManifestOutput": "yes"}, None, "EnableManifestOutput"),
        (PLAIN | {"EnableManifestOutput": True}, None, "ManifestOutputLocation"),
        (PLAIN | {"ExpectedBucketOwner": "12"}, None, "ExpectedBucketOwner"),
        (PLAIN | {"More": 1}, None, "More"),
        (PLAIN | {"Filter": []}, None, "Filter"),
        (PLAIN | {"Filter": {"More": 1}}, None, "Filter.More"),
        (PLAIN | {"Filter": {"CreatedAfter": "yesterday"}}, None, "Filter.CreatedAfter"),
        (PLAIN | {"Filter": {"CreatedAfter": "2026-01-01"}}, None, "Filter.CreatedAfter"),
        (
            PLAIN | {"Filter": {"KeyNameConstraint": {"MatchAnyPrefix": ["a", "b"]}}},
            None,
            "Filter.KeyNameConstraint.MatchAnyPrefix",
        ),
        (
            PLAIN | {"Filter": {"KeyNameConstraint": {"MatchAnySuffix": ["x" * 1025]}}},
            None,
            "Filter.KeyNameConstraint.MatchAnySuffix[0]",
        ),
        (PLAIN | {"Filter": {"MatchAnyStorageClass": []}}, None, "Filter.MatchAnyStorageClass"),
        (
            PLAIN | {"Filter": {"ObjectReplicationStatuses": ["PENDING"]}},
            None,
            "Filter.ObjectReplicationStatuses[0]",
        ),
        (
            PLAIN | {"Filter": {"ObjectSizeLessThanBytes": 2**63}},
            None,
            "Filter.ObjectSizeLessThanBytes",
        ),
        (
            PLAIN | {"Filter": {"ObjectSizeLessThanBytes": 5, "ObjectSizeGreaterThanBytes": 4}},
            None,
            "Filter.ObjectSizeLessThanBytes",
        ),
        (
            PLAIN | {"Filter": {"MatchAnyObjectEncryption": [{"SSE-S3": {}}, {"SSE-C": {}}]}},
            None,
            "Filter.MatchAnyObjectEncryption",
        ),
        (
            PLAIN | {"Filter": {"MatchAnyObjectEncryption": [{"SSE-S3": {}, "SSE-C": {}}]}},
            None,
            "Filter.MatchAnyObjectEncryption[0]",
        ),
        (
            PLAIN
            | {"Filter": {"MatchAnyObjectEncryption": [{"SSE-KMS": {"KmsKeyArn": KEY + "/"}}]}},
            None,
            "Filter.MatchAnyObjectEncryption[0].SSE-KMS.KmsKeyArn",
        ),
        (PLAIN, {"More": 1}, "BatchConsole.More"),
        (PLAIN, {"Versions": "Some"}, "BatchConsole.Versions"),
        (PLAIN, {"Globs": []}, "BatchConsole.Globs"),
        (PLAIN, {"Tags": [{"Value": "a"}]}, "BatchConsole.Tags[0].Key"),
        (PLAIN, {"Tags": [{"Key": "a", "Value": "a", "Glob": "a"}]}, "BatchConsole.Tags[0].Glob"),
        (
            PLAIN,
            {"Sources": [{"Bucket": "arn:aws:s3:::other"}]},
            "BatchConsole.Sources[0].Bucket",
        ),
        (
            PLAIN,
            {"Sources": [OURS["Sources"][0], OURS["Sources"][0]]},
            "BatchConsole.Sources[1].Bucket",
        ),
    ],
)
def test_bad_member_is_refused_with_its_field_and_a_sentence(inner, more, field):
    found = problems(inner, more)
    assert field in found
    assert found[field].endswith((".", "false.", "bytes."))


@pytest.mark.parametrize("wire", [{}, {"ManifestGenerator": 1}, {"ManifestGenerator": {"a": {}}}])
def test_what_is_no_generator_is_refused_with_sentences(wire):
    with pytest.raises(ValidationFailedError):
        GeneratorSpec.from_wire(wire)


@pytest.mark.parametrize(
    ("own", "asked", "listed"),
    [
        ([], [], ()),
        (["a/"], [], ("a/",)),
        ([], ["a/"], ("a/",)),
        (["a/", "a/b", "a/"], [], ("a/",)),
        (["a/"], ["a/b"], ("a/b",)),
        (["a/b", "c"], ["a/"], ("a/b",)),
        (["b", "ab", "a"], [], ("a", "b")),
        (["z", "é", "a"], [], ("a", "z", "é")),
    ],
)
def test_prefixes_that_are_listed_are_those_that_all_agree_on_and_none_lies_in_another(
    own, asked, listed
):
    source = {"Bucket": "arn:aws:s3:::photos"} | ({"Prefixes": own} if own else {})
    more = {"Sources": [source]}
    if asked:
        more["KeyNameConstraint"] = {"MatchAnyPrefix": asked}
    (found,) = GeneratorSpec.from_wire(wire_of(PLAIN, more)).sources
    assert found.prefixes == listed


def test_source_whose_prefixes_no_key_can_have_is_not_listed():
    more = {
        "Sources": [{"Bucket": "arn:aws:s3:::photos", "Prefixes": ["a"]}],
        "KeyNameConstraint": {"MatchAnyPrefix": ["b"]},
    }
    assert GeneratorSpec.from_wire(wire_of(PLAIN, more)).sources == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def places_in(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for name, inner in items:
        yield from places_in(inner, (*path, name))


def replaced(value, path, by):
    if not path:
        return by
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], by)
    return changed


WHOLE = wire_of(example(GENERATOR), OURS)


@given(st.sampled_from(list(places_in(WHOLE))), JSON)
def test_whatever_stands_at_a_place_is_taken_or_refused_with_sentences(path, value):
    try:
        spec = GeneratorSpec.from_wire(replaced(WHOLE, path, value))
    except ValidationFailedError as error:
        assert error.problems
        return
    assert GeneratorSpec.from_wire(spec.to_wire()) == spec
    assert all(problem.message for problem in problems_of(spec))
    assert spec.place.startswith("s3://")
