"""Requests of calls that differ in their object alone. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jobs.s3.signing import Signer
from jobs.s3.template import KEY_MARK, Template, is_left_by_quote, quote_key, quote_version
from jobs.s3.texts import Writer, in_xml, written

LEFT_AS_IT_IS = re.compile(r"[!-~]+\Z")
"""A version that a header of a copy can hold: botocore does not quote it there."""


class OfObject(NamedTuple):
    """`source_bucket` is that of a copy, and None for other calls."""

    source_bucket: str | None
    has_version: bool


_Values = Callable[[str, str | None], tuple[str, ...] | None]
"""Of the blanks about an object, from its key and version; None where they are not to be had."""


class Stencil:
    """For the objects of one bucket, all with a version or all without. Not thread-safe."""

    __slots__ = (
        *("_signer", "_template", "_values"),
        *("adds_checksums", "is_head", "origin"),
    )

    def __init__(self, template: Template, signer: Signer, of_object: OfObject) -> None:
        self.origin = template.origin
        self.is_head = template.method == "HEAD"
        self.adds_checksums = template.adds_checksums
        self._template = template
        self._signer = signer
        self._values = _values_of(of_object)

    def retire(self) -> None:
        """Make no more requests: what they are made of has changed."""
        self._values = _none

    def request(self, key: str, version_id: str | None, texts: Sequence[str] = ()) -> bytes | None:
        """Signed for the present second; None where only botocore knows what to make of it.

        `texts` are the object's own for the PerObject of the call, in their order.
        """
        values = self._values(key, version_id)
        return None if values is None else self._template.fill(values, self._signer)


def _none(key: str, version_id: str | None) -> None:
    return None


def _values_of(of_object: OfObject) -> _Values:
    """A function for each case, since it is called for every object."""
    if of_object.source_bucket is not None:
        source = f"{quote_key(of_object.source_bucket)}/"
        return _values_of_versions(source) if of_object.has_version else _values_of_newest(source)
    return _key_and_version if of_object.has_version else _key_alone


def _key_alone(key: str, version_id: str | None) -> tuple[str, ...] | None:
    if not key or version_id:
        return None
    return (key if is_left_by_quote(key) else quote_key(key),)


def _key_and_version(key: str, version_id: str | None) -> tuple[str, ...] | None:
    return (quote_key(key), quote_version(version_id)) if key and version_id else None


def _values_of_newest(source: str) -> _Values:
    def values(key: str, version_id: str | None) -> tuple[str, ...] | None:
        if not key or version_id:
            return None
        quoted = key if is_left_by_quote(key) else quote_key(key)
        return (quoted, source + quoted)

    return values


def _values_of_versions(source: str) -> _Values:
    def values(key: str, version_id: str | None) -> tuple[str, ...] | None:
        if not key or not version_id or not LEFT_AS_IT_IS.match(version_id):
            return None
        quoted = quote_key(key)
        return (quoted, f"{source}{quoted}?versionId={version_id}")

    return values


class TextStencil(Stencil):
    """Where objects differ in their body, or in texts of their own. `in_body` are those of KEY_MARK
    and VERSION_MARK that stand in the body.
    """

    __slots__ = ("_in_body", "_writers")

    def __init__(
        self,
        template: Template,
        signer: Signer,
        of_object: OfObject,
        in_body: Sequence[str],
        writers: Sequence[Writer],
    ) -> None:
        super().__init__(template, signer, of_object)
        self._in_body = in_body
        self._writers = writers

    def request(self, key: str, version_id: str | None, texts: Sequence[str] = ()) -> bytes | None:
        values = self._values(key, version_id)
        own = written(texts, self._writers) if len(texts) == len(self._writers) else None
        if values is None or own is None:
            return None
        named = [key if mark == KEY_MARK else version_id for mark in self._in_body]
        body = [in_xml(name) for name in named if name]
        return self._template.fill((*values, *own[0], *filter(None, body), *own[1]), self._signer)
