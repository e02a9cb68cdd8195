"""What can be wrong with a manifest: kinds, words and remedies.

See docs/batch-operations.md, Errors in a manifest.
"""

from dataclasses import dataclass

from django.db.models import TextChoices

from jobs.errors import ManifestError

INVALID_CONTENT = "InvalidManifestContent"
"""The FailureCode of all of them (docs/batch-operations.md, Errors in a manifest)."""

ROW_TEXT_LIMIT = 200
_SHOWN_CELL_CHARACTERS = 60


class ProblemKind(TextChoices):
    """Values are stable, for counts and downloads; labels are headings of the problems table."""

    EMPTY = "empty", "Nothing in it"
    FIELDS = "fields", "Columns not named"
    ENCODING = "encoding", "Not plain UTF-8 text"
    BOM = "bom", "Byte order mark"
    COMPRESSED = "compressed", "Compressed file"
    NO_LIST = "no-list", "Not a list of objects"
    HEADER = "header", "Header row"
    BLANK_LINE = "blank-line", "Blank line"
    LINE_END = "line-end", "Line ends"
    COLUMNS = "columns", "Wrong number of columns"
    SEPARATOR = "separator", "Not separated by commas"
    SPACE_AFTER_COMMA = "space-after-comma", "Space after the comma"
    QUOTES = "quotes", "Broken quotes"
    BUCKET = "bucket", "Bucket name"
    KEY = "key", "Key that cannot be"
    KEY_ENCODING = "key-encoding", "Key not URL-encoded"
    KEY_NOT_UTF8 = "key-not-utf-8", "Key that is not UTF-8"
    VERSION_ID = "version-id", "Version ID that cannot be"
    MISSING_VERSION_ID = "missing-version-id", "No version ID"
    SEVERAL_BUCKETS = "several-buckets", "More than one bucket"
    DUPLICATE = "duplicate", "Repeated rows"
    PLUS_SIGN = "plus-sign", "Plus signs"
    ENCODED_TWICE = "encoded-twice", "Encoded twice"
    NOT_ENCODED = "not-encoded", "Names that look encoded"
    LEADING_SLASH = "leading-slash", "Slash before every key"


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """One thing wrong: `line` counts from 1 and is None where the whole file is meant.

    `message` says what and where, `remedy` what to do, `row_text` is the line shortened for show.
    """

    kind: ProblemKind
    line: int | None
    message: str
    row_text: str
    remedy: str
    blocking: bool


class RowFaultError(Exception):
    """One thing wrong with a line whose number is known only further up.

    `what` goes on from "Line 17 ": "has 4 columns, 2 are expected (Bucket,Key)."
    """

    def __init__(self, kind: ProblemKind, what: str, remedy: str) -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.remedy = remedy


class ManifestContentError(ManifestError):
    """A manifest's content that fails the job, with the parts that a table of problems shows."""

    def __init__(self, problem: ManifestProblem) -> None:
        super().__init__(
            INVALID_CONTENT,
            f"{problem.message} {problem.remedy}".strip(),
            line=problem.line,
        )
        self.problem = problem


def shown(line: bytes) -> str:
    """The line as text for a page: never longer than 200 characters, whatever its bytes."""
    text = line[: ROW_TEXT_LIMIT * 4].decode("utf-8", "backslashreplace")
    if len(text) <= ROW_TEXT_LIMIT:
        return text
    return text[: ROW_TEXT_LIMIT - 1] + "…"


def quoted(text: str) -> str:
    """A cell as a sentence has it, its end cut off where it is long."""
    if len(text) > _SHOWN_CELL_CHARACTERS:
        text = text[: _SHOWN_CELL_CHARACTERS - 1] + "…"
    return f'"{text}"'


def at_line(fault: RowFaultError, line: bytes, line_number: int) -> ManifestContentError:
    """The error that fails the job, from what was found in one line."""
    return ManifestContentError(
        ManifestProblem(
            kind=fault.kind,
            line=line_number,
            message=f"Line {line_number} {fault.what}",
            row_text=shown(line),
            remedy=fault.remedy,
            blocking=True,
        )
    )


def of_file(kind: ProblemKind, message: str, remedy: str) -> ManifestContentError:
    """The error for what no single line is to blame for."""
    return ManifestContentError(
        ManifestProblem(kind=kind, line=None, message=message, row_text="", remedy=remedy,
                        blocking=True)
    )  # fmt: skip


def warning(
    kind: ProblemKind,
    message: str,
    remedy: str,
    *,
    line: int | None = None,
    row: bytes = b"",
) -> ManifestProblem:
    """Something to know before the job is made, which stops nobody."""
    return ManifestProblem(
        kind=kind,
        line=line,
        message=message,
        row_text=shown(row),
        remedy=remedy,
        blocking=False,
    )


def empty_manifest() -> ManifestContentError:
    return of_file(ProblemKind.EMPTY, "The manifest is empty.", "List at least one object.")


def blank_line() -> RowFaultError:
    return RowFaultError(
        ProblemKind.BLANK_LINE, "is blank.", "Remove it: every line names an object."
    )


def too_many_blank_lines(limit: int) -> RowFaultError:
    return RowFaultError(
        ProblemKind.BLANK_LINE,
        f"and more than {limit:,} after it are blank.",
        "Remove them: every line names an object.",
    )


def too_many_columns(limit: int) -> RowFaultError:
    return RowFaultError(
        ProblemKind.COLUMNS,
        f"has more than {limit:,} columns.",
        "Put each object on a line of its own, and leave out columns that a job does not need.",
    )


def line_too_long(limit_bytes: int) -> RowFaultError:
    return RowFaultError(
        ProblemKind.LINE_END,
        f"is longer than {limit_bytes:,} bytes.",
        "Put each object on a line of its own.",
    )


def stray_carriage_return() -> RowFaultError:
    return RowFaultError(
        ProblemKind.LINE_END,
        "has a carriage return in its middle.",
        "End lines with LF or CRLF, and write a carriage return in a key as %0D.",
    )


def wrong_column_count(
    found: int, names: str, expected: int, separator: str | None
) -> RowFaultError:
    """`separator` is another sign that seems to stand between the columns, or None."""
    if separator:
        remedy = f"Separate columns with commas, not with {separator}."
    elif found > expected:
        remedy = "Put a field that has a comma in quotes, or remove what is too much."
    else:
        remedy = "Add what is missing."
    columns = "1 column" if found == 1 else f"{found} columns"
    are = f"{expected} are expected" if expected != 1 else "1 is expected"
    kind = ProblemKind.SEPARATOR if separator else ProblemKind.COLUMNS
    return RowFaultError(kind, f"has {columns}, {are} ({names}).", remedy)
