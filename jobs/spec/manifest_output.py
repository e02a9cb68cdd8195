"""Where a generated list is saved as a manifest: ManifestOutputLocation in its wire form."""

import re
from dataclasses import dataclass
from typing import Any, Self

from jobs.spec.checking import Checker, given
from jobs.spec.names import bucket_arn, parse_bucket

SAVED_FORMAT = "S3InventoryReport_CSV_20211130"
MOST_PREFIX = 512
MOST_KEY_ID = 2000
SSE_S3, SSE_KMS = "SSE-S3", "SSE-KMS"
_MEMBERS = (
    *("ExpectedManifestBucketOwner", "Bucket", "ManifestPrefix", "ManifestEncryption"),
    "ManifestFormat",
)
_OWNER = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ManifestOutput:
    """`encryption` is SSE_S3, SSE_KMS or None for what the bucket has; `key_id` is that of SSE_KMS.
    `expected_owner` is an account of 12 digits.
    """

    bucket: str
    prefix: str = ""
    expected_owner: str | None = None
    encryption: str | None = None
    key_id: str | None = None

    @classmethod
    def parse(cls, value: Any, field: str, check: Checker) -> Self:
        wire = check.structure(value, field)
        check.only(wire, _MEMBERS, field)
        check.choice(wire.get("ManifestFormat", ""), f"{field}.ManifestFormat", [SAVED_FORMAT])
        prefix = check.text(wire.get("ManifestPrefix"), f"{field}.ManifestPrefix", high=MOST_PREFIX)
        encryption, key_id = _encryption(
            wire.get("ManifestEncryption"), f"{field}.ManifestEncryption", check
        )
        return cls(
            bucket=parse_bucket(wire.get("Bucket"), f"{field}.Bucket", check),
            prefix=prefix or "",
            expected_owner=parse_owner(
                wire.get("ExpectedManifestBucketOwner"),
                f"{field}.ExpectedManifestBucketOwner",
                check,
            ),
            encryption=encryption,
            key_id=key_id,
        )

    def to_wire(self) -> dict[str, Any]:
        encryption: dict[str, Any] | None = None
        if self.encryption == SSE_S3:
            encryption = {SSE_S3: {}}
        elif self.encryption == SSE_KMS:
            encryption = {SSE_KMS: {"KeyId": self.key_id}}
        return given(
            {
                "ExpectedManifestBucketOwner": self.expected_owner,
                "Bucket": bucket_arn(self.bucket),
                "ManifestPrefix": self.prefix or None,
                "ManifestEncryption": encryption,
                "ManifestFormat": SAVED_FORMAT,
            }
        )


def parse_owner(value: Any, field: str, check: Checker) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _OWNER.fullmatch(value):
        check.say(field, f"{field} must be an account of 12 digits.")
        return None
    return value


def _encryption(value: Any, field: str, check: Checker) -> tuple[str | None, str | None]:
    wire = check.structure(value, field)
    check.only(wire, (SSE_S3, SSE_KMS), field)
    named = [kind for kind in (SSE_S3, SSE_KMS) if wire.get(kind) is not None]
    if len(named) > 1:
        check.say(field, f"{field} must have one of {SSE_S3} and {SSE_KMS}, not both.")
    if not named:
        return None, None
    inner = check.structure(wire[named[0]], f"{field}.{named[0]}")
    if named[0] == SSE_S3:
        check.only(inner, (), f"{field}.{SSE_S3}")
        return SSE_S3, None
    check.only(inner, ("KeyId",), f"{field}.{SSE_KMS}")
    key_id = check.text(inner.get("KeyId"), f"{field}.{SSE_KMS}.KeyId", high=MOST_KEY_ID)
    if key_id is None and inner.get("KeyId") is None:
        check.say(f"{field}.{SSE_KMS}.KeyId", "Name the KMS key to encrypt with (KeyId).")
    return SSE_KMS, key_id
