"""What a file's first line tells: compressed, UTF-16, a byte order mark, a header row."""

import re

from jobs.manifests.problems import ProblemKind, RowFaultError, at_line
from jobs.manifests.rows import split_line

BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_OTHERS = (
    (re.compile(rb"PK\x03\x04"), "a ZIP archive or a workbook of a spreadsheet"),
    (re.compile(rb"PAR1[^ -~]"), "a Parquet file"),
    (re.compile(rb"ORC[^ -~]"), "an ORC file"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"BZh[1-9]1AY&SY"), "compressed with bzip2"),
    (re.compile(rb"\xfd7zXZ\x00"), "compressed with xz"),
)
# None of them could begin a right row, whatever its first column is.
_PAGE = re.compile(
    rb"\s*(?:<!doctype\s|<\?xml\s|<(?:html|error|listbucketresult)(?:[\s>][^,]*)?$)", re.IGNORECASE
)
_JSON = re.compile(rb'\s*(?:[{\[]\s*$|\{"|\["|\[\{")')

_BUCKET_WORDS = frozenset({"bucket", "bucketname", "sourcebucket"})
_KEY_WORDS = frozenset({"key", "objectkey", "keyname", "object", "objectname"})
_VERSION_WORDS = frozenset({"versionid", "version", "objectversionid"})


def check_first_line(line: bytes) -> None:
    """Raises ManifestError where the file's first line shows that it is not as it should be."""
    try:
        check_opening(line)
    except RowFaultError as fault:
        raise at_line(fault, line, 1) from None


def check_opening(line: bytes) -> None:
    """Raises RowFaultError where the first line shows that the file is not as it should be."""
    check_readable(line)
    if line.startswith(BOM):
        raise RowFaultError(
            ProblemKind.BOM,
            "starts with a byte order mark (BOM).",
            "Save the file as UTF-8 without BOM.",
        )
    if header_words(line):
        raise RowFaultError(
            ProblemKind.HEADER,
            "looks like a header row.",
            "Remove it: the columns are named when the job is made.",
        )


def check_readable(line: bytes) -> None:
    """Raises RowFaultError for bytes that are no text in UTF-8 at all."""
    if line.startswith((_GZIP, _ZSTD)):
        raise RowFaultError(
            ProblemKind.COMPRESSED,
            "is not text: the file is compressed twice.",
            "Compress the CSV file once, or leave it uncompressed.",
        )
    if line.startswith(_UTF16_BOMS):
        raise RowFaultError(
            ProblemKind.ENCODING, "is UTF-16.", "Save the file as UTF-8 without BOM."
        )
    for beginning, what in _OTHERS:
        if beginning.match(line):
            raise RowFaultError(
                ProblemKind.NO_LIST,
                f"is not text: the file is {what}.",
                "Save the list as a CSV file, plain or compressed with gzip or zstd.",
            )
    if _PAGE.match(line):
        raise RowFaultError(
            ProblemKind.NO_LIST,
            "begins a web page or an XML document, as a storage sends with an error or a login.",
            "Fetch the list again, and look at the file before you save it.",
        )
    if _JSON.match(line):
        raise RowFaultError(
            ProblemKind.NO_LIST,
            "begins a JSON document.",
            "Name the CSV file itself. For the manifest.json of an inventory choose the format"
            " S3 Inventory report.",
        )


def header_words(line: bytes) -> list[str] | None:
    """The cells as bare small letters when they name columns, else None.

    A header names a bucket column and a key column, in any order and among others.
    """
    try:
        words = [_bare(cell) for cell in split_line(line)]
    except RowFaultError:
        return None
    return words if _BUCKET_WORDS & set(words) and _KEY_WORDS & set(words) else None


def is_bucket_word(word: str) -> bool:
    return word in _BUCKET_WORDS


def is_key_word(word: str) -> bool:
    return word in _KEY_WORDS


def is_version_word(word: str) -> bool:
    return word in _VERSION_WORDS


def _bare(cell: str) -> str:
    return "".join(sign for sign in cell.casefold() if sign.isalnum())
