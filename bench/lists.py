"""Lists of objects, as long as wanted: keys are numbered, and every twentieth has an escape."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

BUCKET = "data"
BLOCK = 50_000


@dataclass(frozen=True, slots=True)
class List:
    """`etag` is what the stub sends for the file, without quotes."""

    key: str
    etag: str
    rows: int


def key_of(number: int) -> str:
    if number % 20:
        return f"data/part-{number:09d}.parquet"
    return f"data/part-{number:09d} ü.parquet"


def number_of(raw_key: bytes | str) -> int:
    """The number in a key as it stands in a list or a report."""
    text = raw_key.decode() if isinstance(raw_key, bytes) else raw_key
    return int(text.partition("part-")[2][:9])


def write(folder: Path, rows: int, *, bucket: str = BUCKET) -> List:
    """A CSV manifest of `rows` objects of a bucket in the stub's folder, made once."""
    path = folder / f"list-{bucket}-{rows}.csv"
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            for block in _blocks(rows, bucket):
                file.write(block)
        part.replace(path)
    facts = path.stat()
    # As nginx makes it: the moment of the last change and the size, in hexadecimal digits.
    return List(path.name, f"{int(facts.st_mtime):x}-{facts.st_size:x}", rows)


def _blocks(rows: int, bucket: str) -> Iterator[bytes]:
    for start in range(0, rows, BLOCK):
        end = min(start + BLOCK, rows)
        lines = [f"{bucket},{quote(key_of(number))}\n" for number in range(start, end)]
        yield "".join(lines).encode()
