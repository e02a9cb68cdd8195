"""Lines that are nearly right, to read with each way of reading."""

from hypothesis import strategies as st

from jobs.choices import ManifestField

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
