"""Replicate, on a storage with replication rules."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from jobs.errors import ValidationFailedError
from jobs.operations import looks
from jobs.operations.base import Outcome
from jobs.operations.looks import Facts
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.replicate_object import REPLICATED, ReplicateObject
from jobs.operations.replication import replicating
from jobs.operations.steps import Keep
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.replication_rules import Rule
from jobs.spec.target import Target
from tests.operations.walking import walk
from tests.sequential import Sequential, context_at

HERE = Endpoint("http://127.0.0.1:1", "us-east-1", "path")
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def rule_to(bucket, **members):
    return {
        "ID": f"to-{bucket}",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
        **members,
    }


def configure(place, bucket, *rules):
    role = "arn:aws:iam::123456789012:role/replicating"
    for n, rule in enumerate(rules, start=1):
        rule.update(ID=f"rule-{n}", Priority=n)
    try:
        place.client.put_bucket_replication(
            Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": list(rules)}
        )
    except ClientError:
        if not place.endpoint.tags_after_copy:
            raise
        GIVEN[bucket] = rules


@pytest.fixture
def here(place):
    """A source and two destinations, with versions where the storage keeps any."""
    source, archive, backup = (place.make_bucket() for _ in range(3))
    keeps_versions = True
    for bucket in (source, archive, backup):
        versions = {"Status": "Enabled"}
        try:
            place.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versions)
        except ClientError:
            keeps_versions = False
    return SimpleNamespace(
        source=source, archive=archive, backup=backup, keeps_versions=keeps_versions
    )


def put_as(place, bucket, key, storage_class):
    try:
        place.client.put_object(Bucket=bucket, Key=key, Body=b"x", StorageClass=storage_class)
    except ClientError as error:
        pytest.skip(f"Gateway: no such storage class here ({error})")


GIVEN = {}
"""Rules of buckets of a gateway that takes none: given to the operation as preparing would."""


def made():
    return ReplicateObject.parse({}).knowing(GIVEN)


def run(place, source, key, version_id=None):
    return place.run_one(made(), Target(source, key, version_id))


def test_wire_form_has_no_members():
    assert ReplicateObject.parse({}).to_wire() == {}
    with pytest.raises(ValidationFailedError) as caught:
        ReplicateObject.parse({"Bucket": "x"})
    assert [(problem.field, problem.message) for problem in caught.value.problems] == [
        ("Bucket", '"Bucket" is not a parameter here. Take it out.')
    ]


def test_object_is_copied_to_every_destination_with_key_metadata_and_tags(place, here):
    configure(place, here.source, rule_to(here.archive), rule_to(here.backup))
    place.client.put_object(
        Bucket=here.source, Key="a/ü b", Body=b"content", Metadata={"x": "1"}, Tagging="team=blue"
    )
    assert run(place, here.source, "a/ü b") == REPLICATED
    for bucket in (here.archive, here.backup):
        assert place.read(bucket, "a/ü b") == b"content"
        there = place.client.head_object(Bucket=bucket, Key="a/ü b")
        assert there["Metadata"] == {"x": "1"}
        assert there.get("ReplicationStatus") is None
        assert place.tags_of(bucket, "a/ü b") == {"team": "blue"}


def test_named_version_is_copied_with_a_version_id_of_its_own(place, here):
    if not here.keeps_versions:
        pytest.skip("Gateway: no versions here.")
    configure(place, here.source, rule_to(here.archive))
    first = place.client.put_object(Bucket=here.source, Key="k", Body=b"first")["VersionId"]
    place.client.put_object(Bucket=here.source, Key="k", Body=b"second")
    assert run(place, here.source, "k", first) == REPLICATED
    assert place.read(here.archive, "k") == b"first"
    assert place.client.head_object(Bucket=here.archive, Key="k")["VersionId"] != first


def test_rules_by_prefix_and_tag_choose_the_objects(place, here):
    """The test server forgets filters, so the rules are given here."""
    team = {"Key": "team", "Value": "blue"}
    rule = rule_to(here.archive, Filter={"And": {"Prefix": "logs/", "Tags": [team]}})
    operation = ReplicateObject.parse({}).knowing({here.source: [rule]})
    runner = Sequential(place.endpoint, None, place.client)
    for key, tagging in (("logs/a", "team=blue"), ("logs/b", "team=red"), ("c", "team=blue")):
        place.client.put_object(Bucket=here.source, Key=key, Body=b"x", Tagging=tagging)
    assert runner.run_one(operation, Target(here.source, "logs/a", None)) == REPLICATED
    for key in ("logs/b", "c"):
        assert runner.run_one(operation, Target(here.source, key, None)) == Outcome(
            False,
            500,
            "SrcObjectNotEligible",
            f"Object is not eligible for replication: no enabled rule of {here.source} covers it.",
        )
    listed = place.client.list_objects_v2(Bucket=here.archive)["Contents"]
    assert [one["Key"] for one in listed] == ["logs/a"]


def test_storage_class_of_the_rule_or_else_of_the_object_is_set(place, here):
    by_rule = {"Bucket": f"arn:aws:s3:::{here.archive}", "StorageClass": "STANDARD_IA"}
    configure(place, here.source, rule_to(here.archive, Destination=by_rule), rule_to(here.backup))
    put_as(place, here.source, "k", "ONEZONE_IA")
    assert run(place, here.source, "k") == REPLICATED
    kept_as = [
        place.client.head_object(Bucket=bucket, Key="k").get("StorageClass")
        for bucket in (here.archive, here.backup)
    ]
    assert kept_as == ["STANDARD_IA", "ONEZONE_IA"]


def test_archived_and_missing_objects_fail_with_a_sentence(place, here):
    configure(place, here.source, rule_to(here.archive))
    put_as(place, here.source, "cold", "GLACIER")
    outcome = run(place, here.source, "cold")
    assert (outcome.code, outcome.message) == (
        "SrcObjectNotEligible",
        "Object is not eligible for replication: it is archived, and has to be restored first.",
    )
    assert run(place, here.source, "gone") == Outcome(
        False, 404, "NoSuchKey", "The object does not exist."
    )


def test_bucket_without_rules_fails_each_task_that_runs_all_the_same(place, here):
    place.client.put_object(Bucket=here.source, Key="k", Body=b"x")
    outcome = run(place, here.source, "k")
    if outcome.code == "NotImplemented":
        pytest.skip("Gateway: no replication here.")
    assert (outcome.http_status, outcome.code) == (404, "SrcBucketReplicationConfigMissing")
    assert "has no replication configuration with an enabled rule" in outcome.message


def test_copy_that_fails_does_not_keep_the_others_and_is_named(place, here):
    gone = f"{here.archive}-gone"
    configure(place, here.source, rule_to(here.backup), rule_to(gone))
    place.client.put_object(Bucket=here.source, Key="k", Body=b"x")
    outcome = run(place, here.source, "k")
    assert (outcome.succeeded, outcome.code) == (False, "NoSuchBucket")
    assert outcome.message.startswith(f"Copied to {here.backup}. Not copied to {gone}: ")
    assert place.read(here.backup, "k") == b"x"


def test_copies_are_looked_at_and_one_that_is_missing_is_found(place, here):
    configure(place, here.source, rule_to(here.archive), rule_to(here.backup))
    place.client.put_object(Bucket=here.source, Key="k", Body=b"x", Tagging="team=blue")
    operation, target = made(), Target(here.source, "k", None)
    runner = Sequential(place.endpoint, None, place.client)
    before = runner.drive(operation.survey(target, runner.context))
    assert runner.run_one(operation, target).succeeded
    assert not runner.drive(operation.check(target, runner.context, before)).lost
    place.client.delete_object(Bucket=here.backup, Key="k")
    assert runner.drive(operation.check(target, runner.context, before)).lost == "copy"


def test_dry_run_says_what_each_copy_would_do(place, here):
    configure(place, here.source, rule_to(here.archive), rule_to(here.backup))
    place.client.put_object(Bucket=here.source, Key="k", Body=b"x")
    put_as(place, here.source, "cold", "GLACIER")
    place.client.put_object(Bucket=here.archive, Key="k", Body=b"old")
    operation = made()
    runner = Sequential(place.endpoint, None, place.client)
    told = runner.drive(operation.foresee(Target(here.source, "k", None), runner.context))
    assert (told.succeeded, told.code) == (True, "WouldChange")
    assert f"s3://{here.archive}/k would be overwritten: from 3 bytes" in told.message
    assert f"s3://{here.backup}/k would be made: 1 byte" in told.message
    told = runner.drive(operation.foresee(Target(here.source, "cold", None), runner.context))
    assert (told.succeeded, told.code) == (False, "SrcObjectNotEligible")


# --- Without a storage


def known(*rules):
    return ReplicateObject.parse({}).knowing({"photos": list(rules)})


def head(**data):
    given = {"ContentLength": 1, "ETag": '"e"', **data}
    return Answer(200, "", "", given, headers={"x-amz-request-id": "R"})


def test_rules_that_preparing_found_are_not_asked_for_again_nor_tags_where_none_decides():
    operation, target = known(rule_to("archive")), Target("photos", "k", None)
    steps, _ = walk(operation.run(target, context_at(HERE, None)), head())
    assert [step.action for step in steps] == ["HeadObject", "CopyObject"]
    by_tag = known(rule_to("archive", Filter={"Tag": {"Key": "a", "Value": "b"}}))
    steps, _ = walk(by_tag.run(target, context_at(HERE, None)), head())
    assert [step.action for step in steps] == ["HeadObject", "GetObjectTagging"]


def test_rules_are_asked_for_once_where_nobody_prepared_them():
    operation, target = ReplicateObject.parse({}), Target("photos", "k", None)
    asked = Answer(200, "", "", {"ReplicationConfiguration": {"Rules": [rule_to("archive")]}})
    for expected in (["GetBucketReplication", "HeadObject"], ["HeadObject", "CopyObject"]):
        answers = [asked] if expected[0] != "HeadObject" else [head()]
        steps, _ = walk(operation.run(target, context_at(HERE, None)), *answers)
        assert [step.action for step in steps] == expected


def test_replica_of_an_object_under_kms_gets_the_key_of_the_rule():
    criteria = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    there = {
        "Bucket": "arn:aws:s3:::archive",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
    }
    operation = known(rule_to("archive", SourceSelectionCriteria=criteria, Destination=there))
    target = Target("photos", "k", None)
    for encryption, key in (("aws:kms", KEY), ("AES256", None)):
        answer = head(ServerSideEncryption=encryption)
        steps, _ = walk(operation.run(target, context_at(HERE, None)), answer)
        assert steps[-1].params.get("SSEKMSKeyId") == key
    plain = known(rule_to("archive"))
    _, outcome = walk(
        plain.run(target, context_at(HERE, None)), head(ServerSideEncryption="aws:kms")
    )
    assert outcome.code == "SrcObjectNotEligible"
    assert "it is encrypted with KMS" in outcome.message


def test_delete_marker_is_not_eligible():
    answer = Answer(405, "MethodNotAllowed", "", headers={"x-amz-request-id": "R"})
    steps = known(rule_to("archive")).run(Target("photos", "k", "v"), context_at(HERE, None))
    _, outcome = walk(steps, answer)
    assert outcome.message.endswith("it is a delete marker.")


class OnePlace:
    """Only the source is known."""

    def __init__(self, context):
        self._context = context

    def bucket(self, name):
        if name != "photos":
            raise KeyError(name)
        return self._context.bucket(name)


def test_destination_that_nobody_knows_cannot_be_told_and_is_a_failed_task():
    context = context_at(HERE, None)
    context = replace(context, places=OnePlace(context))
    asked = Answer(200, "", "", {"ReplicationConfiguration": {"Rules": [rule_to("archive")]}})
    target = Target("photos", "k", None)
    _, outcome = walk(ReplicateObject.parse({}).run(target, context), asked)
    assert (outcome.succeeded, outcome.code) == (False, "DstBucketNotFound")
    _, told = walk(ReplicateObject.parse({}).foresee(target, context), asked)
    assert (told.succeeded, told.code) == (True, "CannotTell")


@pytest.fixture
def keeping(monkeypatch):
    """Copies that keep a state, as long ones do; what each was given stands in `given`."""
    given = []

    def run(self, target, context):
        given.append((self.bucket, context.kept))
        yield Keep(f"upload to {self.bucket}".encode())
        return Outcome(True, 200, "", "")

    monkeypatch.setattr(PutObjectCopy, "run", run)
    return given


def test_state_of_a_copy_comes_back_to_the_same_copy_alone(keeping):
    operation, target = known(rule_to("archive"), rule_to("backup")), Target("photos", "k", None)
    context = context_at(HERE, None)
    steps, _ = walk(operation.run(target, context), head(), None, None)
    states = [step.state for step in steps if isinstance(step, Keep)]
    assert states == [b"archive\nupload to archive", b"backup\nupload to backup"]
    keeping.clear()
    walk(operation.run(target, replace(context, kept=states[1])), head(), None, None)
    assert keeping == [("archive", b""), ("backup", b"upload to backup")]


def test_what_a_copy_left_behind_is_cleared_away_by_it(monkeypatch):
    seen = []

    def give_up(self, target, context):
        seen.append((self.bucket, context.kept))
        return None
        yield

    monkeypatch.setattr(PutObjectCopy, "give_up", give_up)
    context = replace(context_at(HERE, None), kept=b"backup\nan upload")
    steps = known(rule_to("backup")).give_up(Target("photos", "k", None), context)
    assert walk(steps) == ([], None)
    assert seen == [("backup", b"an upload")]


def test_lock_redirect_and_class_go_with_the_copy():
    until = looks.datetime(2030, 1, 2, tzinfo=replicating.UTC)
    data = {
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/new",
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": until,
        "ObjectLockLegalHoldStatus": "ON",
    }
    rule = Rule.of(rule_to("archive"))
    facts = Facts(1, '"e"', None, data)
    assert replicating.copy_by(rule, facts, until.timestamp() - 1).members == {
        "StorageClass": "STANDARD_IA",
        "RedirectLocation": "/new",
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": "2030-01-02T00:00:00+00:00",
        "ObjectLockLegalHoldStatus": "ON",
    }
    over = replicating.copy_by(rule, facts, until.timestamp() + 1).members
    assert "ObjectLockMode" not in over


def test_role_has_to_read_the_rules_and_to_copy():
    named = [needed.action for needed in ReplicateObject.parse({}).permissions()]
    assert named[:3] == ["s3:GetReplicationConfiguration", "s3:GetObject", "s3:PutObject"]


def test_words_say_where_it_goes_once_that_is_known():
    operation = ReplicateObject.parse({})
    assert "to where its replication rules say" in operation.consequence(3, ["photos"])
    operation = known(rule_to("archive"), rule_to("backup", Filter={"Prefix": "logs/"}))
    assert operation.consequence(3, ["photos"]) == (
        "Copies 3 objects from photos to archive and backup, with new version IDs. Existing objects"
        " with the same name there are overwritten."
    )
    assert operation.summary() == [
        ("Replication rules", "archive: all objects; backup: keys that begin with logs/")
    ]
    assert operation.target_buckets() == ["archive", "backup"]
