"""Settings of Copy that most jobs do without, as its form has them."""

from jobs.operations.copying import copy_event_hold
from jobs.operations.copying.copy_members import CANNED_ACLS, CHECKSUM_ALGORITHMS
from jobs.operations.fields import (
    ChoiceField,
    Column,
    MomentField,
    NumberField,
    Option,
    RowsField,
    SwitchField,
    TextField,
    options_of,
)
from jobs.operations.form import Item, Note, When
from jobs.operations.put_object_acl_form import GRANTEES

MOST_GRANTS = 100
_GRANTS_OF_COPIES = "AccessControlGrants"
_PERMISSIONS = {
    "READ": "READ: read the object",
    "READ_ACP": "READ_ACP: read its ACL",
    "WRITE_ACP": "WRITE_ACP: change its ACL",
    "FULL_CONTROL": "FULL_CONTROL: all of these",
}
_UNTOLD = Option("", "Not specified")

EXPIRES = MomentField(
    name="expires", label="Expires", path="NewObjectMetadata.HttpExpiresDate", help_text="In UTC."
)

_ENCRYPTION = ChoiceField(
    name="encryption",
    label="Encryption",
    path="NewObjectMetadata.SSEAlgorithm",
    options=(
        Option("", "As the destination bucket does by itself"),
        Option("AES256", "SSE-S3 (AES256)"),
        Option("KMS", "SSE-KMS"),
    ),
)
ENCRYPTION: tuple[Item, ...] = (
    _ENCRYPTION,
    When(
        _ENCRYPTION.name,
        ("KMS",),
        (
            TextField(
                name="kms_key",
                label="KMS key",
                path="SSEAwsKmsKeyId",
                high=2000,
                help_text="ID, ARN or alias. Empty means the storage's own key for S3.",
                is_code=True,
            ),
            SwitchField(name="bucket_key", label="Use a Bucket Key", path="BucketKeyEnabled"),
        ),
    ),
)

_ACL = ChoiceField(
    name="acl",
    label="Access control list (ACL)",
    options=(
        _UNTOLD,
        *(Option(name, name, sets={"CannedAccessControlList": name}) for name in CANNED_ACLS),
        Option("grants", "A list of grants", where=_GRANTS_OF_COPIES),
    ),
)
_GRANTS = RowsField(
    name="grants",
    label="Grants",
    path=_GRANTS_OF_COPIES,
    columns=(
        Column("kind", "Grantee is", "Grantee.TypeIdentifier", options=options_of(GRANTEES)),
        Column("who", "Grantee", "Grantee.Identifier"),
        Column("name", "Name of a user", "Grantee.DisplayName", may_be_absent=True),
        Column("may", "Permission", "Permission", options=options_of(_PERMISSIONS)),
    ),
    most=MOST_GRANTS,
    add="Add grant",
    enter="Enter at least one grant, or choose another access control list.",
)
ACCESS: tuple[Item, ...] = (_ACL, When(_ACL.name, ("grants",), (_GRANTS,)))

_MODE = ChoiceField(
    name="lock_mode",
    label="Retention mode",
    path="ObjectLockMode",
    options=(
        Option("", "None"),
        Option("GOVERNANCE", "Governance"),
        Option("COMPLIANCE", "Compliance: nobody can shorten it"),
    ),
)
_EVENT = ChoiceField(
    name="event_hold",
    label="Event hold",
    path=copy_event_hold.HOLD,
    options=(_UNTOLD, Option("ON", "On"), Option("OFF", "Off")),
)
_UNIT = ChoiceField(
    name="event_unit",
    label="Locked on after the event for",
    options=(
        _UNTOLD,
        Option("days", "Days", where=f"{copy_event_hold.DURATION}.Days"),
        Option("years", "Years", where=f"{copy_event_hold.DURATION}.Years"),
    ),
)


def _number(name: str, member: str) -> NumberField:
    return NumberField(
        name=name,
        label=f"Number of {name.removeprefix('event_')}",
        path=f"{copy_event_hold.DURATION}.{member}",
        low=1,
        high=copy_event_hold.MOST[member],
        enter=f"Enter a number of {name.removeprefix('event_')}.",
    )


LOCK: tuple[Item, ...] = (
    Note("Only for destination buckets with Object Lock."),
    _MODE,
    When(
        _MODE.name,
        ("GOVERNANCE", "COMPLIANCE"),
        (
            MomentField(
                name="retain_until",
                label="Retain until",
                path="ObjectLockRetainUntilDate",
                enter="Enter until when the copies are retained.",
                help_text="In UTC.",
            ),
        ),
    ),
    ChoiceField(
        name="legal_hold",
        label="Legal hold",
        path="ObjectLockLegalHoldStatus",
        options=(_UNTOLD, Option("ON", "On"), Option("OFF", "Off")),
    ),
    _EVENT,
    When(
        _EVENT.name,
        ("ON",),
        (
            _UNIT,
            When(_UNIT.name, ("days",), (_number("event_days", "Days"),)),
            When(_UNIT.name, ("years",), (_number("event_years", "Years"),)),
        ),
    ),
)

RARE: tuple[Item, ...] = (
    MomentField(
        name="modified_since",
        label="Only objects modified since",
        path="ModifiedSinceConstraint",
        help_text="In UTC. Others fail with PreconditionFailed.",
    ),
    MomentField(
        name="unmodified_since",
        label="Only objects not modified since",
        path="UnModifiedSinceConstraint",
        help_text="In UTC. Others fail with PreconditionFailed.",
    ),
    ChoiceField(
        name="checksum_algorithm",
        label="Checksum function",
        path="ChecksumAlgorithm",
        options=(Option("", "The source's, or the storage's usual one"),)
        + tuple(Option(name, name) for name in CHECKSUM_ALGORITHMS),
    ),
    TextField(
        name="redirect",
        label="Website redirect location",
        path="RedirectLocation",
        help_text="Starts with /, http:// or https://.",
        is_code=True,
    ),
    SwitchField(
        name="requester_pays",
        label="This connection pays for requests (Requester Pays)",
        path="RequesterPays",
    ),
    ChoiceField(
        name="annotations",
        label="Annotations",
        path="AnnotationDirective",
        options=(
            _UNTOLD,
            Option("COPY", "Copy the source's"),
            Option("EXCLUDE", "Leave them out"),
        ),
        help_text="Objects that are copied in parts have none.",
    ),
)
