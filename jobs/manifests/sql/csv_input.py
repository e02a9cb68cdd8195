"""A CSV manifest as a table: its columns are its fields."""

from collections.abc import Iterator
from typing import Any

from jobs.choices import ManifestField
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.opened import check_object, reading_errors
from jobs.manifests.source import Reading
from jobs.manifests.sql.blocks import KeyRules
from jobs.manifests.sql.parts import Lines, Part
from jobs.manifests.sql.process import Question
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.manifest import ManifestSpec


class CsvInput:
    """A part starts at {"byte": ..., "line": ...}, and the object is opened anew for each."""

    def __init__(self, manifest: ManifestSpec, reading: Reading) -> None:
        self._manifest = manifest
        self._reading = reading
        self.rules = KeyRules()
        self.layout: Layout | None = layout_of(manifest.fields)

    def check(self) -> None:
        check_object(self._manifest, self._reading)

    def question(self, sql: str) -> Question:
        return Question(sql, tuple((name, "") for name in column_names(self._manifest.fields)))

    def parts(self, scratch: Scratch, start: Any, part_bytes: int | None) -> Iterator[Part]:
        start = start or {"byte": 0, "line": 1}
        while part := self._part(scratch, start, part_bytes):
            yield part
            start = part.behind

    def _part(self, scratch: Scratch, start: dict[str, int], part_bytes: int | None) -> Part | None:
        lines = Lines(start["line"], start["byte"])
        name, manifest, size = f"{start['line']:015d}.csv", self._manifest, 0
        with (
            reading_errors(manifest),
            self._reading.storage(manifest.bucket).open_object(
                manifest.bucket,
                manifest.key,
                start_byte=start["byte"],
                version_id=manifest.version_id,
                if_match=manifest.etag,
            ) as pieces,
            scratch.new(name) as file,
        ):
            for text in lines.taken(pieces, self._reading):
                file.write(text)
                size += len(text)
                if part_bytes and size and (size >= part_bytes or self._reading.is_slow()):
                    break
        if not size:
            scratch.remove(name)
            return None
        behind = {"byte": lines.byte, "line": lines.line}
        return Part(name, "", start["line"], start, behind)


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
