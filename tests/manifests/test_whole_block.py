from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests.layout import layout_of
from jobs.manifests.rows import parse_row
from jobs.manifests.whole_block import bucket_rows

BUCKET, KEY = ManifestField.BUCKET, ManifestField.KEY
VERSION, IGNORE = ManifestField.VERSION_ID, ManifestField.IGNORE

column_sets = st.sampled_from(
    [
        (BUCKET, KEY),
        (KEY, BUCKET),
        (BUCKET, KEY, VERSION),
        (VERSION, KEY, BUCKET),
        (BUCKET, KEY, IGNORE),
        (IGNORE, KEY, IGNORE, BUCKET),
    ]
)
buckets = st.sampled_from(["photos", "archive", "x-1"])
cells = st.sampled_from(
    ["photos", "archive", "a.jpg", "a%20b", "%C3%A9", "%41%42", "été", "x=y", "1+1", "=41", "null"]
)
# What may break a row, or look as if: separators, quotes, halves of escapes and of letters.
dents = st.sampled_from(
    [b'"', b'""', b",", b'","', b"%", b"%4", b"%%", b"%00", b"%C3", b"%zz", b"=", b"==", b" "]
    + [b"\0", b"\r", b"\t", b"\x7f", b"\xc3", b"\xa9", b"x" * 1030, b"%41" * 400, b""]
)


def looked_at_line_by_line(
    lines: list[bytes], fields: tuple[ManifestField, ...]
) -> dict[str, tuple[int, int]] | None:
    found: dict[str, tuple[int, int]] = {}
    for place, line in enumerate(lines):
        try:
            bucket = parse_row(line, fields, line_number=1).bucket
        except ManifestError:
            return None
        rows, first = found.get(bucket, (0, place))
        found[bucket] = (rows + 1, first)
    return found


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[bytes], tuple[ManifestField, ...]]:
    """Mostly right lines, all quoted or not at all, with a few dents anywhere."""
    fields = draw(column_sets)
    quoted = draw(st.booleans())
    row = st.tuples(*[buckets if field == BUCKET else cells for field in fields])
    rows = draw(st.lists(row, min_size=1, max_size=5))
    template = '"{}"' if quoted else "{}"
    lines = [",".join(template.format(cell) for cell in row).encode() for row in rows]
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.integers(0, len(lines) - 1))
        place = draw(st.integers(0, len(lines[row])))
        lines[row] = lines[row][:place] + draw(dents) + lines[row][place:]
    return lines, fields


@settings(max_examples=2000, deadline=None)
@given(blocks())
@example(([b'"photos","a', b'bcd","e"'], (BUCKET, KEY)))
@example(([b"photos,a,x,archive,b", b"c"], (BUCKET, KEY, IGNORE)))
@example(([b"photos," + b"x" * 1025], (BUCKET, KEY)))
@example(([b"photos,a,\0"], (BUCKET, KEY, IGNORE)))
@example(([b'"'], (BUCKET, KEY)))
@example(([b"photos,a%", b"41rchive,b"], (BUCKET, KEY)))
@example(([b"%,photos", b"41,photos"], (KEY, BUCKET)))
def test_what_passes_as_a_block_passes_line_by_line_with_the_same_counts(
    block: tuple[list[bytes], tuple[ManifestField, ...]],
) -> None:
    lines, fields = block
    found = bucket_rows(lines, layout_of(fields))
    if found is not None:
        assert found == looked_at_line_by_line(lines, fields)


@given(st.lists(st.tuples(buckets, cells), min_size=1), st.booleans())
def test_right_lines_pass_as_a_block_quoted_or_not(
    rows: list[tuple[str, str]], quoted: bool
) -> None:
    template = '"{}","{}"' if quoted else "{},{}"
    lines = [template.format(*row).encode() for row in rows]
    found = bucket_rows(lines, layout_of((BUCKET, KEY)))
    assert found == looked_at_line_by_line(lines, (BUCKET, KEY))
    assert found is not None
