"""Requests of calls that differ in their object alone. Pure."""

import re

from jobs.s3.signing import Signer
from jobs.s3.template import Template, quote_key, quote_version

LEFT_AS_IT_IS = re.compile(r"[!-~]+\Z")
"""A version that a header of a copy can hold: botocore does not quote it there."""


class Stencil:
    """For the objects of one bucket, all with a version or all without. `source_bucket` is that of
    a copy, and None for other calls. Not thread-safe.
    """

    __slots__ = ("_has_version", "_signer", "_source", "_template", "is_head", "origin")

    def __init__(
        self, template: Template, signer: Signer, *, source_bucket: str | None, has_version: bool
    ) -> None:
        self.origin = template.origin
        self.is_head = template.method == "HEAD"
        self._template = template
        self._signer = signer
        self._source = None if source_bucket is None else f"{quote_key(source_bucket)}/"
        self._has_version = has_version

    def request(self, key: str, version_id: str | None) -> bytes | None:
        """Signed for the present second; None where only botocore knows what to make of it."""
        if not key or bool(version_id) is not self._has_version:
            return None
        quoted = quote_key(key)
        if self._source is None:
            values = (quoted, quote_version(version_id)) if version_id else (quoted,)
        elif not version_id:
            values = (quoted, self._source + quoted)
        elif LEFT_AS_IT_IS.match(version_id):
            values = (quoted, f"{self._source}{quoted}?versionId={version_id}")
        else:
            return None
        return self._template.fill(values, self._signer)
