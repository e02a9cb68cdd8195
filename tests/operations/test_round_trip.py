"""Whatever parses is written again as it came, and nothing else gets through or breaks."""

import json
from datetime import UTC

import boto3
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ValidationFailedError
from jobs.operations import acl, registry, tags
from jobs.operations.checksums.checksum_algorithms import ALGORITHMS, TYPES
from jobs.operations.compute_object_checksum import ComputeObjectChecksum
from jobs.operations.copying import copy_grants, copy_members
from jobs.operations.initiate_restore_object import InitiateRestoreObject
from jobs.operations.put_object_acl import PutObjectAcl
from jobs.operations.put_object_copy import MEMBERS, PutObjectCopy
from jobs.operations.put_object_retention import PutObjectRetention
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target
from tests.operations.walking import first_call

ENDPOINT = Endpoint("http://127.0.0.1:1", "us-east-1", "path")
CLIENT = boto3.client(
    "s3",
    endpoint_url=ENDPOINT.url,
    region_name="us-east-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
)
TAG_CHARACTERS = st.characters(categories=["L", "Z", "N"], include_characters="_.:/=+-@")
HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
MOMENT = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
TAG_SET = st.lists(
    st.fixed_dictionaries(
        {
            "Key": st.text(TAG_CHARACTERS, min_size=1, max_size=20).filter(
                lambda key: not key.lower().startswith("aws:")
            ),
            "Value": st.text(TAG_CHARACTERS, max_size=20),
        }
    ),
    max_size=tags.MAX_OBJECT_TAGS,
    unique_by=lambda tag: tag["Key"],
)
REPLACED = st.fixed_dictionaries(
    {},
    optional={
        "CacheControl": HEADER,
        "ContentType": HEADER,
        "HttpExpiresDate": MOMENT,
        "UserMetadata": st.dictionaries(
            st.text("abcdefgh-_.", min_size=1, max_size=9), HEADER, min_size=1, max_size=5
        ),
        "SSEAlgorithm": st.sampled_from(["AES256", "KMS"]),
    },
)
METADATA = st.one_of(
    st.just({}),
    st.sampled_from(["AES256", "KMS"]).map(
        lambda name: {"MetadataDirective": "COPY", "NewObjectMetadata": {"SSEAlgorithm": name}}
    ),
    REPLACED.map(lambda given: {"MetadataDirective": "REPLACE", "NewObjectMetadata": given}),
)
GRANTS = st.lists(
    st.fixed_dictionaries(
        {
            "Grantee": st.fixed_dictionaries(
                {
                    "TypeIdentifier": st.sampled_from(copy_grants.GRANTEE_TYPES),
                    "Identifier": st.text("abc123@./:", min_size=1, max_size=20),
                }
            ),
            "Permission": st.sampled_from(sorted(copy_grants.HEADERS)),
        }
    ),
    min_size=1,
    max_size=4,
)
PLAIN = st.fixed_dictionaries(
    {"TargetResource": st.sampled_from(["arn:aws:s3:::archive", "arn:aws-cn:s3:::a.b-c"])},
    optional={
        "TargetKeyPrefix": st.text(
            st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=20
        ),
        "NewObjectTagging": TAG_SET,
        "StorageClass": st.sampled_from(copy_members.STORAGE_CLASSES),
        "AccessControlGrants": GRANTS,
        "BucketKeyEnabled": st.booleans(),
        "RequesterPays": st.booleans(),
        "ModifiedSinceConstraint": MOMENT,
        "UnModifiedSinceConstraint": MOMENT,
        "RedirectLocation": HEADER.map(lambda text: f"/{text}"),
        "ChecksumAlgorithm": st.sampled_from(copy_members.CHECKSUM_ALGORITHMS),
        "ObjectLockLegalHoldStatus": st.sampled_from(copy_members.ON_OFF),
        "ObjectLockEventHold": st.sampled_from(copy_members.ON_OFF),
        "AnnotationDirective": st.sampled_from(copy_members.ANNOTATIONS),
    },
)
COPIES = st.builds(lambda plain, metadata: plain | metadata, PLAIN, METADATA)
HELD = st.fixed_dictionaries(
    {"EventHold": st.sampled_from(["ON", "OFF"])},
    optional={
        "EventHoldDuration": st.one_of(
            st.fixed_dictionaries({"Days": st.integers(1, 36_500)}),
            st.fixed_dictionaries({"Years": st.integers(1, 100)}),
        )
    },
)
DATED = st.fixed_dictionaries(
    {"Mode": st.sampled_from(["GOVERNANCE", "COMPLIANCE"]), "RetainUntilDate": MOMENT}
)
RETENTIONS = st.fixed_dictionaries(
    {
        "Retention": st.one_of(
            st.just({}), HELD, DATED, st.builds(lambda held, dated: held | dated, HELD, DATED)
        )
    },
    optional={"BypassGovernanceRetention": st.booleans()},
)
RESTORES = st.fixed_dictionaries(
    {},
    optional={
        "ExpirationInDays": st.integers(0, 2**31 - 1),
        "GlacierJobTier": st.sampled_from(["STANDARD", "BULK"]),
    },
)
LOCK_AND_ARCHIVE = {
    *("LegalHold", "Retention", "BypassGovernanceRetention", "ExpirationInDays", "GlacierJobTier")
}
INNER = [
    *("Key", "Value", "Grantee", "Permission", "SSEAlgorithm", "AccessControlList", "Owner", "ID"),
    *("Grants", "TypeIdentifier", "CannedAccessControlList", "SSEKMS", "KMSKeyArn"),
    *("BucketKeyEnabled", "x"),
    *("Status", "Mode", "RetainUntilDate", "EventHold", "EventHoldDuration", "Days", "Years"),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(INNER),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
ANY_MEMBER = [
    *sorted(MEMBERS),
    *sorted(LOCK_AND_ARCHIVE),
    *("TagSet", acl.FIELD, "ChecksumAlgorithm", "ChecksumType", "ObjectEncryption", "x"),
]
NAMES = st.text(st.characters(min_codepoint=33, exclude_categories=["C"]), min_size=1, max_size=20)
OWNER = st.fixed_dictionaries({"ID": NAMES}, optional={"DisplayName": NAMES})
ACL_GRANTS = st.lists(
    st.fixed_dictionaries(
        {
            "Grantee": st.fixed_dictionaries(
                {
                    "TypeIdentifier": st.sampled_from(copy_grants.GRANTEE_TYPES),
                    "Identifier": st.text("abc123@./:", min_size=1, max_size=20),
                }
            ),
            "Permission": st.sampled_from(acl.PERMISSIONS),
        }
    ),
    max_size=4,
)
LISTED = st.fixed_dictionaries({"Owner": OWNER}, optional={"Grants": ACL_GRANTS})
POLICIES = st.one_of(
    st.sampled_from(copy_members.CANNED_ACLS).map(lambda name: {acl.CANNED: name}),
    LISTED.map(lambda listed: {acl.LISTED: listed}),
)


@given(POLICIES, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_acl_is_written_as_it_was_read_and_botocore_takes_it(policy, key):
    operation = PutObjectAcl.parse(json.loads(json.dumps({acl.FIELD: policy})))
    assert operation.to_wire() == {acl.FIELD: policy}
    assert all(text for _, text in operation.summary())
    params = {"Bucket": "photos", "Key": key, **acl.to_params(operation.policy)}
    with Stubber(CLIENT) as stub:
        stub.add_response("put_object_acl", {}, params)
        CLIENT.put_object_acl(**params)


@given(COPIES)
def test_copy_is_written_as_it_was_read(wire):
    assert PutObjectCopy.parse(json.loads(json.dumps(wire))).to_wire() == wire


@given(TAG_SET.filter(bool))
def test_tagging_is_written_as_it_was_read(tag_set):
    assert PutObjectTagging.parse({"TagSet": tag_set}).to_wire() == {"TagSet": tag_set}


@given(COPIES, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_botocore_takes_every_copy_that_parses(wire, key):
    operation = PutObjectCopy.parse(wire)
    call = first_call(operation, Target("photos", key), ENDPOINT)
    with Stubber(CLIENT) as stub:
        stub.add_response("copy_object", {}, {"Bucket": call.to.name, **call.params})
        CLIENT.copy_object(Bucket=call.to.name, **call.params)
    assert operation.summary()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "ChecksumAlgorithm": st.sampled_from([*ALGORITHMS]),
            "ChecksumType": st.sampled_from(TYPES),
        },
    ).filter(
        lambda wire: (
            wire.get("ChecksumType") != "COMPOSITE"
            or wire.get("ChecksumAlgorithm", "CRC64NVME") != "CRC64NVME"
        )
    )
)
def test_checksum_is_written_as_it_was_read(wire):
    assert ComputeObjectChecksum.parse(json.loads(json.dumps(wire))).to_wire() == wire


@given(RETENTIONS)
def test_botocore_takes_every_retention_that_parses_and_it_is_written_as_it_was_read(wire):
    operation = PutObjectRetention.parse(json.loads(json.dumps(wire)))
    assert operation.to_wire() == wire
    assert_taken_by_botocore(operation, "put_object_retention")


@given(RESTORES)
def test_botocore_takes_every_restore_that_parses_and_it_is_written_as_it_was_read(wire):
    operation = InitiateRestoreObject.parse(json.loads(json.dumps(wire)))
    assert operation.to_wire() == wire
    assert_taken_by_botocore(operation, "restore_object")


def assert_taken_by_botocore(operation, method):
    call = first_call(operation, Target("photos", "k"), ENDPOINT)
    with Stubber(CLIENT) as stub:
        stub.add_response(method, {}, {"Bucket": call.to.name, **call.params})
        getattr(CLIENT, method)(Bucket=call.to.name, **call.params)
    assert operation.summary()
    assert operation.consequence(2, ["photos"])


@given(st.dictionaries(st.sampled_from(ANY_MEMBER), ANYTHING, max_size=4))
def test_anything_else_is_refused_with_sentences_and_nothing_breaks(wire):
    for operation in registry.OPERATIONS:
        try:
            parsed = operation.parse(wire)
        except ValidationFailedError as error:
            assert error.problems
            assert all(problem.field and problem.message[-1] == "." for problem in error.problems)
        else:
            again = operation.parse(parsed.to_wire())
            assert again == parsed
