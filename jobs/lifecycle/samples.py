"""Some rows of a manifest, of its beginning, its middle and its end."""

from jobs.manifests.compressed import beginning_of, compression_of
from jobs.manifests.keys import KeyRules
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.problems import ManifestContentError, RowFaultError
from jobs.manifests.rows import Row, read_row
from jobs.s3.storage import Storage
from jobs.spec.manifest import ManifestSpec

SAMPLES = 5
PIECE_BYTES = 64 * 1024


def sample_rows(storage: Storage, manifest: ManifestSpec, size_bytes: int) -> list[Row]:
    """At most SAMPLES good rows; a row that is none is passed over. Raises StorageError."""
    try:
        layout = layout_of(manifest.fields)
    except ManifestContentError:
        return []
    pieces = []
    for start, end in _spans(size_bytes):
        data = storage.read_range(
            manifest.bucket,
            manifest.key,
            start,
            end - start,
            manifest.version_id,
            if_match=manifest.etag,
        )
        if not start and compression_of(data):
            is_whole = end == size_bytes
            text = beginning_of(data, is_whole=is_whole, most_bytes=PIECE_BYTES)
            pieces.append(_rows(text.text, manifest, layout, is_last=text.is_whole))
            break  # all behind it can be read from the beginning only
        pieces.append(_rows(data, manifest, layout, is_first=not start, is_last=end == size_bytes))
    return spread([row for piece in pieces for row in piece])


def spread(rows: list[Row]) -> list[Row]:
    """The first, the last, and some between them."""
    if len(rows) <= SAMPLES:
        return rows
    last = len(rows) - 1
    return [rows[round(number * last / (SAMPLES - 1))] for number in range(SAMPLES)]


def _spans(size_bytes: int) -> list[tuple[int, int]]:
    """From which byte to which, the second not included."""
    if size_bytes <= 3 * PIECE_BYTES:
        return [(0, size_bytes)]
    middle = (size_bytes - PIECE_BYTES) // 2
    starts = (0, middle, size_bytes - PIECE_BYTES)
    return [(start, start + PIECE_BYTES) for start in starts]


def _rows(
    data: bytes,
    manifest: ManifestSpec,
    layout: Layout,
    *,
    is_first: bool = True,
    is_last: bool = True,
) -> list[Row]:
    rules = KeyRules(plus_is_space=bool(manifest.plus_is_space))
    lines = data.split(b"\n")
    if not is_first:
        del lines[0]  # most likely the end of a line
    if not is_last and lines:
        del lines[-1]
    rows = []
    for line in lines:
        try:
            rows.append(read_row(line.removesuffix(b"\r"), layout, rules))
        except RowFaultError:
            continue
    return rows
