"""Parameters of Copy that together use every member."""

from collections.abc import Mapping
from typing import Any

_PLAINEST = {"TargetResource": "arn:aws:s3:::new-photos"}
EXAMPLES: tuple[Mapping[str, Any], ...] = (
    _PLAINEST,
    _PLAINEST | {"TargetKeyPrefix": "köln 2/", "StorageClass": "STANDARD_IA"},
    _PLAINEST | {"NewObjectTagging": [{"Key": "a", "Value": "b c+ü/="}]},
    _PLAINEST | {"NewObjectTagging": []},
    _PLAINEST | {"TargetRegion": "elsewhere"},
    _PLAINEST
    | {
        "MetadataDirective": "REPLACE",
        "NewObjectMetadata": {
            "CacheControl": "max-age=60",
            "ContentDisposition": 'attachment; filename="a b.txt"',
            "ContentEncoding": "gzip",
            "ContentLanguage": "de, en",
            "ContentType": "text/plain; charset=utf-8",
            "HttpExpiresDate": "2030-01-02T03:04:05Z",
            "UserMetadata": {"owner": "me  and you", "n": "1"},
            "SSEAlgorithm": "AES256",
        },
    },
    _PLAINEST
    | {
        "MetadataDirective": "COPY",
        "NewObjectMetadata": {"SSEAlgorithm": "KMS"},
        "SSEAwsKmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/photos",
        "BucketKeyEnabled": True,
    },
    _PLAINEST
    | {
        "CannedAccessControlList": "bucket-owner-full-control",
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": "2030-01-02T03:04:05Z",
        "ObjectLockLegalHoldStatus": "ON",
        "ModifiedSinceConstraint": "2020-01-02T03:04:05Z",
        "UnModifiedSinceConstraint": "2030-01-02T03:04:05+02:00",
        "RequesterPays": True,
        "RedirectLocation": "/elsewhere",
        "ChecksumAlgorithm": "SHA256",
    },
    _PLAINEST
    | {
        "ObjectLockEventHold": "ON",
        "ObjectLockEventHoldDuration": {"Days": 30},
        "AnnotationDirective": "EXCLUDE",
    },
    _PLAINEST | {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDuration": {"Years": 1}},
    _PLAINEST
    | {
        "AccessControlGrants": [
            {
                "Grantee": {
                    "TypeIdentifier": "id",
                    "Identifier": "0123456789abcdef",
                    "DisplayName": "Ana",
                },
                "Permission": "READ",
            },
            {
                "Grantee": {
                    "TypeIdentifier": "uri",
                    "Identifier": "http://acs.amazonaws.com/groups/global/AllUsers",
                },
                "Permission": "READ_ACP",
            },
        ],
    },
)
