"""Which form shows the settings of which operation, and how step 2 groups them (ux.md 2.6)."""

from dataclasses import dataclass

from jobs.choices import Risk
from jobs.console.forms.operations.base import OperationForm
from jobs.console.forms.operations.delete_object import DeleteObjectForm
from jobs.console.forms.operations.put_object_copy import PutObjectCopyForm
from jobs.console.forms.operations.put_object_tagging import PutObjectTaggingForm

FORMS: dict[str, type[OperationForm]] = {
    "S3PutObjectCopy": PutObjectCopyForm,
    "S3PutObjectTagging": PutObjectTaggingForm,
    "S3DeleteObject": DeleteObjectForm,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One operation as step 2 offers it."""

    name: str
    label: str
    does: str

    @property
    def is_ready(self) -> bool:
        return self.name in FORMS

    @property
    def risk(self) -> Risk | None:
        form = FORMS.get(self.name)
        return form.operation.risk if form else None


GROUPS: tuple[tuple[str, tuple[Choice, ...]], ...] = (
    (
        "Copy and move",
        (
            Choice("S3PutObjectCopy", "Copy", "Copies each object to a bucket."),
            Choice("S3ReplicateObject", "Replicate", "Sends objects where replication rules say."),
        ),
    ),
    (
        "Change properties",
        (
            Choice(
                "S3PutObjectTagging",
                "Replace all object tags",
                "Gives each object a new set of tags; those it has are lost.",
            ),
            Choice("S3DeleteObjectTagging", "Delete all object tags", "Removes every tag."),
            Choice(
                "S3PutObjectAcl",
                "Replace access control list (ACL)",
                "Decides anew who may read or change each object.",
            ),
            Choice(
                "S3UpdateObjectEncryption",
                "Update object encryption",
                "Encrypts each object with another KMS key.",
            ),
        ),
    ),
    (
        "Archive and lock",
        (
            Choice("S3InitiateRestoreObject", "Restore", "Asks for copies of archived objects."),
            Choice(
                "S3PutObjectRetention",
                "Object Lock retention",
                "Protects object versions until a date.",
            ),
            Choice(
                "S3PutObjectLegalHold",
                "Object Lock legal hold",
                "Protects object versions until the hold is lifted.",
            ),
        ),
    ),
    (
        "Delete",
        (
            Choice(
                "S3DeleteObject", "Delete objects", "Deletes each object, or the version listed."
            ),
        ),
    ),
    (
        "Check and custom",
        (
            Choice(
                "S3ComputeObjectChecksum", "Compute checksum", "Reads objects, changes nothing."
            ),
            Choice("LambdaInvoke", "Invoke function", "Calls a function of yours per object."),
        ),
    ),
)
