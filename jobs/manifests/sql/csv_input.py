"""A CSV manifest as a table: its columns are its fields."""

from collections.abc import Generator, Iterable
from typing import Any

from jobs.choices import ManifestField
from jobs.manifests.compressed import opened, without_beginning
from jobs.manifests.keys import KeyRules
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.opened import check_object, reading_errors
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
        is_compressed = start.get("compressed", False)
        with (
            reading_errors(manifest),
            self._reading.storage(manifest.bucket).open_object(
                manifest.bucket,
                manifest.key,
                start_byte=0 if is_compressed else start["byte"],
                version_id=manifest.version_id,
                if_match=manifest.etag,
            ) as pieces,
        ):
            text: Iterable[bytes] = pieces
            if is_compressed or not start["byte"]:
                compression, text = opened(pieces)
                is_compressed = compression is not None
            if is_compressed:
                self._reading.hold_turn()
                text = without_beginning(text, start["byte"])
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
