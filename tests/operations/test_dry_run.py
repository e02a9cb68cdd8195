"""What operations foresee, and that a dry run gets nothing but reads through."""

from datetime import UTC, datetime

import pytest

from jobs.operations import acl, registry
from jobs.operations.attempts import tried
from jobs.operations.base import Operation
from jobs.operations.compute_object_checksum import ComputeObjectChecksum
from jobs.operations.delete_object import DeleteObject
from jobs.operations.delete_object_tagging import DeleteObjectTagging
from jobs.operations.dry_run import DryRun, Looked, WriteInDryRunError
from jobs.operations.guard_looks import guard_of
from jobs.operations.initiate_restore_object import InitiateRestoreObject
from jobs.operations.merge_object_tagging import MergeObjectTagging
from jobs.operations.put_object_acl import PutObjectAcl
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.put_object_legal_hold import PutObjectLegalHold
from jobs.operations.put_object_retention import PutObjectRetention
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.operations.rewriting.onto_itself import CHANGES_NOTHING
from jobs.operations.steps import Apart, Keep, Later, Stream, Together
from jobs.operations.update_object_encryption import UpdateObjectEncryption
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.spec.target import Guard, Target
from tests.operations.walking import walk
from tests.sequential import context_at

ENDPOINT = Endpoint("http://storage.example", "us-east-1", "path")
OBJECT = Target("photos", "cat.jpg")
VERSION = Target("photos", "cat.jpg", "v1")
CHANGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BYTES = "12 bytes, last changed 2026-01-02 03:04:05 UTC"


def head(size=12, etag='"a"', headers=None, **data):
    facts = {"ContentLength": size, "ETag": etag, "LastModified": CHANGED, **data}
    return Answer(200, "", "", data=facts, headers=headers or {}, proof=Proof.PROVEN)


def refused(status, code, message="", **headers):
    return Answer(status, code, message, headers=headers, proof=Proof.PROVEN)


GONE = refused(404, "NoSuchKey", "The specified key does not exist.")


def tags(**pairs):
    return Answer(200, "", "", data={"TagSet": [{"Key": k, "Value": v} for k, v in pairs.items()]})


def foreseen(operation, target, *answers):
    """Kind or code, and the sentence; all steps have to be reads."""
    outcome = looked(operation, target, *answers)
    return outcome.code, outcome.message


def looked(operation, target, *answers):
    """`answers` are to the operation's own reads; the look before them finds the object."""
    context = context_at(ENDPOINT, None)
    first = next(operation.foresee(target, context), None)
    before = () if first and first.action == "HeadObject" else (head(),)
    _, outcome = walk(DryRun(operation).run(target, context), *before, *answers)
    return outcome


def data(**members):
    return Answer(200, "", "", data=members, proof=Proof.PROVEN)


def grants(*listed):
    return data(Owner={"ID": "me"}, Grants=list(listed))


OWNER = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
PUBLIC = {"Grantee": {"Type": "Group", "URI": acl.ALL_USERS}, "Permission": "READ"}
NONE_SET = refused(404, "NoSuchObjectLockConfiguration")


def retention(mode, year, **more):
    until = f"{year}-01-01T00:00:00Z"
    bypass = {"BypassGovernanceRetention": True} if more else {}
    return PutObjectRetention.parse(
        {"Retention": {"Mode": mode, "RetainUntilDate": until}, **bypass}
    )


def kept(mode, year):
    return data(Retention={"Mode": mode, "RetainUntilDate": datetime(year, 1, 1, tzinfo=UTC)})


TAGGING = PutObjectTagging.parse({"TagSet": [{"Key": "a", "Value": "1"}]})
DELETE = DeleteObject.parse({})
COPY = PutObjectCopy.parse({"TargetResource": "arn:aws:s3:::backup", "TargetKeyPrefix": "old"})
ONTO_ITSELF = PutObjectCopy.parse({"TargetResource": "arn:aws:s3:::photos"})
UNTAG = DeleteObjectTagging.parse({})
HOLD = PutObjectLegalHold.parse({"LegalHold": {"Status": "ON"}})
ACL = PutObjectAcl.parse({"AccessControlPolicy": {"CannedAccessControlList": "public-read"}})
RESTORE = InitiateRestoreObject.parse({"ExpirationInDays": 1, "GlacierJobTier": "BULK"})
KEY = "arn:aws:kms:us-east-1:123456789012:key/k1"
KMS = UpdateObjectEncryption.parse({"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": KEY}}})
MERGE = MergeObjectTagging.parse({"TagSet": [{"Key": "a", "Value": "1"}]})
ONLY_BLUE = MergeObjectTagging.parse(
    {"TagSet": [{"Key": "a", "Value": "1"}], "OnlyIf": {"Key": "team", "Value": "blue"}}
)
SUM = ComputeObjectChecksum.parse({})
COLDER = PutObjectCopy.parse(
    {"TargetResource": "arn:aws:s3:::photos", "StorageClass": "STANDARD_IA"}
)


@pytest.mark.parametrize(
    ("operation", "target", "answers", "code", "sentence"),
    [
        (TAGGING, OBJECT, [tags(b="2")], "WouldChange", "Tags would change from b=2 to a=1."),
        (TAGGING, OBJECT, [tags()], "WouldChange", "Tags would change from no tags to a=1."),
        (TAGGING, VERSION, [tags(a="1")], "AlreadySo", "It has a=1 already."),
        (TAGGING, OBJECT, [GONE], "NoSuchKey",
         "Would fail: The specified key does not exist."),
        (TAGGING, OBJECT, [refused(403, "AccessDenied")], "CannotTell",
         "Cannot tell: GetObjectTagging was answered with 403 AccessDenied."),
        (DELETE, OBJECT, [head()], "WouldChange", f"The object would be deleted: {BYTES}."),
        (DELETE, OBJECT, [head(headers={"x-amz-version-id": "v7"})], "WouldChange",
         f"The object would get a delete marker: {BYTES}."),
        (DELETE, VERSION, [head(headers={"x-amz-version-id": "v1"})], "WouldChange",
         f"The version would be deleted for good: {BYTES}."),
        (DELETE, OBJECT, [GONE], "AlreadySo", "There is no such object."),
        (DELETE, VERSION, [refused(405, "MethodNotAllowed", **{"x-amz-delete-marker": "true"})],
         "WouldChange", "The delete marker would be deleted: the object comes back."),
        (DELETE, VERSION, [head(ObjectLockLegalHoldStatus="ON")], "AccessDenied",
         "Would fail: The version has a legal hold."),
        (DELETE, VERSION, [head(ObjectLockRetainUntilDate=datetime(2999, 1, 1, tzinfo=UTC))],
         "AccessDenied", "Would fail: The version is retained until 2999-01-01 00:00:00 UTC."),
        (DELETE, OBJECT, [refused(403, "AccessDenied")], "CannotTell",
         "Cannot tell: HeadObject was answered with 403 AccessDenied."),
        (COPY, OBJECT, [head(), GONE], "WouldChange",
         f"s3://backup/old/cat.jpg would be made: {BYTES}."),
        (COPY, OBJECT, [head(), head(size=3, etag='"b"')], "WouldChange",
         "s3://backup/old/cat.jpg would be overwritten: from 3 bytes, last changed 2026-01-02"
         f" 03:04:05 UTC to {BYTES}."),
        (COPY, OBJECT, [head(), head()], "AlreadySo",
         f"s3://backup/old/cat.jpg has this content: {BYTES}."),
        (COPY, OBJECT, [GONE], "NoSuchKey", "Would fail: There is no such object."),
        (COPY, OBJECT, [head(size=5 * 1024**3 + 1), GONE], "WouldChange",
         "s3://backup/old/cat.jpg would be made: 5,368,709,121 bytes, last changed"
         " 2026-01-02 03:04:05 UTC, copied in 41 parts."),
        (ONTO_ITSELF, OBJECT, [], "InvalidRequest", f"Would fail: {CHANGES_NOTHING}"),
        (UNTAG, OBJECT, [tags(b="2")], "WouldChange", "Tags would change from b=2 to no tags."),
        (UNTAG, OBJECT, [tags()], "AlreadySo", "It has no tags already."),
        (UNTAG, OBJECT, [GONE], "NoSuchKey", "Would fail: The specified key does not exist."),
        (HOLD, OBJECT, [NONE_SET], "WouldChange",
         "The legal hold would change from off to on."),
        (HOLD, OBJECT, [data(LegalHold={"Status": "ON"})], "AlreadySo",
         "The legal hold is on already."),
        (HOLD, OBJECT, [refused(403, "AccessDenied")], "CannotTell",
         "Cannot tell: GetObjectLegalHold was answered with 403 AccessDenied."),
        (ACL, OBJECT, [grants(OWNER)], "WouldChange",
         "The access control list would change from FULL_CONTROL for me to the canned ACL"
         " public-read."),
        (ACL, OBJECT, [grants(OWNER, PUBLIC)], "AlreadySo",
         "It has this access control list already."),
        (ACL, OBJECT, [refused(501, "NotImplemented")], "CannotTell",
         "Cannot tell: GetObjectAcl was answered with 501 NotImplemented."),
        (RESTORE, OBJECT, [head(StorageClass="GLACIER")], "WouldChange",
         f"A restore from GLACIER would be requested: {BYTES}."),
        (RESTORE, OBJECT, [head()], "InvalidObjectState",
         "Would fail: The object is not archived: its storage class is STANDARD."),
        (RESTORE, OBJECT, [head(StorageClass="CLOUDTIER")], "WouldChange",
         f"A restore from CLOUDTIER would be requested: {BYTES}."),
        (RESTORE, OBJECT, [head(StorageClass="GLACIER", Restore='ongoing-request="true"')],
         "RestoreAlreadyInProgress", "Would fail: A restore of the object is in progress."),
        (KMS, OBJECT, [head(ServerSideEncryption="AES256")], "WouldChange",
         f"The encryption would change from AES256 to {KEY}."),
        (KMS, OBJECT, [head(ServerSideEncryption="aws:kms", SSEKMSKeyId=KEY)], "AlreadySo",
         "It is encrypted with this key already."),
        (KMS, OBJECT, [head()], "CannotTell",
         "Cannot tell: the storage does not say how the object is encrypted."),
        (KMS, OBJECT, [head(ServerSideEncryption="aws:kms:dsse")], "InvalidRequest",
         "Would fail: The object is encrypted twice (DSSE-KMS)."),
        (MERGE, OBJECT, [tags(b="2")], "WouldChange",
         "Tags would change from b=2 to b=2, a=1."),
        (MERGE, OBJECT, [tags(b="2", a="1")], "AlreadySo", "It has b=2, a=1 already."),
        (MERGE, OBJECT, [tags(**{f"k{n}": "" for n in range(10)})], "InvalidTag",
         "Would fail: The object would have 11 tags, and 10 is the most."),
        (ONLY_BLUE, OBJECT, [tags(b="2")], "AlreadySo",
         "It would be left as it is: it does not have the tag."),
        (SUM, OBJECT, [head()], "AlreadySo", f"Nothing would change: {BYTES} would be read."),
        (SUM, OBJECT, [GONE], "NoSuchKey", "Would fail: There is no such object."),
        (retention("GOVERNANCE", 2031), OBJECT, [NONE_SET], "WouldChange",
         "The retention would change from none to Governance until 2031-01-01 00:00:00 UTC."),
        (retention("GOVERNANCE", 2031), OBJECT, [kept("GOVERNANCE", 2031)], "AlreadySo",
         "The retention is Governance until 2031-01-01 00:00:00 UTC already."),
        (retention("GOVERNANCE", 2031), OBJECT, [kept("GOVERNANCE", 2032)], "AccessDenied",
         "Would fail: Governance can only be shortened with a bypass: it is Governance until"
         " 2032-01-01 00:00:00 UTC."),
        (retention("GOVERNANCE", 2031, bypass=True), OBJECT, [kept("GOVERNANCE", 2032)],
         "WouldChange", "The retention would change from Governance until 2032-01-01 00:00:00 UTC to"
         " Governance until 2031-01-01 00:00:00 UTC."),
        (retention("GOVERNANCE", 2033, bypass=True), OBJECT, [kept("COMPLIANCE", 2032)],
         "AccessDenied", "Would fail: Compliance cannot be shortened: it is Compliance until"
         " 2032-01-01 00:00:00 UTC."),
        (retention("COMPLIANCE", 2033), OBJECT, [kept("COMPLIANCE", 2032)], "WouldChange",
         "The retention would change from Compliance until 2032-01-01 00:00:00 UTC to Compliance"
         " until 2033-01-01 00:00:00 UTC."),
        (PutObjectRetention.parse({"Retention": {}}), OBJECT, [NONE_SET], "AlreadySo",
         "The retention is none already."),
        (COLDER, OBJECT, [head(), grants(OWNER)], "WouldChange",
         f"The object would be rewritten with these settings: {BYTES}."
         " Storage class would change from STANDARD to STANDARD_IA."),
    ],
)  # fmt: skip
def test_operation_says_what_it_would_do(operation, target, answers, code, sentence):
    assert foreseen(operation, target, *answers) == (code, sentence)


def test_what_would_fail_fails_and_all_else_succeeds():
    gone = looked(TAGGING, OBJECT, GONE)
    change = looked(TAGGING, OBJECT, tags())
    assert (gone.succeeded, gone.http_status, change.succeeded) == (False, 404, True)


SEEN = guard_of(head())
NOT_THERE = Guard(is_absent=True)


@pytest.mark.parametrize(
    ("operation", "answers", "seen"),
    [
        (TAGGING, [head(), tags(b="2")], SEEN),
        (DELETE, [head()], SEEN),
        (COPY, [head(), head(size=3, etag='"b"')], SEEN),
        (TAGGING, [refused(404, "404"), GONE], NOT_THERE),
        (DELETE, [GONE], NOT_THERE),
        (TAGGING, [refused(403, "AccessDenied"), tags(b="2")], None),
    ],
    ids=["a look of its own", "the operation's look", "the source of a copy", "gone", "gone for the"
         " operation", "refused"],
)  # fmt: skip
def test_task_of_a_dry_run_says_what_it_saw_of_its_object(operation, answers, seen):
    steps, outcome = walk(DryRun(operation).run(OBJECT, context_at(ENDPOINT, None)), *answers)
    assert outcome.seen == seen
    assert steps[0].action == "HeadObject"
    assert len(steps) == len(answers)


def test_what_was_seen_stays_with_a_task_that_was_tried_more_than_once():
    assert tried(Looked(False, 404, "NoSuchKey", "Gone.", NOT_THERE), 2, 1.0).seen == NOT_THERE


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda one: one.name)
def test_every_operation_looks_ahead(operation):
    assert operation.foresee is not Operation.foresee


class Careless(PutObjectTagging):
    """Asks for something else than a look while it should only look."""

    step = None

    def foresee(self, target, context):
        return (yield type(self).step)


def put():
    return Call(context_at(ENDPOINT, None).bucket("photos"), "PutObjectTagging", {"Key": "k"})


@pytest.mark.parametrize(
    "step",
    [
        put(),
        Stream(put(), print),
        Apart(print),
        Keep(b"state"),
    ],
    ids=["Call", "Stream", "Apart", "Keep"],
)
def test_step_that_may_change_something_is_refused_before_it_is_done(step, monkeypatch):
    monkeypatch.setattr(Careless, "step", step)
    operation = Careless.parse(TAGGING.to_wire())
    steps = DryRun(operation).run(OBJECT, context_at(ENDPOINT, None))
    with pytest.raises(WriteInDryRunError):
        next(steps)
        steps.send(head())


def test_write_among_calls_side_by_side_is_refused_when_it_would_begin(monkeypatch):
    monkeypatch.setattr(Careless, "step", Together([put()]))
    operation = Careless.parse(TAGGING.to_wire())
    _, step = walk(DryRun(operation).run(OBJECT, context_at(ENDPOINT, None)), head())[0]
    with pytest.raises(WriteInDryRunError):
        list(step.calls)


def test_waiting_is_no_write(monkeypatch):
    monkeypatch.setattr(Careless, "step", Later(1.0))
    operation = Careless.parse(TAGGING.to_wire())
    steps, _ = walk(DryRun(operation).run(OBJECT, context_at(ENDPOINT, None)), head())
    assert steps[1:] == [Later(1.0)]
