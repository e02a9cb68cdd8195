"""What Copy asks for, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.copy_members import CANNED_ACLS, STORAGE_CLASS_LABELS, UNSPECIFIED_CLASS
from jobs.operations.fields import (
    BucketField,
    ChoiceField,
    MetadataField,
    Option,
    SwitchField,
    TagsField,
    TextField,
    options_of,
)
from jobs.operations.form import Form, Item, More, Note, When

KEEP, REPLACE, NONE = "keep", "replace", "none"
_TEXTS = {
    "content_type": "Content-Type",
    "cache_control": "Cache-Control",
    "content_disposition": "Content-Disposition",
    "content_encoding": "Content-Encoding",
    "content_language": "Content-Language",
}

_METADATA = ChoiceField(
    name="metadata_directive",
    label="Metadata",
    options=(
        Option(KEEP, "Keep the source's"),
        Option(
            REPLACE,
            "Replace all metadata",
            sets={"MetadataDirective": "REPLACE", "NewObjectMetadata": {}},
        ),
    ),
    initial=KEEP,
    choose="Choose what happens to the metadata.",
    is_radio=True,
)
_NEW_METADATA: tuple[Item, ...] = (
    Note("New metadata, used when all metadata is replaced. What is left empty is not set."),
    *(
        TextField(
            name=name,
            label=header,
            path=f"NewObjectMetadata.{header.replace('-', '')}",
            high=1024,
        )
        for name, header in _TEXTS.items()
    ),
    MetadataField(
        name="metadata",
        label="User metadata",
        path="NewObjectMetadata.UserMetadata",
        help_text="Names without x-amz-meta-.",
    ),
)
_TAGGING = ChoiceField(
    name="tagging",
    label="Object tags",
    options=(
        Option(KEEP, "Keep the source's"),
        Option(REPLACE, "Replace all tags", where="NewObjectTagging"),
        Option(NONE, "No tags on the copies", sets={"NewObjectTagging": []}),
    ),
    initial=KEEP,
    choose="Choose what happens to the tags.",
    is_radio=True,
)
_NEW_TAGS = TagsField(
    name="new_tags",
    label="Tags of the copies",
    path="NewObjectTagging",
    help_text="Used when all tags are replaced.",
    enter="Enter at least one tag, or choose to set none.",
)
_ACL = ChoiceField(
    name="acl",
    label="Canned ACL",
    path="CannedAccessControlList",
    options=(Option("", "Not specified"), *(Option(name, name) for name in CANNED_ACLS)),
)

FORM = Form(
    (
        BucketField(
            name="target_bucket",
            label="Destination bucket",
            path="TargetResource",
            help_text="The bucket of the list, without a prefix, copies objects onto themselves: what"
            " is not set here is kept.",
            enter="Enter the name of the destination bucket.",
        ),
        TextField(
            name="target_prefix",
            label="Destination prefix",
            path="TargetKeyPrefix",
            high=1024,
            help_text="A folder in that bucket. Empty means that the copies keep their keys.",
            is_code=True,
        ),
        ChoiceField(
            name="storage_class",
            label="Storage class",
            path="StorageClass",
            options=(
                Option("", UNSPECIFIED_CLASS),
                *options_of(STORAGE_CLASS_LABELS),
            ),
        ),
        SwitchField(
            name="acknowledged",
            label="I acknowledge that existing objects with the same name will be overwritten",
            must="Tick the box to confirm that existing objects may be overwritten.",
        ),
        More(
            "More settings: metadata, tags, ACL",
            (
                _METADATA,
                When(_METADATA.name, (REPLACE,), _NEW_METADATA),
                _TAGGING,
                When(_TAGGING.name, (REPLACE,), (_NEW_TAGS,)),
                _ACL,
            ),
        ),
    )
)

_PLAINEST = {"TargetResource": "arn:aws:s3:::new-photos"}
EXAMPLES: tuple[Mapping[str, Any], ...] = (
    _PLAINEST,
    _PLAINEST | {"TargetKeyPrefix": "köln 2/", "StorageClass": "STANDARD_IA"},
    _PLAINEST | {"NewObjectTagging": [{"Key": "a", "Value": "b c+ü/="}]},
    _PLAINEST | {"NewObjectTagging": []},
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
