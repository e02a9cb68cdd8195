"""A CSV manifest as a table: its columns are its fields."""

from collections.abc import Generator
from typing import Any

from jobs.choices import ManifestField
from jobs.manifests.csv_manifest import opened_text
from jobs.manifests.keys import KeyRules
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.opened import check_object
from jobs.manifests.source import Reading
from jobs.manifests.sql.blocks import Keys
from jobs.manifests.sql.parts import Lines, Part, cut
from jobs.manifests.sql.process import Question
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.manifest import ManifestSpec


class CsvInput:
    """A part starts at {"byte": ..., "line": ...}, as in csv_manifest.CsvManifest."""

    def __init__(self, manifest: ManifestSpec, reading: Reading) -> None:
        self._manifest = manifest
        self._reading = reading
        self.keys = Keys(KeyRules(bool(manifest.plus_is_space), reading.takes_free_keys))
        self.layout: Layout | None = layout_of(manifest.fields)

    def check(self) -> None:
        check_object(self._manifest, self._reading)

    def question(self, sql: str) -> Question:
        return Question(sql, tuple((name, "") for name in column_names(self._manifest.fields)))

    def too_large_to_try(self) -> str:
        return ""

    def parts(
        self, scratch: Scratch, start: Any, part_bytes: int | None
    ) -> Generator[Part, None, None]:
        manifest, start = self._manifest, start or {"byte": 0, "line": 1}
        name = f"{start['line']:015d}.csv"
        if part_bytes is None and scratch.has(name):
            yield Part(name, "", start["line"], start, None)
            return
        with opened_text(manifest, self._reading, start) as (text, is_compressed):
            lines = Lines(start["line"], start["byte"])
            texts = lines.taken(text, self._reading)
            while cut(texts, scratch, name, part_bytes, self._reading.is_slow):
                behind = {"byte": lines.byte, "line": lines.line}
                if is_compressed:
                    behind["compressed"] = True
                yield Part(name, "", start["line"], start, behind)
                start, name = behind, f"{lines.line:015d}.csv"


def column_names(fields: tuple[ManifestField, ...]) -> list[str]:
    """Those of the table: Bucket, Key, VersionId, and ignore_1, ignore_2 for columns without a name."""
    names, ignored = [], 0
    for field in fields:
        if field == ManifestField.IGNORE:
            ignored += 1
            names.append(f"ignore_{ignored}")
        else:
            names.append(str(field))
    return names
