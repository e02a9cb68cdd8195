"""Compute checksum."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import looks
from jobs.operations.base import Finding, Operation, Outcome, Steps, counted, named
from jobs.operations.checking import Checker, given
from jobs.operations.checksums import checksum_parts, checksum_reading, checksum_saying
from jobs.operations.checksums.checksum_algorithms import (
    ALGORITHMS,
    COMPOSITE,
    FULL_OBJECT,
    FULL_OBJECT_ONLY,
    QUICK,
    TYPES,
    Hasher,
    OfParts,
    in_base64,
)
from jobs.operations.checksums.checksum_content import Content
from jobs.operations.checksums.checksum_parts import Parts
from jobs.operations.context import Context
from jobs.operations.fields import ChoiceField, Option, options_of
from jobs.operations.foreseeing import already_so, described, from_look
from jobs.operations.form import Form, Note
from jobs.operations.permissions import GET_ATTRIBUTES, GET_OBJECT, Permission, helping
from jobs.operations.requests import Requests
from jobs.operations.steps import Step
from jobs.s3.answers import Answer
from jobs.s3.marks import name_a_storage
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.spec.target import Target

DEFAULT_ALGORITHM, DEFAULT_TYPE = "CRC64NVME", FULL_OBJECT
MISMATCH = "ChecksumMismatch"
READS = 2
"""So often is an object read at most where the storage says another checksum."""

TYPE_LABELS = {FULL_OBJECT: "Full object", COMPOSITE: "Composite"}
_WHOLE_ONLY = "CRC64NVME is computed of full objects only. Choose FULL_OBJECT."


@dataclass(frozen=True, slots=True)
class ComputeObjectChecksum(Operation):
    """What was left out is None, and means CRC64NVME and FULL_OBJECT."""

    name = "S3ComputeObjectChecksum"
    label = "Compute checksum"
    group = OperationGroup.CHECK
    does = "Reads each object and reports its checksum; nothing is changed."
    risk = Risk.COST
    loss = "are read."
    undo = "Nothing has to be undone."
    understood = "I understand that the report holds checksums of these objects."
    needs = frozenset({"GetObject"})
    needs_report = True
    lacks = "reading of objects"
    calls = ("GetObject", "HeadObject", "GetObjectAttributes")
    back = "Nothing was changed."
    again = "Reads again and reports the same."
    form = Form(
        (
            ChoiceField(
                name="checksum_algorithm",
                label="Checksum function",
                path="ChecksumAlgorithm",
                options=tuple(Option(name, name) for name in ALGORITHMS),
                initial=DEFAULT_ALGORITHM,
                choose="Choose a checksum function.",
            ),
            ChoiceField(
                name="checksum_type",
                label="Checksum type",
                path="ChecksumType",
                options=options_of(TYPE_LABELS),
                initial=DEFAULT_TYPE,
                choose="Choose a checksum type.",
                is_radio=True,
                help_text="Full object: of all bytes. Composite: of the checksums of the parts that"
                " the object was uploaded in, as far as the storage tells their sizes.",
            ),
            Note(
                "Every object is read as a whole: think of what your storage asks for reading and"
                " for traffic. The checksums stand in the completion report of all tasks. Where the"
                " storage itself says a checksum of the same function and type, or an ETag that is"
                " an MD5, the two are compared; an object that differs is read again, and fails"
                " if it still does."
            ),
        )
    )
    examples = (
        {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
        {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "COMPOSITE"},
    )

    algorithm: str | None = None
    kind: str | None = None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {"ChecksumAlgorithm", "ChecksumType"})
        algorithm = check.choice(
            parameters.get("ChecksumAlgorithm"), "ChecksumAlgorithm", tuple(ALGORITHMS)
        )
        kind = check.choice(parameters.get("ChecksumType"), "ChecksumType", TYPES)
        if kind == COMPOSITE and (algorithm or DEFAULT_ALGORITHM) in FULL_OBJECT_ONLY:
            check.say("ChecksumType", _WHOLE_ONLY)
        check.done()
        return cls(algorithm, kind)

    def to_wire(self) -> dict[str, Any]:
        return given({"ChecksumAlgorithm": self.algorithm, "ChecksumType": self.kind})

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Reads {counted(total)} in {named(buckets)} and reports the {self.function} checksums."
            " Nothing is changed."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Checksum function", self.function), ("Checksum type", TYPE_LABELS[self.type])]

    def effect_on(self, key: str) -> str:
        return f"{key} is read, and its {self.function} checksum stands in the report."

    @property
    def function(self) -> str:
        return self.algorithm or DEFAULT_ALGORITHM

    @property
    def type(self) -> str:
        return self.kind or DEFAULT_TYPE

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        read = (Requests("GetObject"), Requests("HeadObject", only="of 256 KiB or more"))
        if self.type != COMPOSITE:
            return read
        return (Requests("HeadObject"), Requests("GetObjectAttributes"), *read)

    def permissions(self) -> tuple[Permission, ...]:
        return (GET_OBJECT, *helping(GET_ATTRIBUTES))

    def foresee(self, target: Target, context: Context) -> Steps:
        seen = yield from looks.see(target, context)
        if seen.facts is None:
            return from_look(seen)
        return already_so(f"Nothing would change: {described(seen.facts)} would be read.")

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        parts: Parts | Answer | Outcome | None = None
        if self.type == COMPOSITE:
            parts = yield from checksum_parts.find(target, context)
        if isinstance(parts, Answer):
            return checksum_saying.refused(parts)
        if isinstance(parts, Outcome):
            return parts
        etag, number = (parts.etag, len(parts.sizes_bytes)) if parts else ("", 0)
        for reads in range(1, READS + 1):
            is_quick = self.function in QUICK
            content = Content(partial(self._begin_hash, parts), etag=etag, is_quick=is_quick)
            failure = yield from checksum_reading.read(target, context, content)
            if failure is not None:
                return failure
            digest = content.digest()
            said = checksum_saying.stated(self.function, self.type, number, content.headers)
            if said is None or checksum_saying.agrees(said, digest, number):
                break
            if reads == READS:
                return _mismatch(said, in_base64(digest, number), digest)
            etag = content.etag
        message = checksum_saying.message(self.function, self.type, digest, number, content.etag)
        return Outcome(True, 200, "", message)

    def _begin_hash(self, parts: Parts | None) -> Hasher:
        make = ALGORITHMS[self.function]
        return OfParts(make, parts.sizes_bytes) if parts else make()

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        """Nothing was changed. Of an answer without a mark, a list shows by its words whether a
        storage is what answers here; so does its refusal.
        """
        params = {"Prefix": target.key, "MaxKeys": 1}
        to = context.bucket(target.bucket)
        answer = yield Call(to, "ListObjectsV2", params, is_look=True, is_aside=True)
        is_a_storages = answer.http_status and answer.proof is Proof.PROVEN
        return Finding(speaks_against=not is_a_storages or name_a_storage(answer.headers))


def _mismatch(said: tuple[str, str], mine: str, digest: bytes) -> Outcome:
    name, text = said
    mine = digest.hex().upper() if name == "ETag" else mine
    return Outcome(
        False,
        200,
        MISMATCH,
        f"The content that was read has the checksum {mine}, and the storage says {text} ({name})."
        f" It was read {READS} times.",
    )
