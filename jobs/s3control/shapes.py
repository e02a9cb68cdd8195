"""Which shape each member of a request has, since XML alone does not tell a list from a structure, or
a number from a text. Pure. A test compares it with AWS's own model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Union

MEMBER = "member"


class Leaf(Enum):
    TEXT = auto()
    FLAG = auto()
    NUMBER = auto()


TEXT, FLAG, NUMBER = Leaf.TEXT, Leaf.FLAG, Leaf.NUMBER


@dataclass(frozen=True, slots=True)
class Many:
    """A list. An item's element is `written`, as SDKs write it, or `named`, as AWS's pages do."""

    item: "Shape"
    named: str
    written: str = MEMBER


@dataclass(frozen=True, slots=True)
class Entries:
    """A map of texts: <entry><key>...</key><value>...</value></entry>."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Has another name in the parameters of operations than on the wire."""

    name: str
    shape: "Shape"


Shape = Union[Leaf, Many, Entries, Renamed, "Structure"]  # noqa: UP007 - names that follow
Structure = Mapping[str, Shape]


def _texts(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names, TEXT)


TAGS = Many(_texts("Key", "Value"), "S3Tag")
_GRANTS = Many(
    {"Grantee": _texts("TypeIdentifier", "Identifier", "DisplayName"), "Permission": TEXT},
    "S3Grant",
)
_DURATION: Structure = {"Days": NUMBER, "Years": NUMBER}
_METADATA: Structure = {
    **_texts("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage"),
    "UserMetadata": Entries(),
    "ContentLength": NUMBER,
    **_texts("ContentMD5", "ContentType", "HttpExpiresDate"),
    "RequesterCharged": FLAG,
    "SSEAlgorithm": TEXT,
}
_COPY: Structure = {
    **_texts("TargetResource", "CannedAccessControlList"),
    "AccessControlGrants": _GRANTS,
    **_texts("MetadataDirective", "AnnotationDirective", "ModifiedSinceConstraint"),
    "NewObjectMetadata": _METADATA,
    "NewObjectTagging": TAGS,
    "RedirectLocation": TEXT,
    "RequesterPays": FLAG,
    **_texts("StorageClass", "UnModifiedSinceConstraint", "SSEAwsKmsKeyId", "TargetKeyPrefix"),
    **_texts("ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate"),
    "BucketKeyEnabled": FLAG,
    **_texts("ChecksumAlgorithm", "ObjectLockEventHold"),
    "ObjectLockEventHoldDuration": _DURATION,
}
_ACL: Structure = {
    "AccessControlPolicy": {
        "AccessControlList": {"Owner": _texts("ID", "DisplayName"), "Grants": _GRANTS},
        "CannedAccessControlList": TEXT,
    }
}
_RETENTION: Structure = {
    "BypassGovernanceRetention": FLAG,
    "Retention": {**_texts("RetainUntilDate", "Mode", "EventHold"), "EventHoldDuration": _DURATION},
}
OPERATION: dict[str, Structure] = {
    "LambdaInvoke": {
        **_texts("FunctionArn", "InvocationSchemaVersion"),
        "UserArguments": Entries(),
    },
    "S3PutObjectCopy": _COPY,
    "S3PutObjectAcl": _ACL,
    "S3PutObjectTagging": {"TagSet": TAGS},
    "S3DeleteObjectTagging": {},
    "S3InitiateRestoreObject": {"ExpirationInDays": NUMBER, "GlacierJobTier": TEXT},
    "S3PutObjectLegalHold": {"LegalHold": _texts("Status")},
    "S3PutObjectRetention": _RETENTION,
    "S3ReplicateObject": {},
    "S3ComputeObjectChecksum": _texts("ChecksumAlgorithm", "ChecksumType"),
    "S3UpdateObjectEncryption": {
        "ObjectEncryption": {
            "SSE-KMS": Renamed("SSEKMS", {"KMSKeyArn": TEXT, "BucketKeyEnabled": FLAG})
        }
    },
}
_LOCATION: Structure = _texts("ObjectArn", "ObjectVersionId", "ETag")
MANIFEST: Structure = {
    "Spec": {"Format": TEXT, "Fields": Many(TEXT, "JobManifestFieldName")},
    "Location": _LOCATION,
}
_ENCRYPTION = Many(
    {
        "SSE-S3": {},
        "SSE-KMS": {"KmsKeyArn": TEXT, "BucketKeyEnabled": FLAG},
        "DSSE-KMS": {"KmsKeyArn": TEXT},
        "SSE-C": {},
        "NOT-SSE": {},
    },
    "ObjectEncryptionFilter",
    written="ObjectEncryption",
)
_KEYS = Many(TEXT, "NonEmptyMaxLength1024String")
_FILTER: Structure = {
    "EligibleForReplication": FLAG,
    **_texts("CreatedAfter", "CreatedBefore"),
    "ObjectReplicationStatuses": Many(TEXT, "ReplicationStatus"),
    "KeyNameConstraint": {
        "MatchAnyPrefix": _KEYS,
        "MatchAnySuffix": _KEYS,
        "MatchAnySubstring": _KEYS,
    },
    "ObjectSizeGreaterThanBytes": NUMBER,
    "ObjectSizeLessThanBytes": NUMBER,
    "MatchAnyStorageClass": Many(TEXT, "S3StorageClass"),
    "MatchAnyObjectEncryption": _ENCRYPTION,
}
GENERATOR: Structure = {
    "S3JobManifestGenerator": {
        **_texts("ExpectedBucketOwner", "SourceBucket"),
        "ManifestOutputLocation": {
            **_texts("ExpectedManifestBucketOwner", "Bucket", "ManifestPrefix"),
            "ManifestEncryption": {"SSE-S3": {}, "SSE-KMS": {"KeyId": TEXT}},
            "ManifestFormat": TEXT,
        },
        "Filter": _FILTER,
        "EnableManifestOutput": FLAG,
    }
}
REPORT: Structure = {
    **_texts("Bucket", "Format"),
    "Enabled": FLAG,
    **_texts("Prefix", "ReportScope", "ExpectedBucketOwner"),
}
EXTENSION = "BatchConsole"
CREATE_JOB: Structure = {
    "ConfirmationRequired": FLAG,
    "Operation": OPERATION,
    "Report": REPORT,
    "ClientRequestToken": TEXT,
    "Manifest": MANIFEST,
    "Description": TEXT,
    "Priority": NUMBER,
    "RoleArn": TEXT,
    "Tags": TAGS,
    "ManifestGenerator": GENERATOR,
    EXTENSION: TEXT,
}
PUT_JOB_TAGGING: Structure = {"Tags": TAGS}

_PROGRESS: Structure = {
    "TotalNumberOfTasks": NUMBER,
    "NumberOfTasksSucceeded": NUMBER,
    "NumberOfTasksFailed": NUMBER,
    "Timers": {"ElapsedTimeInActiveSeconds": NUMBER},
}
JOB: Structure = {
    "JobId": TEXT,
    "ConfirmationRequired": FLAG,
    **_texts("Description", "JobArn", "Status"),
    "Manifest": MANIFEST,
    "Operation": OPERATION,
    "Priority": NUMBER,
    "ProgressSummary": _PROGRESS,
    "StatusUpdateReason": TEXT,
    "FailureReasons": Many(_texts("FailureCode", "FailureReason"), "JobFailure"),
    "Report": REPORT,
    **_texts("CreationTime", "TerminationDate", "RoleArn", "SuspendedDate", "SuspendedCause"),
    "ManifestGenerator": GENERATOR,
    "GeneratedManifestDescriptor": {"Format": TEXT, "Location": _LOCATION},
    EXTENSION: TEXT,
}
LISTED_JOB: Structure = {
    **_texts("JobId", "Description", "Operation"),
    "Priority": NUMBER,
    **_texts("Status", "CreationTime", "TerminationDate"),
    "ProgressSummary": _PROGRESS,
}
RESULTS: Mapping[str, Structure] = {
    "CreateJobResult": {"JobId": TEXT},
    "DescribeJobResult": {"Job": JOB},
    "ListJobsResult": {"NextToken": TEXT, "Jobs": Many(LISTED_JOB, "JobListDescriptor")},
    "UpdateJobPriorityResult": {"JobId": TEXT, "Priority": NUMBER},
    "UpdateJobStatusResult": _texts("JobId", "Status", "StatusUpdateReason"),
    "GetJobTaggingResult": {"Tags": TAGS},
    "PutJobTaggingResult": {},
    "DeleteJobTaggingResult": {},
}
