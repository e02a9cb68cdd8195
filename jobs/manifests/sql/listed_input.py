"""A generated list as a table: what its listing tells, of what its other filters leave."""

import struct
from collections.abc import Generator
from contextlib import closing
from typing import Any

from jobs.manifests.frozen_list import NUL, Frozen
from jobs.manifests.generated import source as generated
from jobs.manifests.generated.refusals import nothing_matches
from jobs.manifests.keys import AS_WRITTEN
from jobs.manifests.layout import Layout
from jobs.manifests.listing.listed import Listed
from jobs.manifests.source import Reading
from jobs.manifests.sql.blocks import Keys
from jobs.manifests.sql.listed_rows import question, text_of
from jobs.manifests.sql.parts import Part
from jobs.manifests.sql.process import Question
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.generator import GeneratorSpec

_NAME, _SKIPPED = "listed.csv", "skipped"
_COUNT = struct.Struct(">Q")


class ListedInput:
    """It has one part: a listing comes in an order that is not the same twice."""

    keys = Keys(AS_WRITTEN, are_plain=True)
    layout: Layout | None = None

    def __init__(self, spec: GeneratorSpec, reading: Reading) -> None:
        self.spec = spec
        self.reading = reading
        self.has_versions = spec.names_versions

    def check(self) -> None:
        """Nothing can be told of a listing before it is made."""

    def question(self, sql: str) -> Question:
        return question(self.spec, sql)

    def too_large_to_try(self) -> str:
        return ""

    def parts(
        self, scratch: Scratch, start: Any, part_bytes: int | None
    ) -> Generator[Part, None, None]:
        """With `part_bytes` the beginning alone. Raises as the listing does, and ManifestError where
        nothing is listed.
        """
        if not scratch.has(_NAME):
            self._write(scratch, part_bytes)
        count = (scratch.folder / _SKIPPED).read_bytes()
        yield Part(_NAME, "", 1, None, None, int(_COUNT.unpack(count)[0]))

    def _write(self, scratch: Scratch, part_bytes: int | None) -> None:
        """The count comes first: a whole list has one."""
        skipped = size = 0
        blocks = generated.SOURCE.blocks(self.spec, self.reading, None, frozen=_frozen)
        with scratch.new(_NAME) as file, closing(blocks):  # type: ignore[type-var]
            for block in blocks:
                file.write(block.rows.text)
                size += len(block.rows.text)
                skipped += sum(block.skipped.values())
                if part_bytes and size and (size >= part_bytes or self.reading.is_slow()):
                    break
            if not size:
                raise nothing_matches(self.spec)
            with scratch.new(_SKIPPED) as count:
                count.write(_COUNT.pack(skipped))


def _frozen(block: list[tuple[str, Listed]], with_versions: bool) -> Frozen:
    """Not for workers: what DuckDB reads."""
    return Frozen(text_of(block, with_versions=with_versions), len(block), (), NUL)
