"""How objects of a generated list are encrypted: the one alternative of MatchAnyObjectEncryption."""

import re
from dataclasses import dataclass
from typing import Any, Self

from jobs.spec.checking import Checker, given

KEY_PATTERN = r"arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+"
KEY_LENGTHS = (20, 2048)
MEMBERS = {
    "SSE-S3": (),
    "SSE-KMS": ("KmsKeyArn", "BucketKeyEnabled"),
    "DSSE-KMS": ("KmsKeyArn",),
    "SSE-C": (),
    "NOT-SSE": (),
}
"""The alternatives by their names on the wire, with their members."""


@dataclass(frozen=True, slots=True)
class EncryptionFilter:
    """`kind` is a name of MEMBERS. `key_arn` and `bucket_key` are None where they are not asked for."""

    kind: str
    key_arn: str | None = None
    bucket_key: bool | None = None

    @classmethod
    def parse(cls, value: Any, field: str, check: Checker) -> Self | None:
        if value is None:
            return None
        items = check.items(value, field)
        if len(items) != 1:
            check.say(field, f"{field} must hold exactly 1 kind of encryption, not {len(items):,}.")
            return None
        return cls._alternative(items[0], f"{field}[0]", check)

    @classmethod
    def _alternative(cls, value: Any, field: str, check: Checker) -> Self | None:
        wire = check.structure(value, field)
        check.only(wire, MEMBERS, field)
        named = [kind for kind in MEMBERS if wire.get(kind) is not None]
        if len(named) != 1:
            check.say(field, f"{field} must have exactly one of {', '.join(MEMBERS)}.")
            return None
        (kind,) = named
        inner = check.structure(wire[kind], f"{field}.{kind}")
        check.only(inner, MEMBERS[kind], f"{field}.{kind}")
        key_arn = _key(inner.get("KmsKeyArn"), f"{field}.{kind}.KmsKeyArn", check)
        flag = check.flag(inner.get("BucketKeyEnabled"), f"{field}.{kind}.BucketKeyEnabled")
        return cls(kind, key_arn, flag)

    def to_wire(self) -> dict[str, Any]:
        return {self.kind: given({"KmsKeyArn": self.key_arn, "BucketKeyEnabled": self.bucket_key})}


def _key(value: Any, field: str, check: Checker) -> str | None:
    low, high = KEY_LENGTHS
    arn = check.text(value, field, low=low, high=high)
    if arn and not re.fullmatch(KEY_PATTERN, arn):
        check.say(field, f"{field} must be the ARN of a key: arn:aws:kms:region:account:key/name.")
    return arn
