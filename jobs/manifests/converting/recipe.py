"""How a list is read that is no CSV manifest yet, and what becomes of it. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db.models import TextChoices

from jobs.choices import ManifestField
from jobs.manifests.converting.encodings import NAMES, UTF_8


class Column(TextChoices):
    """What a column of the list holds."""

    BUCKET = "Bucket", "Bucket"
    KEY = "Key", "Key"
    VERSION_ID = "VersionId", "Version ID"
    URI = "Uri", "s3://bucket/key"
    IGNORE = "Ignore", "Ignore"


class Keys(TextChoices):
    """How keys are written in the list."""

    ENCODED = "encoded", "URL-encoded already: they stay as they are"
    NAMED = "named", "As the objects are named: encode all that needs it"
    MIXED = "mixed", "URL-encoded in part: encode spaces and other signs that are left"
    TWICE = "twice", "URL-encoded twice: decode once"


class Separator(TextChoices):
    COMMA = "comma", "Commas"
    TAB = "tab", "Tabs"
    SEMICOLON = "semicolon", "Semicolons"
    BAR = "bar", "Bars"
    NONE = "none", "Nothing: each line is one key or one s3:// path"

    @property
    def sign(self) -> str:
        return _SIGNS[self]


_SIGNS = {
    Separator.COMMA: ",",
    Separator.TAB: "\t",
    Separator.SEMICOLON: ";",
    Separator.BAR: "|",
    Separator.NONE: "",
}
LF, CR = "\n", "\r"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`mark_bytes` of the file's beginning are a byte order mark. `line_end` is LF, which stands for
    CRLF too, or CR. `spaced`: one space follows each separator. `quoted`: the lines of a list without
    separator stand in quotes. `bucket` is that of all rows where no column names one.
    `drop_slash`: a slash that begins a key goes.
    """

    columns: tuple[Column, ...]
    separator: Separator = Separator.COMMA
    keys: Keys = Keys.ENCODED
    encoding: str = UTF_8
    mark_bytes: int = 0
    line_end: str = LF
    spaced: bool = False
    quoted: bool = False
    header: bool = False
    drop_slash: bool = False
    fill_null: bool = False
    bucket: str = ""

    @property
    def names_buckets(self) -> bool:
        return Column.BUCKET in self.columns or Column.URI in self.columns

    @property
    def has_versions(self) -> bool:
        return Column.VERSION_ID in self.columns

    @property
    def fields(self) -> tuple[ManifestField, ...]:
        """The columns of the manifest that is made."""
        both = (ManifestField.BUCKET, ManifestField.KEY)
        return (*both, ManifestField.VERSION_ID) if self.has_versions else both

    @property
    def is_needed(self) -> bool:
        """Whether the list is no manifest as it stands."""
        as_it_is = Recipe(
            self.columns, bucket=self.bucket, fill_null=self.fill_null, quoted=self.quoted
        )
        has_key = self.names_buckets and Column.URI not in self.columns
        return replace(self, mark_bytes=self.mark_bytes) != as_it_is or not has_key

    def problem(self) -> str | None:
        """What keeps the list from being read so, as a sentence."""
        keys = self.columns.count(Column.KEY) + self.columns.count(Column.URI)
        if keys != 1:
            return "Choose exactly one column for the key, or one for s3://bucket/key."
        if self.columns.count(Column.BUCKET) > 1 or self.columns.count(Column.VERSION_ID) > 1:
            return "Choose at most one column for the bucket and one for the version ID."
        if Column.URI in self.columns and Column.BUCKET in self.columns:
            return "An s3:// path names its bucket: choose Ignore for the bucket's column."
        if self.separator is Separator.NONE and len(self.columns) != 1:
            return "Without a separator there is one column."
        return None

    def changes(self) -> Iterator[str]:
        """What is done to the list, as sentences."""
        if self.encoding != UTF_8:
            yield f"The text is converted from {NAMES[self.encoding]} to UTF-8."
        if self.mark_bytes:
            yield "The byte order mark at the beginning is removed."
        if self.line_end == CR:
            yield "Line ends become LF."
        if self.header:
            yield "Line 1, which names the columns, is left out."
        if self.separator not in (Separator.COMMA, Separator.NONE):
            yield f"{self.separator.label} between columns become commas."
        if self.spaced:
            yield "The space after each separator is removed."
        if Column.URI in self.columns:
            yield "Each s3:// path becomes its bucket and its key."
        elif not self.names_buckets:
            yield f"Each row gets the bucket {self.bucket or 'that you enter below'}."
        yield from self._changes_of_keys()
        if self.has_versions and self.fill_null:
            yield "An empty version ID becomes null, which names an object's null version."

    def _changes_of_keys(self) -> Iterator[str]:
        if self.keys is Keys.TWICE:
            yield "Keys are decoded once: %2520 becomes %20."
        elif self.keys is not Keys.ENCODED:
            yield "Keys are URL-encoded: a space becomes %20."
        if self.drop_slash:
            yield "A slash at the beginning of a key is removed."

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"columns": [str(column) for column in self.columns]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Recipe":
        return cls(
            **kept
            | {
                "columns": tuple(Column(name) for name in kept["columns"]),
                "separator": Separator(kept["separator"]),
                "keys": Keys(kept["keys"]),
            }
        )
