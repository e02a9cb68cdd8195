"""Combinations of an operation, an answer and a storage that gives it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.spec.target import Target
from tests.answering_facts import FIRST, HOUR_S, OURS, Asked
from tests.answering_forms import OF_THE_STORAGE, Form
from tests.answering_storage import FastClock, Play
from tests.answering_world import World

ARN = "arn:aws:s3:::target"
KEY = "arn:aws:kms:us-east-1:123456789012:key/k1"
TAG_SET = [{"Key": "team", "Value": "blue"}]
RENAMES = [{"Key": "old", "NewKey": "older"}]
OLD_TAGS, NEW_TAGS = (("old", "yes"),), (("team", "blue"),)
UNTIL = "2039-12-01T00:00:00Z"
RETAINED = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": UNTIL}
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "tagging": ("S3PutObjectTagging", {"TagSet": TAG_SET}),
    "untagging": ("S3DeleteObjectTagging", {}),
    "merging": ("S3MergeObjectTagging", {"TagSet": TAG_SET, "RenameTags": RENAMES}),
    "acl": ("S3PutObjectAcl", {"AccessControlPolicy": {"CannedAccessControlList": "public-read"}}),
    "encryption": (
        "S3UpdateObjectEncryption",
        {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": KEY}}},
    ),
    "copy": ("S3PutObjectCopy", {"TargetResource": ARN}),
    "copy, tagged": ("S3PutObjectCopy", {"TargetResource": ARN, "NewObjectTagging": TAG_SET}),
    "copy, encrypted": (
        "S3PutObjectCopy",
        {"TargetResource": ARN, "NewObjectMetadata": {"SSEAlgorithm": "AES256"}},
    ),
    "copy, other metadata": (
        "S3PutObjectCopy",
        {
            "TargetResource": ARN,
            "MetadataDirective": "REPLACE",
            "NewObjectMetadata": {"UserMetadata": {"color": "red"}},
        },
    ),
    "copy, locked": (
        "S3PutObjectCopy",
        {"TargetResource": ARN, **RETAINED, "ObjectLockLegalHoldStatus": "ON"},
    ),
    "onto itself": (
        "S3MergeObjectMetadata",
        {"ObjectMetadata": {"UserMetadata": {"color": "red"}}},
    ),
    "class": ("S3PutObjectStorageClass", {"StorageClass": "STANDARD_IA"}),
    "hold": ("S3PutObjectLegalHold", {"LegalHold": {"Status": "ON"}}),
    "retention": (
        "S3PutObjectRetention",
        {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}},
    ),
    "restore": ("S3InitiateRestoreObject", {"ExpirationInDays": 3}),
    "delete": ("S3DeleteObject", {}),
    "delete versions": ("S3DeleteObject", {}),
}
SOURCE_TAGS = {"copy, other metadata": ()}
READS = (
    *("HeadObject", "GetObject", "GetObjectTagging", "GetObjectAcl", "GetObjectRetention"),
    "GetObjectLegalHold",
)
EMPTY_ACTIONS = (
    *("PutObjectTagging", "DeleteObjectTagging", "PutObjectAcl", "UpdateObjectEncryption"),
    *("PutObjectLegalHold", "PutObjectRetention", "RestoreObject", "DeleteObject"),
)
EMPTY = {"true", "true, bare", "none", "blanks", "declaration"}
SAYS_DELETED = {
    *("true", "true, bare", "keys in urls", "without last key", "last key twice"),
    *("without versions", "versions added", "errors: gone"),
}
UNTOLD = {"DeletionUnclear", "UnclearAnswer", "UnprovenAnswer", "InvalidResponse", "NotKept"}
"""Codes that say openly that it cannot be told, or was not found, whether it was done."""

MODES: dict[str, Callable[[Asked], bool]] = {
    "always": lambda asked: True,
    "one key": lambda asked: "k2" in (asked.key, *(key for key, _ in asked.items)),
    "first of each key": lambda asked: asked.nth == 1,
    "first two": lambda asked: asked.overall <= 2,
    "every second": lambda asked: asked.overall % 2 == 0,
    "from the fourth on": lambda asked: asked.overall > 3,
}


@dataclass(frozen=True)
class Case:
    """One combination: `actions` are answered in `form` when `mode` says so, and are done or not.
    `reads` is the form of every read-back, None for the truth. With `alone` the storage has no
    DeleteObjects. `there` is what the target of copies has: "nothing", "the same" or "other".
    """

    operation: str
    actions: tuple[str, ...]
    form: Form | None
    does: bool = True
    mode: str = "always"
    reads: Form | None = None
    lost: bool = False
    versioned: bool = False
    anew: bool = False
    ahead_s: float = 0.0
    there: str = "nothing"
    ignores: frozenset[str] = frozenset()
    keys: int = 6
    alone: bool = False

    def __str__(self) -> str:
        form = "lost" if self.lost else str(self.form)
        facts = [self.operation, "+".join(self.actions), form, "done" if self.does else "not done"]
        facts.append(self.mode)
        if self.reads:
            facts.append(f"reads {self.reads}")
        facts += [word for word in ("versioned", "anew", "alone") if getattr(self, word)]
        if self.ahead_s:
            facts.append(f"{self.ahead_s / HOUR_S:+g} h")
        if self.there != "nothing":
            facts.append(f"{self.there} there")
        return ", ".join([*facts, *sorted(self.ignores)])

    @property
    def is_lie(self) -> bool:
        """Whether the storage itself says that it did what it did not: only a look shows that."""
        form = self.form
        if form is None or self.does or self.lost:
            return False
        return any(
            is_good(action, form.status) and says_done(action, form, self.versioned)
            for action in self.actions
        )

    @property
    def is_refusal(self) -> bool:
        """Whether the storage says that it did not do it, or that it may be asked again."""
        form = self.form
        if form is None or self.lost:
            return False
        in_words = "error" in form.body and form.status != 204
        return in_words or ((form.status or 200) >= 300 and form.headers in OF_THE_STORAGE)

    def script(self, asked: Asked) -> Play | None:
        if asked.action in self.actions and MODES[self.mode](asked):
            return Play(self.does, self.form or Form(), self.lost)
        if self.alone and asked.action == "DeleteObjects":
            return Play(False, Form(501, "error: no call"))
        if self.reads and asked.action in READS:
            return Play(True, self.reads)
        return None


SAME_OF_COPIES = ("keys in urls", "without versions", "versions added")
"""They change what answers about deletions say, and leave the true answer about a copy as it is."""


def is_good(action: str, status: int | None) -> bool:
    """Whether a success may have that status."""
    return status in (None, 200, 204) or (status == 202 and action == "RestoreObject")


def says_done(action: str, form: Form, versioned: bool) -> bool:
    if action in EMPTY_ACTIONS:
        is_signed = form.headers in OF_THE_STORAGE or (form.body == "true" and versioned)
        is_empty = form.body in EMPTY or form.status == 204
        is_gone = action == "DeleteObject" and form.body == "error: gone"
        return (is_signed and is_empty) or is_gone
    if action == "CopyObject":
        return form.body in ("true", "true, bare", *SAME_OF_COPIES) and form.status != 204
    return form.body in SAYS_DELETED and form.status != 204


def world_of(case: Case, clock: FastClock) -> tuple[World, list[Target]]:
    world = World(clock.time, ahead_s=case.ahead_s)
    world.ignores = case.ignores
    world.make_bucket("photos", versioned=case.versioned)
    world.make_bucket("target", versioned=case.versioned)
    storage_class = "GLACIER" if case.operation == "restore" else ""
    old = {"changed_s": world.clock() - 3 * HOUR_S, "storage_class": storage_class}
    targets = []
    for n in range(case.keys):
        key, content = f"k{n}", b"content of k%d" % n
        version = world.put("photos", key, content, FIRST, tags=OLD_TAGS, **old)
        if case.there != "nothing":
            other = content if case.there == "the same" else content[::-1]
            world.put("target", key, other, FIRST, **old)
        is_named = case.operation == "delete versions"
        targets.append(Target("photos", key, version if is_named else None))
    world.anew = {target.key for target in targets} if case.anew else set()
    return world, targets


PROPERTIES: dict[str, Callable[[Any], bool]] = {
    "tagging": lambda newest: newest.tags == NEW_TAGS,
    "untagging": lambda newest: newest.tags == (),
    "merging": lambda newest: newest.tags == (("older", "yes"), *NEW_TAGS),
    "acl": lambda newest: newest.acl == "public-read",
    "encryption": lambda newest: newest.kms_key == KEY,
    "hold": lambda newest: newest.hold == "ON",
    "restore": lambda newest: newest.restored_days == "3",
    "retention": lambda newest: newest.retention == ("GOVERNANCE", UNTIL),
}
"""What an object is like once its property was changed."""
WRITTEN_ANEW: dict[str, Callable[[Any], bool]] = {
    "onto itself": lambda newest: newest.metadata.get("color") == "red",
    "class": lambda newest: newest.storage_class == "STANDARD_IA",
}
"""And once it was copied onto itself."""


def is_done(case: Case, world: World, target: Target) -> bool:
    if case.operation == "delete versions":
        return world.newest("photos", target.key, target.version_id or "-") is None
    newest = world.newest("photos", target.key)
    if case.operation == "delete":
        return newest is None or newest.origin != FIRST
    if case.operation in PROPERTIES:
        is_same = newest is not None and newest.origin == FIRST
        return is_same and PROPERTIES[case.operation](newest)
    if case.operation in WRITTEN_ANEW:
        is_ours = newest is not None and newest.origin == OURS and newest.tags == OLD_TAGS
        return is_ours and WRITTEN_ANEW[case.operation](newest)
    made = world.newest("target", target.key)
    if made is None or newest is None or made.content != newest.content or made.origin != OURS:
        return False
    wanted = NEW_TAGS if case.operation == "copy, tagged" else OLD_TAGS
    is_locked = made.retention[0] == "GOVERNANCE" and made.hold == "ON"
    return made.tags == wanted and (
        case.operation in ("copy", "copy, tagged")
        or (case.operation == "copy, encrypted" and made.encryption == "AES256")
        or (case.operation == "copy, other metadata" and made.metadata.get("color") == "red")
        or (case.operation == "copy, locked" and is_locked)
    )
