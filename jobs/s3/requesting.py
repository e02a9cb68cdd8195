"""Signed requests of calls, fast: most are filled into a template that botocore made before.

A call's texts that are an object's own are given as PerObject: as plain ones they would be part of
what is the same for all, and every call would need a template of its own.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from jobs.s3 import deletions
from jobs.s3.answers import TROUBLE
from jobs.s3.calls import Call
from jobs.s3.parts import Parts, fits, is_marked, take_apart
from jobs.s3.rehearsal import Rehearsal
from jobs.s3.signing import Signer
from jobs.s3.stencil import OfObject, Stencil, TextStencil
from jobs.s3.template import (
    KEY_MARK,
    SOURCE_MARK,
    VERSION_MARK,
    Template,
    TextTemplate,
    Unsigned,
    Values,
    text_mark,
)
from jobs.s3.texts import Writer, in_xml, stands_between_tags, take_out, writers_of, written

MAX_TEMPLATES = 16
"""Kept per action and bucket. An operation that sends the same with every object needs one."""

_Shape = tuple[str, str, bool, bool]
"""Of a call: its action and bucket, and whether it has a version, and a source."""


class Prepared(NamedTuple):
    """A request that can be signed and sent, any number of times."""

    template: Template
    values: Values


class _Known(NamedTuple):
    """`template` is None where these parameters do not fit into one; `writers` are of the texts."""

    static: dict[str, Any]
    template: Template | None
    writers: Sequence[Writer] = ()


class Requests:
    """Of one endpoint and key pair; not thread-safe."""

    def __init__(self, rehearsal: Rehearsal, signer: Signer) -> None:
        self.signer = signer
        self._rehearsal = rehearsal
        self._known: dict[_Shape, deque[_Known]] = {}
        self._known_with_texts: dict[_Shape, deque[_Known]] = {}
        self._stencils: dict[tuple[str, str], deque[tuple[Call, Stencil | None]]] = {}
        self._deletions: dict[str, deletions.Pattern] = {}
        self._leaves_out_checksums = False

    @property
    def leaves_out_checksums(self) -> bool:
        return self._leaves_out_checksums

    def leave_out_checksums(self) -> None:
        """Those that nobody asked for, from now on: the storage refuses them. Content-MD5 stays.

        Stencils that were handed out before make no more requests.
        """
        if self._leaves_out_checksums:
            return
        self._leaves_out_checksums = True
        self._rehearsal.leave_out_checksums()
        for kept in self._stencils.values():
            for _, stencil in kept:
                if stencil is not None:
                    stencil.retire()
        self._stencils.clear()
        self._known.clear()
        self._known_with_texts.clear()
        self._deletions.clear()

    def prepare(self, call: Call) -> Prepared:
        """Raises as Rehearsal.request_of."""
        if call.action == deletions.ACTION and (objects := deletions.objects_of(call.params)):
            pattern = self._deletion(call.bucket)
            return Prepared(pattern.template, pattern.values(objects))
        parts = take_apart(call.params)
        if parts:
            prepared = self._fill_in(call, parts)
            if prepared:
                return prepared
        return Prepared(Template(self._rehearsal.request_of(call), self.signer), ())

    def stencil(self, call: Call) -> Stencil | None:
        """Of a call about a key of KEY_MARK, and a version of VERSION_MARK where there is one; None
        where the call is no such pattern. Raises as Rehearsal.request_of.
        """
        kept = self._stencils.setdefault((call.action, call.bucket), deque(maxlen=MAX_TEMPLATES))
        for known, stencil in kept:
            if known == call:
                return stencil
        stencil = self._make_stencil(call)
        kept.append((call, stencil))
        return stencil

    def _make_stencil(self, call: Call) -> Stencil | None:
        parts = take_apart(call.params)
        if parts is None or not is_marked(call.params):
            return None
        pattern, texts = take_out(parts.static)
        parts = parts._replace(static=pattern)
        request = self._rehearse(call, parts, key=call.params["Key"])
        if not fits(request, parts, in_body=True):
            return None
        source = call.params.get("CopySource", {})
        of_object = OfObject(source.get("Bucket"), parts.has_version or "VersionId" in source)
        in_body = [mark for mark in (KEY_MARK, VERSION_MARK) if mark.encode() in request.body]
        if not texts and not in_body:
            template = Template(request, self.signer, blank_source=parts.has_source)
            return Stencil(template, self.signer, of_object)
        writers = writers_of(request, len(texts))
        if writers is None or not all(stands_between_tags(request.body, mark) for mark in in_body):
            return None
        open_template = self._open_template(request, parts, writers, in_body)
        if open_template is None:
            return None
        return TextStencil(open_template, self.signer, of_object, in_body, writers)

    def _deletion(self, bucket: str) -> deletions.Pattern:
        if bucket not in self._deletions:
            sample = self._rehearsal.request_of(Call(deletions.ACTION, bucket, deletions.SAMPLE))
            self._deletions[bucket] = deletions.Pattern(sample, self.signer)
        return self._deletions[bucket]

    def _fill_in(self, call: Call, parts: Parts) -> Prepared | None:
        shape = (call.action, call.bucket, parts.has_version, parts.has_source)
        kept = self._known.setdefault(shape, deque(maxlen=MAX_TEMPLATES))
        for known in kept:
            if known.static == parts.static:
                return Prepared(known.template, parts.values) if known.template else None
        pattern, texts = take_out(parts.static)
        if texts:
            return self._fill_in_texts(call, parts._replace(static=pattern), texts)
        request, template = self._rehearse(call, parts), None
        if fits(request, parts):
            template = Template(request, self.signer, blank_source=parts.has_source)
        kept.append(_Known(parts.static, template))
        return Prepared(template, parts.values) if template else None

    def _fill_in_texts(self, call: Call, parts: Parts, texts: Sequence[str]) -> Prepared | None:
        shape = (call.action, call.bucket, parts.has_version, parts.has_source)
        kept = self._known_with_texts.setdefault(shape, deque(maxlen=MAX_TEMPLATES))
        known = next((one for one in kept if one.static == parts.static), None)
        if known is None:
            known = self._learn(call, parts, len(texts))
            kept.append(known)
        values = written(texts, known.writers) if known.template else None
        if known.template is None or values is None:
            return None
        return Prepared(known.template, (*parts.values, *values[0], *values[1]))

    def _learn(self, call: Call, parts: Parts, count: int) -> _Known:
        try:
            request = self._rehearse(call, parts)
        except TROUBLE:
            return _Known(parts.static, None)  # a mark is no date: botocore looks at each
        writers = writers_of(request, count) if fits(request, parts) else None
        if writers is None:
            return _Known(parts.static, None)
        return _Known(parts.static, self._open_template(request, parts, writers, ()), writers)

    def _open_template(
        self, request: Unsigned, parts: Parts, writers: Sequence[Writer], in_body: Sequence[str]
    ) -> TextTemplate | None:
        """`in_body` are the marks of the object that stand in the body."""
        marks = [KEY_MARK]
        marks += [VERSION_MARK] if parts.has_version else []
        marks += [SOURCE_MARK] if parts.has_source else []
        texts = [text_mark(number) for number in range(len(writers))]
        body_texts = [mark for mark, write in zip(texts, writers, strict=True) if write is in_xml]
        marks += [mark for mark in texts if mark not in body_texts]
        try:
            return TextTemplate(
                request,
                self.signer,
                marks=marks,
                body_marks=[*in_body, *body_texts],
                blank_source=parts.has_source,
            )
        except ValueError:
            return None

    def _rehearse(self, call: Call, parts: Parts, key: str = KEY_MARK) -> Unsigned:
        marked = parts.static | {"Key": key}
        if parts.has_version:
            marked["VersionId"] = VERSION_MARK
        if parts.has_source:
            marked["CopySource"] = dict(call.params["CopySource"]) | {"Key": "source"}
        return self._rehearsal.request_of(Call(call.action, call.bucket, marked))
