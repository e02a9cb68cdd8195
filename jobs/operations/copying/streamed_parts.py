"""A long object by parts, equal in size but for the last: several at once, and none twice without need."""

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from functools import partial
from typing import Any

from jobs.operations.context import Context
from jobs.operations.copying.streamed import (
    DIFFERENT,
    KIND,
    MD5,
    Answering,
    Made,
    Source,
    abort,
    differs,
    part_bytes_of,
    state_in,
    told,
    tried,
)
from jobs.operations.steps import DIFFERS, Keep, Relay, Step, Together
from jobs.s3.answers import Answer
from jobs.s3.body_headers import member_of
from jobs.s3.checksums import refuses_checksums
from jobs.s3.content import CRC32, Content
from jobs.s3.faults import says_gone
from jobs.services.call import Call

PARTS_AT_ONCE = 8


class Upload:
    """Of one object: `_etags` are those of the parts that are there, by number."""

    def __init__(self, source: Source, made: Made) -> None:
        self._source, self._made = source, made
        self._part_bytes = part_bytes_of(source.size_bytes)
        self._parts = -(-source.size_bytes // self._part_bytes)
        self._checksum: str | None = None
        self._etags: dict[int, str] = {}
        self._sums: dict[int, str] = {}
        self._state: dict[str, Any] = {}

    def run(self, context: Context) -> Answering:
        if not (yield from self._goes_on(context)):
            answer = yield from self._begin()
            if answer.code:
                return told(self._made.place, "CreateMultipartUpload", answer)
            found = {"upload_id": answer.data["UploadId"], "sums": self._checksum}
            self._state = self._facts() | found
            yield Keep(json.dumps(self._state).encode())
        answer = yield from tried(lambda: Together(self._relays(), PARTS_AT_ONCE))
        if not answer.code:
            answer = yield from self._complete()
        if answer.code:
            aborted = yield abort(self._made.place, self._state)
            if aborted.code and aborted.http_status != 404:
                return answer  # the state stays, so that it is aborted when the job ends
        yield Keep(b"")
        return answer

    def _facts(self) -> dict[str, Any]:
        """What has to be the same for an upload to go on."""
        source = self._source
        return {
            "kind": KIND,
            "key": self._made.key,
            "etag": source.etag,
            "version_id": source.head.data.get("VersionId"),
            "size_bytes": source.size_bytes,
            "part_bytes": self._part_bytes,
            "checksum": self._made.checksum,
        }

    def _goes_on(self, context: Context) -> Generator[Step, Any, bool]:
        """Whether an earlier upload of the same bytes is there; one of others is aborted."""
        state = state_in(context.kept)
        if state is None:
            return False
        facts = self._facts()
        if any(state.get(name) != value for name, value in facts.items()):
            yield abort(self._made.place, state)
            return False
        self._state, self._checksum = dict(state), state.get("sums")
        return (yield from self._list())

    def _list(self) -> Generator[Step, Any, bool]:
        """False where the storage knows the upload no more."""
        params: dict[str, Any] = {"UploadId": self._state["upload_id"]}
        while True:
            answer = yield self._made.call("ListParts", **params)
            if answer.code:
                self._etags = {}
                return False
            for part in answer.data.get("Parts", ()):
                self._note(part)
            marker = answer.data.get("NextPartNumberMarker")
            if not answer.data.get("IsTruncated") or not marker:
                return True
            params["PartNumberMarker"] = marker

    def _note(self, part: Mapping[str, Any]) -> None:
        number = int(part.get("PartNumber", 0))
        if not 1 <= number <= self._parts:
            return
        if int(part.get("Size", -1)) == self._source.part(number, self._part_bytes)[1]:
            self._etags[number] = part["ETag"]
            if self._checksum and f"Checksum{self._checksum}" in part:
                self._sums[number] = part[f"Checksum{self._checksum}"]

    def _begin(self) -> Answering:
        """A storage that says which checksums it keeps of the parts is sent them."""
        asked = self._made.checksum or CRC32
        params = dict(self._made.params)
        action, place = "CreateMultipartUpload", self._made.place
        answer: Answer = yield Call(place, action, {**params, "ChecksumAlgorithm": asked})
        if refuses_checksums(answer) and self._made.checksum is None:
            answer = yield Call(place, action, params)
        keeps = answer.data.get("ChecksumAlgorithm") == asked
        self._checksum = asked if keeps or self._made.checksum else None
        return answer

    def _relays(self) -> Iterator[Relay]:
        for number in range(1, self._parts + 1):
            if number not in self._etags:
                call, size_bytes = self._source.part(number, self._part_bytes)
                upload = partial(self._upload, number)
                there = partial(self._is_there, number)
                yield Relay(call, size_bytes, self._source.etag, upload, there)

    def _upload(self, number: int, data: bytearray) -> Call:
        content = Content(data, self._checksum)
        params = {"UploadId": self._state["upload_id"], "PartNumber": number, "Body": content}
        return self._made.call("UploadPart", **params)

    def _is_there(self, number: int, content: Content, answer: Answer) -> str:
        """As `differs`; noted, so that another try leaves it out."""
        sentence = differs(content, answer)
        if not sentence:
            self._etags[number] = str(answer.data.get("ETag", ""))
            if self._checksum:
                self._sums[number] = content.made(member_of(self._checksum)[1])
        return sentence

    def _complete(self) -> Answering:
        numbers = sorted(self._etags)
        parts = [self._part_of(number) for number in numbers]
        answer: Answer = yield self._made.call(
            "CompleteMultipartUpload",
            UploadId=self._state["upload_id"],
            MultipartUpload={"Parts": parts},
        )
        is_gone = answer.http_status == 404
        if answer.code and not is_gone:
            return told(self._made.place, "CompleteMultipartUpload", answer)
        wanted = self._whole_etag(numbers)
        if not is_gone and wanted and str(answer.data.get("ETag", "")).strip('"') == wanted:
            return answer
        # An answer may have been lost that said it was done, or may not say of what.
        found: Answer = yield self._made.call("HeadObject")
        if is_gone and (says_gone("HeadObject", found) or not wanted):
            return told(self._made.place, "CompleteMultipartUpload", answer)
        return self._compared(answer, found, wanted if is_gone else "")

    def _compared(self, answer: Answer, found: Answer, wanted: str) -> Answer:
        if found.code:
            # A role may write what it cannot read: the completion itself was well.
            return answer
        is_wanted = not wanted or str(found.data.get("ETag", "")).strip('"') == wanted
        if found.data.get("ContentLength") != self._source.size_bytes or not is_wanted:
            return Answer(200, DIFFERS, DIFFERENT)
        return found if answer.code else answer

    def _part_of(self, number: int) -> dict[str, Any]:
        part: dict[str, Any] = {"PartNumber": number, "ETag": self._etags[number]}
        if self._checksum and number in self._sums:
            part[f"Checksum{self._checksum}"] = self._sums[number]
        return part

    def _whole_etag(self, numbers: list[int]) -> str:
        """Of an object of these parts, where those are MD5s; else empty."""
        found = [MD5.match(self._etags[number]) for number in numbers]
        if not all(found):
            return ""
        joined = b"".join(bytes.fromhex(one[1]) for one in found if one)
        return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(numbers)}"
