"""Small objects of our own in a bucket, to try a storage with: nothing of them stays."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from jobs.errors import BatchConsoleError
from jobs.s3.answers import UNPROVEN, Answer
from jobs.s3.calls import Call, perform
from jobs.s3.checksums import refuses_checksums
from jobs.s3.clients import S3Client, leave_out_checksums
from jobs.s3.faults import is_foreign, is_unreachable
from jobs.s3.reachable import FORBIDDEN

NAME = ".batchconsole-scratch-"
"""How names of scratch objects begin; the second in which they were made follows."""

LEFT_S = 600
"""One that is older was left behind by somebody who broke off."""


class SilentError(BatchConsoleError):
    """The storage does not answer."""


def is_done(answer: Answer) -> bool:
    """Or nothing shows that it is not: what was written is looked at anyway."""
    return answer.code in ("", UNPROVEN)


def told(action: str, answer: Answer) -> str:
    """ "PutObject was answered with 403 AccessDenied"."""
    return f"{action} was answered with {answer.http_status} {answer.code}"


@dataclass(frozen=True, slots=True, order=True)
class Written:
    """A version of one of our objects, as far as the storage has versions."""

    key: str
    version_id: str = ""


@dataclass(slots=True)
class Scratch:
    """Below `folder` ("" or with a slash at its end) of a bucket. `began_at` is now."""

    client: S3Client
    bucket: str
    folder: str
    began_at: datetime
    name: str = ""
    takes_locks_off: bool = True
    """From what cannot be deleted otherwise; for who has set locks."""
    _written: list[Written] = field(default_factory=list)
    _unsure: list[Written] = field(default_factory=list)
    """Nobody said whether they were written."""
    _since_s: float = field(default_factory=time.monotonic)
    _leaves_out_checksums: bool = False

    def __post_init__(self) -> None:
        moment = int(self.began_at.timestamp())
        self.name = f"{self.folder}{NAME}{moment}-{secrets.token_hex(4)}"

    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=time.monotonic() - self._since_s)

    def ask(self, action: str, **params: Any) -> Answer:
        """Raises SilentError."""
        call = Call(action, self.bucket, params)
        answer = perform(self.client, call)
        if refuses_checksums(answer) and not self._leaves_out_checksums:
            self._leaves_out_checksums = True
            leave_out_checksums(self.client)
            answer = perform(self.client, call)
        if answer.code == FORBIDDEN:
            raise SilentError(answer.message)
        if is_unreachable(answer):
            raise SilentError(f"The storage does not answer ({answer.code}).")
        if is_foreign(answer):
            raise SilentError(answer.message)
        return answer

    def write(self, action: str, key: str, **params: Any) -> Answer:
        """PutObject or CopyObject to one of our names. Raises SilentError."""
        self._unsure.append(Written(key))
        answer = self.ask(action, Key=key, **params)
        if is_done(answer):
            self._unsure.pop()
            self._written.append(Written(key, str(answer.data.get("VersionId") or "")))
        elif 400 <= answer.http_status < 500:
            self._unsure.pop()
        return answer

    def try_on_nothing(self, action: str, **params: Any) -> tuple[Answer, bool]:
        """A call about our name before anything has it, and whether an object or a delete marker is
        there now, which `clear` then deletes. Raises SilentError.
        """
        answer = self.ask(action, Key=self.name, **params)
        if 400 <= answer.http_status < 500:
            return answer, False
        appeared = self._listed(self.name)
        if appeared is None:
            appeared = self._seen(self.name)
        self._written += appeared
        return answer, bool(appeared)

    def _seen(self, key: str) -> list[Written]:
        """The newest version of it, for a role that may not list."""
        head = self.ask("HeadObject", Key=key)
        version = head.headers.get("x-amz-version-id", "")
        if is_done(head) or head.headers.get("x-amz-delete-marker") == "true":
            return [Written(key, version)]
        return []

    # --- Clearing away

    def clear(self) -> str:
        """All that was written. Returns why some of it is still there, or an empty text."""
        return next(iter(self.clear_each()), "")

    def clear_each(self) -> list[str]:
        """As `clear`, with a sentence for each thing that is still there."""
        if not self._written and not self._unsure:
            return []
        try:
            problems = [self._delete(written) for written in self._still_there()]
        except SilentError as error:
            return [f"s3://{self.bucket}/{self.name} may still be there. {error.message}"]
        return [problem for problem in problems if problem]

    def _still_there(self) -> list[Written]:
        """In a bucket with versions, to delete what names none would leave a delete marker; Ceph
        names none for a copy.
        """
        listed = self._listed(self.name)
        if listed is None:
            return self._written + self._unsure
        unlisted = {written for written in self._written if written.version_id} - set(listed)
        return listed + sorted(unlisted)

    def clear_old(self) -> str:
        """What others left behind. Returns as `clear`; raises SilentError."""
        problems = []
        for written in self._listed(f"{self.folder}{NAME}") or ():
            moment = written.key.removeprefix(f"{self.folder}{NAME}").partition("-")[0]
            if moment.isdecimal() and int(moment) < self.began_at.timestamp() - LEFT_S:
                problems.append(self._delete(written))
        return next(filter(None, problems), "")

    def _listed(self, prefix: str) -> list[Written] | None:
        """Versions and delete markers, of one page: there are never many. None where the role may
        not list them.
        """
        answer = self.ask("ListObjectVersions", Prefix=prefix)
        if answer.code:
            answer = self.ask("ListObjectsV2", Prefix=prefix)
        if answer.code:
            return None
        items = [
            (f"{self.folder}{_name_in(item['Key'])}", item)
            for group in ("Versions", "DeleteMarkers", "Contents")
            for item in answer.data.get(group, [])
        ]
        return [
            Written(key, item.get("VersionId") or "")
            for key, item in items
            if item["Key"] == key or unquote_plus(item["Key"]) == key
        ]

    def _delete(self, written: Written) -> str:
        which: dict[str, Any] = {"Key": written.key}
        if written.version_id:
            which["VersionId"] = written.version_id
        answer = self.ask("DeleteObject", **which)
        if self.takes_locks_off and not is_done(answer) and written.version_id not in ("", "null"):
            # It may be locked.
            self.ask("PutObjectLegalHold", **which, LegalHold={"Status": "OFF"})
            answer = self.ask("DeleteObject", **which, BypassGovernanceRetention=True)
        if not is_done(answer) and written.version_id == "null":
            answer = self.ask("DeleteObject", Key=written.key)
        if is_done(answer):
            return ""
        return (
            f"s3://{self.bucket}/{written.key} could not be deleted:"
            f" {told('DeleteObject', answer)}."
        )


def _name_in(listed: str) -> str:
    """What stands behind the last slash of a key that may be URL-encoded."""
    return unquote_plus(listed).rpartition("/")[2]
