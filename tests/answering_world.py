"""What a storage of a test really holds and did: the truth that outcomes are compared with."""

import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from tests.answering_facts import (
    ANEW,
    FIRST,
    OURS,
    Asked,
    Result,
    Version,
    between,
    deleted_item,
    encryption_of,
    facts_of,
    metadata_in,
    refusal,
    result,
    tags_in,
    version_of,
)

XSI = "http://www.w3.org/2001/XMLSchema-instance"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


class World:
    """One storage: its buckets, its clock and its habits.

    `ignores` names what it accepts and does not do: "tags", "encryption", "lock", "metadata" (of a
    copy), "tagging", "untagging", "acl", "encryption in place", "locking", "restoring", "deletion";
    with "uploads" it takes the body of PutObjectTagging, or of a call about a lock, for an object's
    new content, with "queries" all that is asked about an object for the object itself. `anew` are
    keys that somebody writes again as soon as they were deleted.
    """

    def __init__(self, clock: Callable[[], float], *, ahead_s: float = 0.0) -> None:
        self.clock = lambda: clock() + ahead_s
        self.buckets: dict[str, bool] = {}
        self.ignores: frozenset[str] = frozenset()
        self.anew: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.asked_of: Counter[tuple[str, str]] = Counter()
        self.deletions: defaultdict[str, list[str]] = defaultdict(list)
        """By key, who had written what was deleted; "marker" and "nothing" where nobody had."""
        self._versions: dict[tuple[str, str], list[Version]] = {}
        self._ids = itertools.count(1)

    # --- What is there

    def make_bucket(self, name: str, *, versioned: bool = False) -> None:
        self.buckets[name] = versioned

    def put(
        self, bucket: str, key: str, content: bytes, origin: str = FIRST, **facts: object
    ) -> str:
        facts = {"changed_s": self.clock(), **facts}
        version = Version(self._new_id(bucket), content, origin=origin, **facts)  # type: ignore[arg-type]
        self._add(bucket, key, version)
        return version.version_id

    def newest(self, bucket: str, key: str, version_id: str = "") -> Version | None:
        """None where there is none, or a delete marker."""
        versions = self._versions.get((bucket, key), [])
        found = [v for v in versions if not version_id or v.version_id == version_id][-1:]
        return found[0] if found and not found[0].is_marker else None

    def markers(self, bucket: str, key: str) -> int:
        return sum(version.is_marker for version in self._versions.get((bucket, key), ()))

    @property
    def deleted_anew(self) -> int:
        return sum(origins.count(ANEW) for origins in self.deletions.values())

    def _new_id(self, bucket: str) -> str:
        return f"v{next(self._ids)}" if self.buckets[bucket] else ""

    def _add(self, bucket: str, key: str, version: Version) -> None:
        kept = self._versions.setdefault((bucket, key), [])
        if not self.buckets[bucket]:
            kept.clear()
        kept.append(version)

    def _change(self, bucket: str, key: str, version: Version, **facts: object) -> None:
        kept = self._versions[bucket, key]
        kept[kept.index(version)] = replace(version, **facts)  # type: ignore[arg-type]

    # --- What is asked of it: done or not, the answer is as if it was

    def answer(self, asked: Asked, *, does: bool) -> Result:
        if asked.bucket not in self.buckets:
            return refusal(404, "NoSuchBucket")
        action = self._PLAINLY.get(asked.action) if "queries" in self.ignores else None
        make = getattr(self, f"_{action or asked.action}", None)
        made: Result = make(asked, does) if make else refusal(501, "NotImplemented")
        return made

    _PLAINLY: ClassVar = {
        "GetObjectAcl": "GetObject",
        "PutObjectAcl": "PutObject",
        "UpdateObjectEncryption": "PutObject",
        "GetObjectTagging": "GetObject",
        "PutObjectTagging": "PutObject",
        "DeleteObjectTagging": "DeleteObject",
    }

    def _HeadBucket(self, asked: Asked, does: bool) -> Result:
        return Result()

    def _PutObject(self, asked: Asked, does: bool) -> Result:
        made = self.put(asked.bucket, asked.key, asked.body, OURS) if does else ""
        etag = ("ETag", f'"{hashlib.md5(asked.body).hexdigest()}"')
        return Result(200, b"", (etag, ("x-amz-version-id", made)) if made else (etag,))

    def _GetObject(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        return Result(200, found.content, (("Content-Type", "text/plain"), *facts_of(found)))

    def _HeadObject(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        return Result(200, found.content, facts_of(found)) if found else Result(404)

    def _GetObjectTagging(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        written = "".join(
            f"<Tag><Key>{escape(name)}</Key><Value>{escape(text)}</Value></Tag>"
            for name, text in found.tags
        )
        return result("Tagging", f"<TagSet>{written}</TagSet>")

    def _GetObjectRetention(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None or not found.retention[0]:
            return refusal(404, "NoSuchObjectLockConfiguration")
        mode, until = found.retention
        inner = f"<Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate>"
        return result("Retention", inner)

    def _GetObjectLegalHold(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None or not found.hold:
            return refusal(404, "NoSuchObjectLockConfiguration")
        return result("LegalHold", f"<Status>{found.hold}</Status>")

    def _PutObjectTagging(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if does:
            self._set(asked, found, "tagging", tags=tags_in(asked.body))
        return Result(200, b"", version_of(found))

    def _set(self, asked: Asked, found: Version, what: str, **facts: object) -> None:
        if "uploads" in self.ignores:
            self.put(asked.bucket, asked.key, asked.body, OURS)
        elif what not in self.ignores:
            self._change(asked.bucket, asked.key, found, **facts)

    def _DeleteObjectTagging(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if does and not {"tagging", "untagging"} & self.ignores:
            self._change(asked.bucket, asked.key, found, tags=())
        return Result(204, b"", version_of(found))

    def _GetObjectAcl(self, asked: Asked, does: bool) -> Result:
        """With the owner's grant, and that of everybody where it is public."""
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        named = [("CanonicalUser", "<ID>owner</ID>", "FULL_CONTROL")]
        if found.acl == "public-read":
            named.append(("Group", f"<URI>{ALL_USERS}</URI>", "READ"))
        grants = "".join(
            f'<Grant><Grantee xmlns:xsi="{XSI}" xsi:type="{kind}">{who}</Grantee>'
            f"<Permission>{right}</Permission></Grant>"
            for kind, who, right in named
        )
        inner = f"<Owner><ID>owner</ID></Owner><AccessControlList>{grants}</AccessControlList>"
        return result("AccessControlPolicy", inner)

    def _PutObjectAcl(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if does and "acl" not in self.ignores:
            self._change(asked.bucket, asked.key, found, acl=asked.headers.get("x-amz-acl", ""))
        return Result(200, b"", version_of(found))

    def _UpdateObjectEncryption(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if does and "encryption in place" not in self.ignores:
            facts = {"encryption": "aws:kms", "kms_key": between(asked.body, "KMSKeyArn")}
            self._change(asked.bucket, asked.key, found, **facts)
        return Result()

    def _PutObjectRetention(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if does:
            kept = (between(asked.body, "Mode"), between(asked.body, "RetainUntilDate"))
            self._set(asked, found, "locking", retention=kept)
        return Result()

    def _PutObjectLegalHold(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if does:
            self._set(asked, found, "locking", hold=between(asked.body, "Status"))
        return Result()

    def _RestoreObject(self, asked: Asked, does: bool) -> Result:
        found = self.newest(asked.bucket, asked.key, asked.version_id)
        if found is None:
            return refusal(404, "NoSuchKey")
        if found.restored_days:
            return refusal(409, "RestoreAlreadyInProgress")
        if does:
            self._set(asked, found, "restoring", restored_days=between(asked.body, "Days"))
        return Result(202)

    def _CopyObject(self, asked: Asked, does: bool) -> Result:
        named, _, query = asked.headers["x-amz-copy-source"].partition("?")
        bucket, _, key = unquote(named).lstrip("/").partition("/")
        source = self.newest(bucket, key, dict(parse_qsl(query)).get("versionId", ""))
        if source is None:
            return refusal(404, "NoSuchKey")
        if asked.headers.get("x-amz-copy-source-if-match", source.etag) != source.etag:
            return refusal(412, "PreconditionFailed")
        made = self._copied(asked, source)
        if does:
            self._add(asked.bucket, asked.key, made)
        moment = "<LastModified>2026-01-02T03:04:05.000Z</LastModified>"
        inner = f"{moment}<ETag>{escape(made.etag)}</ETag>"
        return result("CopyObjectResult", inner, *version_of(made), *encryption_of(made))

    def _copied(self, asked: Asked, source: Version) -> Version:
        headers, ignores = asked.headers, self.ignores
        made = replace(
            source,
            version_id=self._new_id(asked.bucket),
            changed_s=self.clock(),
            origin=OURS,
            retention=("", ""),
            hold="",
        )
        if headers.get("x-amz-tagging-directive") == "REPLACE":
            given = tuple(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True))
            made = replace(made, tags=given)
        if headers.get("x-amz-metadata-directive") == "REPLACE" and "metadata" not in ignores:
            made = replace(made, metadata=metadata_in(headers))
        made = replace(made, storage_class=headers.get("x-amz-storage-class", ""))
        if "tags" in ignores:
            made = replace(made, tags=())
        if "encryption" not in ignores:
            asked_for = headers.get("x-amz-server-side-encryption", "")
            made = replace(made, encryption=asked_for)
        if "lock" not in ignores:
            until = headers.get("x-amz-object-lock-retain-until-date", "")
            kept = (headers.get("x-amz-object-lock-mode", ""), until)
            hold = headers.get("x-amz-object-lock-legal-hold", "")
            made = replace(made, retention=kept, hold=hold)
        return made

    def _DeleteObject(self, asked: Asked, does: bool) -> Result:
        marker = self.delete(asked.bucket, asked.key, asked.version_id) if does else ""
        return Result(204, b"", (("x-amz-delete-marker", "true"),) if marker else ())

    def _DeleteObjects(self, asked: Asked, does: bool) -> Result:
        inner = ""
        for key, version_id in asked.items:
            if does:
                self.delete(asked.bucket, key, version_id)
            inner += deleted_item(key, version_id)
        return result("DeleteResult", inner)

    def delete(self, bucket: str, key: str, version_id: str = "") -> str:
        """The delete marker's version, where there is one now."""
        if "deletion" in self.ignores:
            return ""
        kept = self._versions.get((bucket, key), [])
        gone = [v for v in kept if not version_id or v.version_id == version_id][-1:]
        origin = "marker" if gone and gone[0].is_marker else gone[0].origin if gone else "nothing"
        self.deletions[key].append(origin)
        marker = ""
        if self.buckets[bucket] and not version_id:
            marker = self._new_id(bucket)
            self._add(bucket, key, Version(marker, b"", self.clock(), OURS, is_marker=True))
        elif gone:
            kept.remove(gone[0])
        if key in self.anew:
            self.anew.remove(key)
            self.put(bucket, key, b"written anew", ANEW)
        return marker
