"""Update object encryption (docs/operations.md, S3UpdateObjectEncryption)."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import knowing, looks
from jobs.operations.base import Finding, Operation, Steps, counted, named, outcome_of
from jobs.operations.checking import Checker, given
from jobs.operations.context import Context
from jobs.operations.fields import SwitchField, TextField
from jobs.operations.foreseeing import (
    already_so,
    cannot_tell,
    from_look,
    would_change,
    would_fail,
)
from jobs.operations.form import Form, Note
from jobs.operations.looks import Facts
from jobs.operations.permissions import (
    DELETE_OBJECT,
    GET_LOCK,
    GET_OBJECT,
    PUT_ENCRYPTION,
    Permission,
    helping,
)
from jobs.operations.probing import Probing
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.services.call import Call
from jobs.spec.target import Target

ACTION = "UpdateObjectEncryption"
FIELD = "ObjectEncryption"
KMS = f"{FIELD}.SSEKMS"
KEY_PATTERN = r"arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+"
KEY_LENGTHS = (20, 2048)
_EXAMPLE_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REPLACED = "The storage took the request for the object's new content: it does not know this call."
_LACKS = "call to change the encryption of objects in place"
_PROBING = Probing(
    ACTION, _LACKS, "Copy the objects onto themselves with the new encryption instead."
)


@dataclass(frozen=True, slots=True)
class UpdateObjectEncryption(Operation):
    """`bucket_key` None leaves it to the storage, which does without one."""

    name = "S3UpdateObjectEncryption"
    label = "Update object encryption"
    group = OperationGroup.PROPERTIES
    does = "Encrypts each object with another KMS key, in place."
    risk = Risk.CAUTION
    loss = "are encrypted with another KMS key."
    undo = "They can be given another KMS key again, but no other kind of encryption."
    understood = "I understand that readers of these objects need access to this key."
    needs = frozenset({ACTION})
    lacks = _LACKS
    calls = ("UpdateObjectEncryption",)
    back = "Update object encryption with the key that the objects had."
    again = "The same key is set again."
    form = Form(
        (
            TextField(
                name="kms_key",
                label="KMS key",
                path=f"{KMS}.KMSKeyArn",
                high=KEY_LENGTHS[1],
                enter="Enter the ARN of the KMS key.",
                help_text=f"The whole ARN of a key, such as {_EXAMPLE_KEY}. An alias is not taken.",
                is_code=True,
            ),
            SwitchField(
                name="bucket_key",
                label="Use a Bucket Key",
                path=f"{KMS}.BucketKeyEnabled",
                help_text="Fewer requests to the key's service.",
            ),
            Note(
                "Content, dates and storage class stay, and no new version is made. Objects that"
                " are not encrypted, are encrypted with a key of the customer's own (SSE-C) or twice"
                " (DSSE-KMS), or are under a retention or a legal hold, fail."
            ),
        )
    )
    examples = (
        {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": _EXAMPLE_KEY}}},
        {
            "ObjectEncryption": {
                "SSEKMS": {
                    "KMSKeyArn": "arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1",
                    "BucketKeyEnabled": True,
                }
            }
        },
    )

    key_arn: str
    bucket_key: bool | None = None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {FIELD})
        encryption = check.structure(parameters.get(FIELD), FIELD)
        check.only(encryption, {"SSEKMS"}, FIELD)
        kms = check.structure(encryption.get("SSEKMS"), KMS)
        check.only(kms, {"KMSKeyArn", "BucketKeyEnabled"}, KMS)
        key_arn = _parse_key(kms.get("KMSKeyArn"), f"{KMS}.KMSKeyArn", check)
        bucket_key = check.flag(kms.get("BucketKeyEnabled"), f"{KMS}.BucketKeyEnabled")
        check.done()
        return cls(key_arn, bucket_key)

    def to_wire(self) -> dict[str, Any]:
        return {FIELD: {"SSEKMS": self._kms()}}

    def _kms(self) -> dict[str, Any]:
        return given({"KMSKeyArn": self.key_arn, "BucketKeyEnabled": self.bucket_key})

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Changes the encryption of {counted(total)} in {named(buckets)} to the key"
            f" {self.key_arn}. Readers need access to this key."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("KMS key", self.key_arn), ("Bucket Key", "Yes" if self.bucket_key else "No")]

    def effect_on(self, key: str) -> str:
        return f"{key} is encrypted with the key {self.key_arn}. Its content and dates stay."

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call | None:
        is_known = knowing.is_known(ACTION, target, context)
        return self._call(target, context) if is_known else None

    def run(self, target: Target, context: Context) -> Steps:
        ends = yield from _PROBING.ask(target, context, self.to_wire())
        return ends or outcome_of((yield self._call(target, context)))

    def _call(self, target: Target, context: Context) -> Call:
        return Call(context.bucket(target.bucket), ACTION, addressed(target) | self.to_wire())

    def permissions(self) -> tuple[Permission, ...]:
        return (PUT_ENCRYPTION, GET_OBJECT, *helping(GET_LOCK, DELETE_OBJECT))

    def foresee(self, target: Target, context: Context) -> Steps:
        seen = yield from looks.see(target, context)
        facts = seen.facts
        if facts is None:
            return from_look(seen)
        if self._has_key(facts):
            return already_so("It is encrypted with this key already.")
        was = facts.data.get("ServerSideEncryption")
        if not was:
            return cannot_tell("the storage does not say how the object is encrypted.")
        if was == "aws:kms:dsse":
            return would_fail(400, "InvalidRequest", "The object is encrypted twice (DSSE-KMS).")
        was_key = facts.data.get("SSEKMSKeyId") or was
        return would_change(f"The encryption would change from {was_key} to {self.key_arn}.")

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
        return (yield from looks.facts_of(target, context))

    def check(
        self, target: Target, context: Context, before: Facts | None
    ) -> Generator[Step, Any, Finding]:
        """What had this key before does not show whether a storage keeps it."""
        seen = yield from looks.see(target, context)
        after = seen.facts
        if after is None:
            return looks.unseen_by(seen)
        if before and not after.is_content_of(before):
            return Finding(lost="content", said=REPLACED)
        if not self._has_key(after):
            return Finding(lost="encryption")
        return Finding(is_unsure=before is not None and self._has_key(before))

    def _has_key(self, facts: Facts) -> bool:
        """Some storage names the key by its ID."""
        found, data = str(facts.data.get("SSEKMSKeyId", "")), facts.data
        is_named = found == self.key_arn or (found and self.key_arn.endswith(f"/{found}"))
        has_bucket_key = bool(data.get("BucketKeyEnabled")) or not self.bucket_key
        is_kms = data.get("ServerSideEncryption") == "aws:kms"
        return bool(is_kms and is_named and has_bucket_key)


def _parse_key(value: Any, field: str, check: Checker) -> str:
    low, high = KEY_LENGTHS
    problems = len(check.problems)
    key_arn = check.text(value, field, low=low, high=high)
    if value is None:
        check.say(field, "Enter the ARN of the KMS key.")
    elif key_arn and len(check.problems) == problems and not re.fullmatch(KEY_PATTERN, key_arn):
        check.say(field, f"Write the whole ARN of a key, such as {_EXAMPLE_KEY}, and no alias.")
    return key_arn or ""
