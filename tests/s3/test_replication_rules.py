"""Which rules of a replication configuration cover an object."""

import json

import pytest

from jobs.operations.preconditions import REPLICATION
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.parsing import Reader
from jobs.s3.replication_rules import Rule, chosen, enabled, in_words, kept

BLUE, RED = {"Key": "team", "Value": "blue"}, {"Key": "team", "Value": "red"}
IS_BLUE, IS_BLUE_AND_OLD = (("team", "blue"),), (("age", "old"), ("team", "blue"))
OLD = {"Key": "age", "Value": "old"}


def rule(bucket="archive", **members):
    return {
        "Status": "Enabled",
        "Filter": {},
        "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
        **members,
    }


def of(*found):
    return [Rule.of(one) for one in found]


def buckets(rules, key="logs/a", *, is_kms=False, found=()):
    some = chosen(rules, key, is_kms=is_kms, found=found)
    return None if some is None else [one.bucket for one in some]


@pytest.mark.parametrize(
    ("asked", "found", "covers"),
    [
        ({}, (), True),
        ({"Prefix": ""}, (), True),
        ({"Prefix": "logs/"}, (), True),
        ({"Prefix": "photos/"}, (), False),
        ({"Prefix": "/logs"}, (), False),
        ({"Tag": BLUE}, IS_BLUE, True),
        ({"Tag": RED}, IS_BLUE, False),
        ({"Tag": BLUE}, (), False),
        ({"And": {"Prefix": "logs/", "Tags": [BLUE, OLD]}}, IS_BLUE_AND_OLD, True),
        ({"And": {"Prefix": "logs/", "Tags": [BLUE, OLD]}}, IS_BLUE, False),
        ({"And": {"Prefix": "photos/", "Tags": [BLUE]}}, IS_BLUE, False),
        ({"And": {"Prefix": "logs/", "Not": {"Tag": BLUE}}}, IS_BLUE, False),
        ({"And": {"Prefix": "logs/", "Not": {"Tag": RED}}}, IS_BLUE, True),
        ({"Not": {"Prefix": "logs/"}}, (), False),
        ({"Not": {"Prefix": "photos/"}}, (), True),
        ({"Not": {"Tag": BLUE}}, IS_BLUE, False),
        ({"Not": {"Or": {"Prefixes": ["photos/", "logs/"]}}}, (), False),
        ({"Not": {"Or": {"Prefixes": ["photos/"], "Tags": [RED, BLUE]}}}, IS_BLUE, False),
        ({"Not": {"Or": {"Prefixes": ["photos/"], "Tags": [RED]}}}, IS_BLUE, True),
    ],
)
def test_filter_of_the_newest_model_covers_what_it_says(asked, found, covers):
    assert buckets(of(rule(Filter=asked)), found=found) == (["archive"] if covers else [])


@pytest.mark.parametrize(("prefix", "covers"), [("", True), ("logs/", True), ("photos/", False)])
def test_rule_of_the_first_form_has_its_prefix_beside_it(prefix, covers):
    found = rule(Prefix=prefix)
    del found["Filter"]
    assert buckets(of(found)) == (["archive"] if covers else [])


def test_tags_are_asked_for_only_where_they_decide():
    by_tag = {"And": {"Prefix": "logs/", "Tags": [BLUE]}}
    assert buckets(of(rule(Filter=by_tag)), "photos/a", found=None) == []
    assert buckets(of(rule(Filter=by_tag)), "logs/a", found=None) is None
    higher = rule(Filter={"Prefix": "logs/"}, Priority=2)
    assert buckets(of(rule(Filter=by_tag, Priority=1), higher), found=None) == ["archive"]
    without = {"Not": {"Or": {"Prefixes": ["logs/"], "Tags": [BLUE]}}}
    assert buckets(of(rule(Filter=without)), "logs/a", found=None) == []


def test_object_goes_to_every_destination_and_by_the_highest_rule_to_each():
    rules = of(
        rule(Priority=1, Destination={"Bucket": "arn:aws:s3:::archive", "StorageClass": "GLACIER"}),
        rule("backup", Priority=3),
        rule(Priority=2),
    )
    found = chosen(rules, "k", is_kms=False, found=None)
    assert [(one.bucket, one.priority, one.storage_class) for one in found] == [
        ("backup", 3, ""),
        ("archive", 2, ""),
    ]


def test_object_under_kms_goes_only_by_rules_that_name_such():
    criteria = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    rules = of(rule(Priority=2), rule("backup", Priority=1, SourceSelectionCriteria=criteria))
    assert buckets(rules, is_kms=True) == ["backup"]
    assert buckets(rules, is_kms=False) == ["archive", "backup"]


def test_disabled_rule_is_none():
    data = {"ReplicationConfiguration": {"Rules": [rule(Status="Disabled"), rule("backup")]}}
    assert [one["Destination"]["Bucket"] for one in enabled(data)] == ["arn:aws:s3:::backup"]
    assert enabled({}) == []


ARN = "arn:aws:s3:::archive"


@pytest.mark.parametrize(
    ("destination", "sentence"),
    [
        (
            {"Bucket": ARN, "AccessControlTranslation": {"Owner": "Destination"}},
            'Replication rule "r1" gives replicas to another owner',
        ),
        (
            {
                "Bucket": ARN,
                "EncryptionConfiguration": {"UseSourceMultiRegionKey": {"Status": "Enabled"}},
            },
            'Replication rule "r1" encrypts with the multi-Region key',
        ),
        ({"Bucket": "archive"}, '"archive" is not the ARN of a bucket'),
    ],
)
def test_rule_that_a_copy_cannot_follow_is_refused_by_name(destination, sentence):
    found = rule(ID="r1", Destination=destination)
    with pytest.raises(ValueError, match=sentence):
        kept({"ReplicationConfiguration": {"Rules": [found]}})
    assert kept({"ReplicationConfiguration": {"Rules": [{**found, "Status": "Disabled"}]}}) == []


def test_rules_are_said_in_words():
    rules = of(
        rule(),
        rule("backup", Filter={"And": {"Prefix": "logs/", "Tags": [BLUE], "Not": {"Tag": OLD}}}),
        rule("third", Filter={"Not": {"Or": {"Prefixes": ["tmp/"], "Tags": [RED]}}}),
    )
    assert in_words(rules) == (
        "archive: all objects; backup: keys that begin with logs/ and the tag team=blue, without the"
        " tag age=old; third: all objects, without keys that begin with tmp/ or the tag team=red"
    )


ANSWER = b"""<?xml version="1.0" encoding="UTF-8"?>
<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Role>arn:aws:iam::123456789012:role/replicating</Role>
<Rule><ID>r1</ID><Priority>2</Priority><Status>Enabled</Status>
<Filter><And><Prefix>logs/</Prefix><Tag><Key>team</Key><Value>blue</Value></Tag>
<Not><Or><Prefix>logs/tmp/</Prefix><Tag><Key>age</Key><Value>old</Value></Tag></Or></Not></And></Filter>
<Destination><Bucket>arn:aws:s3:::archive</Bucket><StorageClass>STANDARD_IA</StorageClass></Destination>
</Rule>
<Rule><Prefix>photos/</Prefix><Status>Enabled</Status>
<Destination><Bucket>arn:aws:s3:::backup</Bucket></Destination></Rule>
<Rule><Status>Disabled</Status><Prefix></Prefix>
<Destination><Bucket>arn:aws:s3:::never</Bucket></Destination></Rule>
</ReplicationConfiguration>"""


@pytest.mark.parametrize(
    ("key", "found", "expected"),
    [
        ("logs/a", IS_BLUE, ["archive"]),
        ("logs/a", IS_BLUE_AND_OLD, []),
        ("logs/tmp/a", IS_BLUE, []),
        ("logs/a", (), []),
        ("photos/a", None, ["backup"]),
        ("other", None, []),
    ],
)
def test_rules_are_read_as_a_storage_writes_them_and_kept_as_json(key, found, expected):
    reader = Reader(make_client(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None))
    answer = reader.read("GetBucketReplication", 200, [], ANSWER)
    assert REPLICATION.holds(answer)
    rules = json.loads(json.dumps(kept(answer.data)))
    assert buckets(of(*rules), key, found=found) == expected
