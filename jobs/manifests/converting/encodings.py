"""How the text of a file is written, and files that are no list at all. Pure."""

import codecs
from dataclasses import dataclass

UTF_8, UTF_16_LE, UTF_16_BE, UTF_32_LE, UTF_32_BE = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "utf-32-le",
    "utf-32-be",
)
NAMES = {
    UTF_8: "UTF-8",
    UTF_16_LE: "UTF-16, little-endian",
    UTF_16_BE: "UTF-16, big-endian",
    UTF_32_LE: "UTF-32, little-endian",
    UTF_32_BE: "UTF-32, big-endian",
}
# The mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, UTF_32_LE),
    (codecs.BOM_UTF32_BE, UTF_32_BE),
    (codecs.BOM_UTF16_LE, UTF_16_LE),
    (codecs.BOM_UTF16_BE, UTF_16_BE),
    (codecs.BOM_UTF8, UTF_8),
)
_UNITS = {UTF_32_LE: 4, UTF_32_BE: 4, UTF_16_LE: 2, UTF_16_BE: 2}
_LOOKED_AT_BYTES = 4096
_WHITE = frozenset("\t\r\n")

_NO_TEXT = (
    (b"\x1f\x8b", "The file is compressed with gzip, so it cannot be converted. Unpack it first."),
    (
        b"\x28\xb5\x2f\xfd",
        "The file is compressed with zstd, so it cannot be converted. Unpack it first.",
    ),
    (
        b"PK\x03\x04",
        "The file is a ZIP archive or a workbook of a spreadsheet. Save the sheet as CSV, then use that.",
    ),
    (b"PAR1", "The file is Parquet, not text. Use the manifest.json of its inventory."),
    (b"ORC", "The file is ORC, not text. Use the manifest.json of its inventory."),
    (b"%PDF", "The file is a PDF document. Save the list as CSV, then use that."),
)
_PAGES = ("<!doctype html", "<html", "<?xml", "<error", "<listbucketresult")


@dataclass(frozen=True, slots=True)
class Encoding:
    """`mark_bytes` is the length of the byte order mark, 0 without one."""

    name: str
    mark_bytes: int = 0


def encoding_of(sample: bytes) -> Encoding:
    """`sample` is the file's beginning. UTF-16 and UTF-32 without a mark are told by their NUL bytes,
    and only where no doubt is left.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return Encoding(name, len(mark))
    looked_at = sample[:_LOOKED_AT_BYTES]
    if b"\0" in looked_at:
        for name, unit_bytes in _UNITS.items():
            if _is_surely(looked_at[: len(looked_at) // unit_bytes * unit_bytes], name):
                return Encoding(name)
    return Encoding(UTF_8)


def _is_surely(sample: bytes, name: str) -> bool:
    """Whether it reads as text, with no control character but those of lines and tabs."""
    try:
        text = codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeDecodeError:
        return False
    plain = sum(character.isascii() for character in text)
    printed = all(character >= " " or character in _WHITE for character in text)
    # Two letters of ASCII read the wrong way make a rare one: text of ours has commas and slashes.
    return bool(text) and printed and "\x7f" not in text and plain * 4 >= len(text)


def why_no_list(sample: bytes) -> str | None:
    """A sentence about a file that lists nothing, with what to do; None for what may be a list."""
    for mark, sentence in _NO_TEXT:
        if sample.startswith(mark):
            return sentence
    encoding = encoding_of(sample)
    text = sample[encoding.mark_bytes : _LOOKED_AT_BYTES].decode(encoding.name, "replace").lstrip()
    if text.lower().startswith(_PAGES):
        return (
            "The file is a web page or an answer of a storage, not a list. It may have been saved in"
            " place of the list: fetch the list again."
        )
    if text.startswith("{") and '"fileschema"' in text.lower() and '"files"' in text.lower():
        return (
            "The file is the manifest.json of an S3 Inventory report, not a list itself. Choose S3"
            " Inventory report as the format, and give the path of this object in its bucket."
        )
    if text.startswith(("{", "[")):
        return "The file is JSON. Write a line with the bucket and the key of each object."
    return None


def is_compressed(sample: bytes) -> bool:
    return sample.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
