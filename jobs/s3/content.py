"""Bytes of an object as the body of a request: sent from where they lie, and never copied whole."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jobs.s3.body_headers import BODY_SHA256, UNSIGNED_BODY, md5_of, member_of
from jobs.s3.calls import Call
from jobs.s3.parts import Parts, fits, take_apart
from jobs.s3.rehearsal import Rehearsal
from jobs.s3.signing import Signer
from jobs.s3.template import (
    KEY_MARK,
    TextTemplate,
    Unsigned,
    Values,
    quote_version,
    text_mark,
)

Make = Callable[[bytes | bytearray], str]

CRC32 = "CRC32"
_SAMPLE = b"sample"
_MAX_TEMPLATES = 16
_A_NUMBER = 9_753
"""Of a part, in the request that others are made of."""


class Content:
    """What a call has as its `Body`. `checksum` names the algorithm that is sent besides, None for none;
    what was computed of the bytes is kept.
    """

    __slots__ = ("_made", "checksum", "data")

    def __init__(self, data: bytearray, checksum: str | None = CRC32) -> None:
        self.data = data
        self.checksum = checksum
        self._made: dict[Make, str] = {}

    def __len__(self) -> int:
        return len(self.data)

    def made(self, make: Make) -> str:
        """By one of `body_headers`' makers. From any thread, one at a time."""
        found = self._made.get(make)
        if found is None:
            found = self._made[make] = make(self.data)
        return found

    @property
    def md5(self) -> str:
        """As Content-MD5 has it."""
        return self.made(md5_of)


class Upload:
    """A request with a body of its own, any number of times."""

    __slots__ = ("_signer", "_template", "_values", "content", "method", "origin")

    def __init__(
        self, template: TextTemplate, values: Values, signer: Signer, content: Content
    ) -> None:
        self._template, self._values, self._signer = template, values, signer
        self.content = content
        self.origin = template.origin
        self.method = template.method

    def digest(self) -> None:
        """Compute what the head says of the body; takes long, and may be done in a thread."""
        for make in self._template.makers:
            self.content.made(make)

    def fill(self) -> bytes:
        """The head, signed for the present second; the body follows it."""
        made = [self.content.made(make) for make in self._template.makers]
        return self._template.fill_head(self._values, made, self._signer)

    def url(self) -> str:
        return self._template.url(self._values)


def plain(call: Call) -> Call:
    """As boto3 takes it."""
    content = call.params.get("Body")
    if not isinstance(content, Content):
        return call
    params: dict[str, Any] = {**call.params, "Body": content.data}
    if content.checksum is not None:
        member, make = member_of(content.checksum)
        params[member] = content.made(make)
    return Call(call.action, call.bucket, params)


class Uploads:
    """Of one endpoint and key pair. A request is made of one with another body, since what differs is what
    follows from it.
    """

    def __init__(self, rehearsal: Rehearsal, signer: Signer) -> None:
        self._rehearsal, self._signer = rehearsal, signer
        self._known: dict[tuple[str, str], list[tuple[dict[str, Any], TextTemplate]]] = {}
        self.leaves_out_checksums = False

    def prepare(self, call: Call) -> Upload:
        """Raises as Rehearsal.request_of, and ValueError where a header follows from the body in a way
        that is not known.
        """
        content: Content = call.params["Body"]
        params = {name: value for name, value in call.params.items() if name != "Body"}
        params |= self._checksum_of(content)
        parts = take_apart(params)
        if parts is None:
            return self._of_its_own(call, params, content)
        if "UploadId" in params:
            return self._part(call, parts, content)
        kept = self._known.setdefault((call.action, call.bucket), [])
        for static, template in kept:
            if static == parts.static:
                return Upload(template, parts.values, self._signer, content)
        request = self._rehearse(call, parts.static | {"Key": KEY_MARK})
        if not fits(request, parts):
            return self._of_its_own(call, params, content)
        template = self._template(request, (KEY_MARK,))
        kept[:] = [*kept[1 - _MAX_TEMPLATES :], (parts.static, template)]
        return Upload(template, parts.values, self._signer, content)

    def _part(self, call: Call, parts: Parts, content: Content) -> Upload:
        """Two parts differ in their upload and their number alone, which stand in the query."""
        upload_id, number = parts.static["UploadId"], parts.static["PartNumber"]
        alike = {**parts.static, "UploadId": text_mark(0), "PartNumber": _A_NUMBER}
        kept = self._known.setdefault((call.action, call.bucket), [])
        template = next((template for static, template in kept if static == alike), None)
        if template is None:
            request = self._rehearse(call, alike | {"Key": KEY_MARK})
            url = request.url.replace(f"={_A_NUMBER}", f"={text_mark(1)}")
            template = self._template(
                replace(request, url=url), (KEY_MARK, text_mark(0), text_mark(1))
            )
            kept.append((alike, template))
        values = (*parts.values, quote_version(upload_id), str(number))
        return Upload(template, values, self._signer, content)

    def _of_its_own(self, call: Call, params: dict[str, Any], content: Content) -> Upload:
        template = self._template(self._rehearse(call, params), ())
        return Upload(template, (), self._signer, content)

    def _checksum_of(self, content: Content) -> dict[str, str]:
        """Named, so that botocore adds none behind the body, as it does over TLS."""
        if content.checksum is None or (self.leaves_out_checksums and content.checksum == CRC32):
            return {}
        member, make = member_of(content.checksum)
        return {member: make(_SAMPLE)}

    def _rehearse(self, call: Call, params: dict[str, Any]) -> Unsigned:
        return self._rehearsal.request_of(
            Call(call.action, call.bucket, {**params, "Body": _SAMPLE})
        )

    def _template(self, request: Unsigned, marks: Sequence[str]) -> TextTemplate:
        if any(name.startswith("x-amz-checksum-") for name in request.headers):
            # The checksum is signed, and proves the body for a third of what its SHA-256 costs.
            headers = {**request.headers, BODY_SHA256: UNSIGNED_BODY}
            request = replace(request, headers=headers, body_sha256=UNSIGNED_BODY)
        return TextTemplate(request, self._signer, marks=marks, body_marks=(), has_content=True)
