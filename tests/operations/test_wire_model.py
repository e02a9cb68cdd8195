"""Our tables against the vendor's own model of the API.

See docs/engine.md, Our tables and the vendor's model.
"""

import copy
import re
import sys

import boto3
import pytest

from jobs.errors import ValidationFailedError
from jobs.operations import acl, put_object_copy, tags, update_object_encryption
from jobs.operations.checksums import checksum_algorithms, checksum_saying
from jobs.operations.copying import copy_event_hold, copy_grants, copy_members, copy_metadata
from jobs.operations.invocations import invocation_event
from jobs.operations.registry import OPERATIONS, get
from jobs.s3 import function_arns


def model(service):
    client = boto3.client(
        service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    return client.meta.service_model


CONTROL = model("s3control")
S3 = model("s3")


def members(shape):
    return set(CONTROL.shape_for(shape).members)


def enum(shape):
    return set(CONTROL.shape_for(shape).enum)


OURS = {
    "S3DeleteObject",
    "S3MergeObjectMetadata",
    "S3MergeObjectTagging",
    "S3MoveObject",
    "S3PutObjectStorageClass",
    "WebhookInvoke",
}
"""AWS has no such operations."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_has_a_name_of_the_wire_unless_it_is_ours(operation):
    assert (operation.name in members("JobOperation")) != (operation.name in OURS)


def test_copy_knows_every_member_and_one_of_ours():
    assert put_object_copy.MEMBERS - members("S3CopyObjectOperation") == {"TargetRegion"}
    assert not members("S3CopyObjectOperation") - put_object_copy.MEMBERS


def test_durations_of_event_holds_have_the_limits_of_the_wire():
    shape = CONTROL.shape_for("S3CopyObjectOperation").members[copy_event_hold.DURATION]
    limits = {name: tuple(s.metadata.values()) for name, s in shape.members.items()}
    assert limits == {name: (1, most) for name, most in copy_event_hold.MOST.items()}


def test_new_metadata_knows_every_member_but_the_meaningless():
    deprecated = {"ContentLength", "ContentMD5", "RequesterCharged"}
    assert members("S3ObjectMetadata") - copy_metadata.MEMBERS == deprecated
    assert members("S3ObjectMetadata") > copy_metadata.MEMBERS


def paths_of(shape, above=()):
    """Of all members, those of structures and of structures in lists too."""
    for name, member in getattr(shape, "members", {}).items():
        path = (*above, name)
        yield path
        yield from paths_of(getattr(member, "member", member), path)


def places(parameters, path):
    """The structures within `parameters` that may hold the last name of `path`."""
    if isinstance(parameters, list):
        return [place for item in parameters for place in places(item, path)]
    if len(path) == 1:
        return [parameters]
    return places(parameters[path[0]], path[1:]) if path[0] in parameters else []


def takes(operation, path):
    """Whether the operation has such a parameter, found out where an example has its structure."""
    for example in map(copy.deepcopy, operation.examples):
        for place in places(example, path):
            place.setdefault(path[-1], None)
        try:
            operation.parse(example)
        except ValidationFailedError as error:
            if any("is not a parameter here" in problem.message for problem in error.problems):
                return False
    return True


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if op.name not in OURS])
def test_examples_together_use_every_member_that_the_operation_takes(operation):
    shape = CONTROL.shape_for("JobOperation").members[operation.name]
    paths = list(paths_of(shape))
    used = {
        path
        for path in paths
        for example in operation.examples
        for place in places(example, path)
        if path[-1] in place
    }
    taken = {path for path in paths if path[:-1] in {(), *used} and takes(operation, path)}
    assert taken == used


@pytest.mark.parametrize(
    ("ours", "shape"),
    [
        (copy_members.STORAGE_CLASSES, "S3StorageClass"),
        (copy_members.CANNED_ACLS, "S3CannedAccessControlList"),
        (copy_members.CHECKSUM_ALGORITHMS, "S3ChecksumAlgorithm"),
        (checksum_algorithms.ALGORITHMS, "ComputeObjectChecksumAlgorithm"),
        (checksum_algorithms.TYPES, "ComputeObjectChecksumType"),
        (copy_members.LOCK_MODES, "S3ObjectLockMode"),
        (copy_members.ON_OFF, "S3ObjectLockLegalHoldStatus"),
        (copy_metadata.ENCRYPTION, "S3SSEAlgorithm"),
        (copy_grants.GRANTEE_TYPES, "S3GranteeTypeIdentifier"),
        (acl.TYPES, "S3GranteeTypeIdentifier"),
        (acl.PERMISSIONS, "S3Permission"),
        ([*copy_grants.HEADERS, "WRITE"], "S3Permission"),
        (("COPY", "REPLACE"), "S3MetadataDirective"),
        (copy_members.ON_OFF, "S3ObjectLockEventHold"),
        (copy_members.ANNOTATIONS, "S3AnnotationDirective"),
    ],
)
def test_choices_are_those_of_the_wire(ours, shape):
    assert set(ours) == enum(shape)


@pytest.mark.parametrize(
    ("ours", "service", "shape"),
    [
        (copy_members.STORAGE_CLASSES, S3, "StorageClass"),
        (copy_members.CANNED_ACLS, S3, "ObjectCannedACL"),
        (acl.TYPES.values(), S3, "Type"),
        (acl.PERMISSIONS, S3, "Permission"),
        (copy_members.CHECKSUM_ALGORITHMS, S3, "ChecksumAlgorithm"),
        (copy_metadata.ENCRYPTION.values(), S3, "ServerSideEncryption"),
    ],
)
def test_choices_are_understood_by_s3(ours, service, shape):
    assert set(ours) <= set(service.shape_for(shape).enum)


@pytest.mark.parametrize(
    ("shape", "limits"),
    [
        ("TagKeyString", (1, tags.MAX_KEY)),
        ("TagValueString", (0, tags.MAX_VALUE)),
        ("NonEmptyMaxLength1024String", (1, 1024)),
        ("NonEmptyMaxLength2048String", (1, 2048)),
        ("KmsKeyArnString", (1, 2000)),
        ("NonEmptyKmsKeyArnString", update_object_encryption.KEY_LENGTHS),
        ("S3RegionalOrS3ExpressBucketArnString", (1, 128)),
    ],
)
def test_limits_are_those_of_the_wire(shape, limits):
    metadata = CONTROL.shape_for(shape).metadata
    assert (metadata["min"], metadata["max"]) == limits


def test_limits_of_an_invocation_are_those_of_the_wire():
    arguments = CONTROL.shape_for("UserArguments")
    assert arguments.metadata == {"min": 1, "max": invocation_event.MOST_ARGUMENTS}
    assert arguments.key.metadata == {"min": 1, "max": invocation_event.MOST_NAME}
    assert arguments.value.metadata == {"max": invocation_event.MOST_VALUE}
    arn = CONTROL.shape_for("FunctionArnString").metadata
    assert (arn["min"], arn["max"]) == (1, function_arns.MOST)


@pytest.mark.parametrize("qualifier", ["", ":live", ":7", ":$LATEST"])
def test_arn_of_a_function_is_one_of_the_wire(qualifier):
    arn = function_arns.function_arn("eu-west-1", "123456789012", "Thumb-nails_2") + qualifier
    pattern = CONTROL.shape_for("FunctionArnString").metadata["pattern"]
    assert re.fullmatch(pattern, arn)
    assert function_arns.parse_function_arn(arn).function == f"Thumb-nails_2{qualifier}"


def test_pattern_of_a_key_is_that_of_the_wire_and_of_s3():
    for service in (CONTROL, S3):
        metadata = service.shape_for("NonEmptyKmsKeyArnString").metadata
        assert metadata["pattern"] == update_object_encryption.KEY_PATTERN


def test_encryption_is_sent_as_s3_takes_it():
    known = S3.operation_model("UpdateObjectEncryption").input_shape.members["ObjectEncryption"]
    assert set(known.members) == members("ObjectEncryption")
    assert set(known.members["SSEKMS"].members) == members("S3UpdateObjectEncryptionSSEKMS")


def test_tag_characters_are_those_of_the_wire():
    # The pattern speaks of Unicode classes, which Python's own expressions do not know.
    pattern = CONTROL.shape_for("TagKeyString").metadata["pattern"]
    assert pattern == r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"
    allowed = [chr(n) for n in range(128) if tags._is_allowed(chr(n))]
    assert "".join(allowed) == "".join(re.findall(r"[A-Za-z0-9 _.:/=+\-@]", _ascii()))
    assert tags._is_allowed("ü")
    assert not tags._is_allowed("\u0301")
    assert not any(tags._is_allowed(chr(n)) for n in range(0xD800, 0xE000))


def _ascii():
    return "".join(map(chr, range(128)))


def test_everything_that_a_copy_may_send_is_a_parameter_of_copy_object():
    known = set(S3.operation_model("CopyObject").input_shape.members)
    ours = {
        *copy_members._PASSED_ON.values(),
        *copy_metadata.TEXTS.values(),
        *copy_grants.HEADERS.values(),
        *(f"{copy_event_hold.DURATION}{name}" for name in copy_event_hold.MOST),
        *("Expires", "Metadata", "ServerSideEncryption", "MetadataDirective"),
        *("TaggingDirective", "Tagging", "RequestPayer", "CopySource", "Key"),
    }
    assert ours <= known
    assert not {name for name in known if name.startswith("GrantWrite")} - {"GrantWriteACP"}


def test_computing_checksums_knows_every_member():
    known = members("S3ComputeObjectChecksumOperation")
    assert known == {"ChecksumAlgorithm", "ChecksumType"}
    with pytest.raises(ValidationFailedError) as caught:
        get("S3ComputeObjectChecksum").parse(dict.fromkeys(known, "none") | {"More": ""})
    assert {problem.field for problem in caught.value.problems} == known | {"More"}


@pytest.mark.parametrize("name", checksum_algorithms.ALGORITHMS)
def test_checksum_of_the_storage_is_looked_for_under_the_name_of_its_header(name):
    shape = S3.operation_model("HeadObject").output_shape.members[f"Checksum{name}"]
    said = {shape.serialization["name"]: "AAAA", "x-amz-checksum-type": "FULL_OBJECT"}
    assert checksum_saying.stated(name, "FULL_OBJECT", 0, said) == (*said,)[:1] + ("AAAA",)


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("LambdaInvokeOperation", {"FunctionArn", "InvocationSchemaVersion", "UserArguments"}),
        ("S3SetObjectTaggingOperation", {"TagSet"}),
        ("S3DeleteObjectTaggingOperation", set()),
        ("S3SetObjectAclOperation", {acl.FIELD}),
        ("S3UpdateObjectEncryptionOperation", {"ObjectEncryption"}),
        ("ObjectEncryption", {"SSEKMS"}),
        ("S3UpdateObjectEncryptionSSEKMS", {"KMSKeyArn", "BucketKeyEnabled"}),
        ("S3AccessControlPolicy", {acl.CANNED, acl.LISTED}),
        ("S3AccessControlList", {"Owner", "Grants"}),
        ("S3ObjectOwner", {"ID", "DisplayName"}),
        ("S3Grant", {"Grantee", "Permission"}),
        ("S3Grantee", set(copy_grants._GRANTEE)),
    ],
)
def test_every_member_of_the_wire_is_known(shape, known):
    assert members(shape) == known


@pytest.mark.parametrize("parameters", get("S3PutObjectAcl").examples)
def test_everything_that_an_acl_may_send_is_a_parameter_of_put_object_acl(parameters):
    known = S3.operation_model("PutObjectAcl").input_shape.members
    sent = acl.to_params(parameters[acl.FIELD])
    assert set(sent) <= set(known)
    policy = known["AccessControlPolicy"].members
    for grant in sent.get("AccessControlPolicy", {}).get("Grants", ()):
        assert set(grant["Grantee"]) <= set(policy["Grants"].member.members["Grantee"].members)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_module_is_named_by_the_verb_of_the_wire(operation):
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", operation.name.removeprefix("S3")).lower()
    assert operation.__module__ == f"jobs.operations.{words}"
    assert get(operation.name) is operation
    assert sys.modules[operation.__module__].__doc__
