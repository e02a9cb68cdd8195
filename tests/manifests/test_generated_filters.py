"""What a generated list keeps, against a plain reading of the words."""

import fnmatch
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.manifests.generated import patterns
from jobs.manifests.generated.keeping import keeping
from jobs.manifests.generated.looked_up import (
    HEAD,
    TAGS,
    UNSEEN,
    UnseenError,
    calls_per_object,
    judge_of,
)
from jobs.manifests.generated.refusals import nothing_matches
from jobs.manifests.listing.listed import Listed
from jobs.s3.replication_rules import Rule
from jobs.spec.generator import GeneratorSpec
from jobs.spec.object_filter import STORAGE_CLASSES

SIGNS = "ab/."
KEYS = st.text(SIGNS, min_size=1, max_size=6)
MOMENTS = [f"2026-01-0{day}T00:00:00Z" for day in range(1, 5)]
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/1a2b"


def spec_of(filter=None, more=None):
    inner = {"SourceBucket": "arn:aws:s3:::photos", "EnableManifestOutput": False}
    wire = {"ManifestGenerator": {"S3JobManifestGenerator": inner | {"Filter": filter or {}}}}
    return GeneratorSpec.from_wire(wire | {"BatchConsole": more or {}})


def seconds(text):
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def listed(key="a", **facts):
    usual = {
        "version_id": None, "is_latest": True, "is_delete_marker": False, "size_bytes": 1,
        "etag": "e", "last_modified_s": 0.0, "storage_class": "STANDARD",
    }  # fmt: skip
    return Listed(key=key, **(usual | facts))


ROWS = st.lists(
    st.builds(
        lambda key, latest, marker, size, moment, kind: Listed(
            key,
            "v",
            latest,
            marker,
            0 if marker else size,
            "" if marker else "e",
            seconds(moment),
            "" if marker else kind,
        ),
        KEYS,
        st.booleans(),
        st.booleans(),
        st.integers(0, 4),
        st.sampled_from(MOMENTS),
        st.sampled_from([*STORAGE_CLASSES[:3], ""]),
    ),
    max_size=12,
)
TEXTS = st.lists(st.text(SIGNS, min_size=1, max_size=2), min_size=1, max_size=2)


def optional(**members):
    return st.fixed_dictionaries({}, optional=members)


FILTERS = optional(
    CreatedAfter=st.sampled_from(MOMENTS),
    CreatedBefore=st.sampled_from(MOMENTS),
    ObjectSizeGreaterThanBytes=st.integers(-1, 1),
    ObjectSizeLessThanBytes=st.integers(3, 5),
    MatchAnyStorageClass=st.lists(st.sampled_from(STORAGE_CLASSES[:3]), min_size=1),
)
MORE = optional(
    KeyNameConstraint=optional(MatchAnySuffix=TEXTS, MatchAnySubstring=TEXTS),
    Globs=st.lists(st.text("ab/*?.", min_size=1, max_size=4), min_size=1, max_size=2),
    Versions=st.sampled_from(["Current", "All", "Noncurrent", "DeleteMarkers"]),
)


def is_wanted(one, filter, more, takes_markers):
    """Word by word."""
    which = more.get("Versions", "Current")
    of_versions = {
        "Current": one.is_latest and not one.is_delete_marker,
        "All": takes_markers or not one.is_delete_marker,
        "Noncurrent": not one.is_latest and not one.is_delete_marker,
        "DeleteMarkers": one.is_delete_marker,
    }[which]
    checks = [of_versions]
    if "CreatedAfter" in filter:
        checks.append(one.last_modified_s > seconds(filter["CreatedAfter"]))
    if "CreatedBefore" in filter:
        checks.append(one.last_modified_s < seconds(filter["CreatedBefore"]))
    if "ObjectSizeGreaterThanBytes" in filter:
        checks.append(one.size_bytes > filter["ObjectSizeGreaterThanBytes"])
        checks.append(not one.is_delete_marker)
    if "ObjectSizeLessThanBytes" in filter:
        checks.append(one.size_bytes < filter["ObjectSizeLessThanBytes"])
        checks.append(not one.is_delete_marker)
    if "MatchAnyStorageClass" in filter:
        checks.append((one.storage_class or "STANDARD") in filter["MatchAnyStorageClass"])
        checks.append(not one.is_delete_marker)
    names = more.get("KeyNameConstraint", {})
    if "MatchAnySuffix" in names:
        checks.append(any(one.key.endswith(text) for text in names["MatchAnySuffix"]))
    if "MatchAnySubstring" in names:
        checks.append(any(one.key.count(text) for text in names["MatchAnySubstring"]))
    if "Globs" in more:
        checks.append(any(fnmatch.fnmatchcase(one.key, glob) for glob in more["Globs"]))
    return all(checks)


@given(ROWS, FILTERS, MORE, st.booleans())
def test_page_keeps_what_all_filters_say_and_in_its_order(rows, filter, more, takes_markers):
    keeps = keeping(spec_of(filter, more), Counter(), takes_markers=takes_markers)
    assert keeps(rows) == [one for one in rows if is_wanted(one, filter, more, takes_markers)]


@given(ROWS, st.booleans())
def test_markers_among_all_versions_are_counted_where_they_are_no_tasks(rows, takes_markers):
    skipped = Counter()
    kept = keeping(spec_of(more={"Versions": "All"}), skipped, takes_markers=takes_markers)(rows)
    assert len(kept) + skipped["delete markers"] == len(rows)
    assert not (takes_markers and skipped)


# --- Patterns


@given(st.text("ab/*?[]!-.\n", min_size=1, max_size=8), st.text("ab/[]!-.\n", max_size=8))
def test_glob_matches_as_fnmatch_does(glob, text):
    if re.search(r"(.)-(.)", glob, re.DOTALL) and "[" in glob:
        return  # a range whose end comes before its start is a fault here
    assert patterns.globs([glob])(text) == fnmatch.fnmatchcase(text, glob)


@given(st.text(min_size=1), st.text())
def test_glob_without_its_signs_matches_itself_alone(glob, text):
    glob = re.sub(r"[*?\[\]\ud800-\udfff\0]", "", glob)
    text = re.sub(r"[\ud800-\udfff]", "", text)
    matches = patterns.globs([glob])
    assert matches(glob)
    assert matches(text) == (text == glob)


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("*.log", "a/b\n.log", True),
        ("a[", "a[", True),
        ("日?", "日本", True),
        ("a*", "", False),
    ],
)
def test_glob_has_classes_and_reaches_over_slashes(glob, text, matches):
    assert patterns.globs([glob])(text) is matches


def test_expression_that_other_engines_take_ages_for_is_answered_at_once():
    assert not patterns.expression("^(a+)+$")("a" * 1_000 + "b")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"RegularExpression": "("}, "BatchConsole.RegularExpression"),
        ({"RegularExpression": "(?<=a)b"}, "BatchConsole.RegularExpression"),
        ({"RegularExpression": "((a{100}){10}){10}"}, "BatchConsole.RegularExpression"),
        ({"Globs": ["a", "[z-a]"]}, "BatchConsole.Globs[1]"),
        ({"Globs": [f"{n}" + "?" * 900 for n in range(90)]}, "BatchConsole.Globs"),
        ({"Tags": [{"Key": "a", "Glob": "[z-a]"}]}, "BatchConsole.Tags[0].Glob"),
        ({"Metadata": [{"Key": "a", "Glob": "[z-a]"}]}, "BatchConsole.Metadata[0].Glob"),
    ],
)
def test_pattern_that_is_none_is_refused_with_its_field(more, field):
    found = {one.field: one.message for one in patterns.problems_of(spec_of(more=more))}
    assert field in found
    assert found[field].endswith(".")


# --- Look-ups


def judged(spec, facts, *, rules=(), one=None):
    """What comes of it, and what was asked, in order."""
    judge, asked, known = judge_of(spec, rules), [], {}
    while isinstance(verdict := judge(one or listed(), known), str):
        asked.append(verdict)
        known[verdict] = facts[verdict]
    return verdict, asked


def test_list_that_a_listing_answers_needs_no_look_ups():
    spec = spec_of({"ObjectSizeLessThanBytes": 3}, {"Globs": ["a"]})
    assert judge_of(spec) is None
    assert calls_per_object(spec) == ()


@pytest.mark.parametrize(
    ("status", "wanted", "kept"),
    [
        ("COMPLETED", ["COMPLETED"], True),
        ("COMPLETE", ["COMPLETED"], True),
        ("PENDING", ["COMPLETED", "FAILED", "REPLICA", "NONE"], False),
        ("FAILED", ["COMPLETED", "FAILED"], True),
        ("REPLICA", ["NONE"], False),
        (None, ["NONE"], True),
        (None, ["FAILED"], False),
    ],
)
def test_replication_status_is_that_of_the_head(status, wanted, kept):
    head = {"ReplicationStatus": status} if status else {}
    assert judged(spec_of({"ObjectReplicationStatuses": wanted}), {HEAD: head}) == (kept, [HEAD])


KMS = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ARN}


@pytest.mark.parametrize(
    ("asked", "head", "kept"),
    [
        ({"SSE-S3": {}}, {"ServerSideEncryption": "AES256"}, True),
        ({"SSE-S3": {}}, KMS, False),
        ({"SSE-KMS": {}}, KMS, True),
        ({"SSE-KMS": {"KmsKeyArn": KEY_ARN}}, KMS, True),
        ({"SSE-KMS": {"KmsKeyArn": KEY_ARN}}, KMS | {"SSEKMSKeyId": "1a2b"}, True),
        ({"SSE-KMS": {"KmsKeyArn": KEY_ARN + "c"}}, KMS, False),
        ({"SSE-KMS": {"BucketKeyEnabled": True}}, KMS, False),
        ({"SSE-KMS": {"BucketKeyEnabled": True}}, KMS | {"BucketKeyEnabled": True}, True),
        ({"SSE-KMS": {"BucketKeyEnabled": False}}, KMS, True),
        ({"DSSE-KMS": {}}, KMS, False),
        ({"DSSE-KMS": {}}, KMS | {"ServerSideEncryption": "aws:kms:dsse"}, True),
        ({"SSE-C": {}}, {"SSECustomerAlgorithm": "AES256", UNSEEN: True}, True),
        ({"SSE-C": {}}, {}, False),
        ({"NOT-SSE": {}}, {}, True),
        ({"NOT-SSE": {}}, {"SSECustomerAlgorithm": "AES256"}, False),
        ({"NOT-SSE": {}}, {"ServerSideEncryption": "of tomorrow"}, False),
    ],
)
def test_encryption_is_that_of_the_head(asked, head, kept):
    spec = spec_of({"MatchAnyObjectEncryption": [asked]})
    assert judged(spec, {HEAD: head}) == (kept, [HEAD])


def test_all_tags_and_all_metadata_must_be_there_and_tags_are_asked_last():
    more = {
        "Tags": [{"Key": "team", "Glob": "b*"}, {"Key": "any"}],
        "Metadata": [{"Key": "KIND", "Value": "x"}],
    }
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "any", "Value": ""}]
    head = {"Metadata": {"Kind": "x"}}
    both = {HEAD: head, TAGS: {"TagSet": tags}}
    assert judged(spec_of(more=more), both) == (True, [HEAD, TAGS])
    assert judged(spec_of(more=more), both | {TAGS: {"TagSet": tags[:1]}}) == (False, [HEAD, TAGS])
    assert judged(spec_of(more=more), both | {HEAD: {"Metadata": {"kind": "y"}}}) == (False, [HEAD])
    assert calls_per_object(spec_of(more=more)) == (HEAD, TAGS)


def test_metadata_of_an_object_under_a_customers_key_cannot_be_told():
    spec = spec_of(more={"Metadata": [{"Key": "kind"}]})
    with pytest.raises(UnseenError, match="SSE-C"):
        judged(spec, {HEAD: {"SSECustomerAlgorithm": "AES256", UNSEEN: True}})


def rule(**members):
    found = {"Priority": 1, "Filter": {}, "Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}
    return Rule.covering(found | members)


TAKES_KMS = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}
ELIGIBLE = spec_of({"EligibleForReplication": True})


@pytest.mark.parametrize(
    ("rules", "facts", "expected"),
    [
        ([rule(Filter={"Prefix": "b"})], {}, (False, [])),
        ([rule(**TAKES_KMS)], {}, (True, [])),
        ([rule()], {HEAD: {}}, (True, [HEAD])),
        ([rule()], {HEAD: KMS}, (False, [HEAD])),
        (
            [rule(Filter={"Tag": {"Key": "x", "Value": "1"}})],
            {HEAD: {}, TAGS: {"TagSet": [{"Key": "x", "Value": "1"}]}},
            (True, [HEAD, TAGS]),
        ),
        (
            [rule(Filter={"Tag": {"Key": "x", "Value": "1"}})],
            {HEAD: {}, TAGS: {"TagSet": []}},
            (False, [HEAD, TAGS]),
        ),
        ([rule(Filter={"Tag": {"Key": "x", "Value": "1"}})], {HEAD: KMS}, (False, [HEAD])),
    ],
)
def test_eligible_is_what_a_rule_covers_and_no_more_is_asked_than_it_takes(rules, facts, expected):
    assert judged(ELIGIBLE, facts, rules=rules) == expected
    spec = spec_of({"EligibleForReplication": False})
    assert judged(spec, facts, rules=rules) == (not expected[0], expected[1])


HEADS = st.builds(
    lambda status, encryption, kind: {
        **({"ReplicationStatus": status} if status else {}),
        **({"ServerSideEncryption": encryption} if encryption else {}),
        "Metadata": {"kind": kind} if kind else {},
    },
    st.sampled_from(["", "COMPLETED", "FAILED"]),
    st.sampled_from(["", "AES256", "aws:kms"]),
    st.sampled_from(["", "a", "ab"]),
)
TAG_SETS = st.sampled_from([[], [{"Key": "t", "Value": "1"}], [{"Key": "t", "Value": "2"}]])
LOOKED_UP = optional(
    ObjectReplicationStatuses=st.lists(st.sampled_from(["COMPLETED", "NONE"]), min_size=1),
    MatchAnyObjectEncryption=st.sampled_from([[{"SSE-S3": {}}], [{"SSE-KMS": {}}]]),
    EligibleForReplication=st.booleans(),
)
OF_OBJECTS = optional(
    Tags=st.sampled_from([[{"Key": "t", "Value": "1"}], [{"Key": "t"}], [{"Key": "u"}]]),
    Metadata=st.sampled_from([[{"Key": "kind", "Glob": "a?"}], [{"Key": "kind"}]]),
)


def is_so(key, head, tags, filter, more):
    """Word by word, over a bucket whose rule covers what begins with b and has the tag t=1, unless it
    is encrypted with KMS.
    """
    status = head.get("ReplicationStatus", "NONE")
    kind = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS"}.get(head.get("ServerSideEncryption"))
    covered = key.startswith("b") and tags.get("t") == "1" and kind != "SSE-KMS"
    metadata = head["Metadata"].get("kind")
    return all(
        [
            status in filter.get("ObjectReplicationStatuses", [status]),
            kind in filter.get("MatchAnyObjectEncryption", [{kind: {}}])[0],
            covered is filter.get("EligibleForReplication", covered),
            all(
                one["Key"] in tags and one.get("Value") in (None, tags[one["Key"]])
                for one in more.get("Tags", ())
            ),
            "Metadata" not in more
            or (metadata is not None and ("Glob" not in more["Metadata"][0] or metadata == "ab")),
        ]
    )


@given(st.sampled_from("ab"), HEADS, TAG_SETS, LOOKED_UP, OF_OBJECTS)
def test_object_is_judged_by_all_that_is_asked_of_it_and_nothing_is_asked_twice(
    key, head, tag_set, filter, more
):
    rules = [rule(Filter={"And": {"Prefix": "b", "Tags": [{"Key": "t", "Value": "1"}]}})]
    spec = spec_of(filter, more)
    tags = {tag["Key"]: tag["Value"] for tag in tag_set}
    expected = is_so(key, head, tags, filter, more)
    if judge_of(spec, rules) is None:
        assert expected
        return
    facts = {HEAD: head, TAGS: {"TagSet": tag_set}}
    verdict, asked = judged(spec, facts, rules=rules, one=listed(key))
    assert verdict is expected
    assert len(asked) == len(set(asked))
    assert set(asked) <= set(calls_per_object(spec))


@pytest.mark.parametrize("kind", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_objects_are_not_eligible_for_replication(kind):
    one = listed(storage_class=kind)
    assert judged(ELIGIBLE, {}, rules=[rule(**TAKES_KMS)], one=one) == (False, [])


def test_list_for_replication_has_all_versions_unless_others_are_asked_for():
    assert ELIGIBLE.versions == "All"
    assert spec_of({"EligibleForReplication": True}, {"Versions": "Current"}).versions == "Current"


@pytest.mark.parametrize("more", [{"Tags": [{"Key": "a"}]}, {"Metadata": [{"Key": "a"}]}])
def test_delete_marker_has_nothing_to_look_up(more):
    assert judge_of(spec_of(more=more))(listed(is_delete_marker=True), {}) is False


@pytest.mark.parametrize(
    ("filter", "more", "said"),
    [
        ({"KeyNameConstraint": {"MatchAnyPrefix": ["/a"]}}, {}, "begins with a slash"),
        ({"KeyNameConstraint": {"MatchAnyPrefix": ["s3://b/a"]}}, {}, "without the bucket"),
        ({"KeyNameConstraint": {"MatchAnyPrefix": ["a*"]}}, {}, "Use a glob"),
        ({"EligibleForReplication": True}, {}, "GLACIER"),
        ({}, {"Versions": "Noncurrent"}, "without versioning"),
        ({}, {}, "Letters count"),
    ],
)
def test_empty_list_names_what_is_usually_wrong(filter, more, said):
    message = nothing_matches(spec_of(filter, more)).message
    assert "No objects of s3://photos match." in message
    assert said in message
