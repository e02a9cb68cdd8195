from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests import columns
from jobs.manifests.columns import Rows, read_lines
from jobs.manifests.rows import Row, parse_row
from tests.manifests.dented import BUCKET, IGNORE, KEY, VERSION, blocks

Fields = tuple[ManifestField, ...]
Found = list[Row] | tuple[str, int | None]


def one_by_one(lines: list[bytes], fields: Fields) -> Found:
    try:
        return [parse_row(line, fields, line_number=n) for n, line in enumerate(lines, 7)]
    except ManifestError as error:
        return error.message, error.line


def at_once(lines: list[bytes], fields: Fields) -> Found:
    try:
        rows = read_lines(lines, fields, first_line=7)
    except ManifestError as error:
        return error.message, error.line
    return [rows.row(index) for index in range(len(rows))]


@settings(max_examples=2000, deadline=None)
@given(blocks())
@example(([b'"photos","a', b'bcd","e"'], (BUCKET, KEY)))
@example(([b"photos,a,x,archive,b", b"c"], (BUCKET, KEY, IGNORE)))
@example(([b"c", b"photos,a,x,archive,b"], (KEY, BUCKET, IGNORE)))
@example(([b"photos," + b"x" * 1025], (BUCKET, KEY)))
@example(([b"photos," + "é".encode() * 512, b"photos,b"], (BUCKET, KEY)))
@example(([b"photos," + "é".encode() * 513], (BUCKET, KEY)))
@example(([b"photos,a," + b"x" * 1025], (BUCKET, KEY, VERSION)))
@example(([b"photos,a,", b"photos,b,null"], (BUCKET, KEY, VERSION)))
@example(([b"photos,a,v 1"], (BUCKET, KEY, VERSION)))
@example(([b"photos,a,\0"], (BUCKET, KEY, IGNORE)))
@example(([b"photos,a\0b", b"photos,c"], (BUCKET, KEY)))
@example(([b"photos,a%00b", b"photos,c"], (BUCKET, KEY)))
@example(([b'"photos","a,b"', b'"photos","c"'], (BUCKET, KEY)))
@example(([b'"'], (BUCKET, KEY)))
@example(([b"photos,a%", b"41rchive,b"], (BUCKET, KEY)))
@example(([b"%,photos", b"41,photos"], (KEY, BUCKET)))
@example(([b"photos,a%3", b"photos,D=b"], (BUCKET, KEY)))
@example(([b"photos,a=b%3Dc%253D"], (BUCKET, KEY)))
@example(([b"photos,%C3", b"photos,%A9"], (BUCKET, KEY)))
@example(([b"photos,%ED%A0%80"], (BUCKET, KEY)))
@example(([b"photos,a%0Ab", b"photos,%0D"], (BUCKET, KEY)))
@example(([b"photos,a%%41", b"photos,%=41"], (BUCKET, KEY)))
@example(([b"photos,", b",a"], (BUCKET, KEY)))
@example(([b""], (BUCKET, KEY)))
def test_lines_read_at_once_give_the_rows_or_the_error_of_each_read_alone(
    block: tuple[list[bytes], Fields],
) -> None:
    assert at_once(*block) == one_by_one(*block)


keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
listed = st.tuples(
    st.sampled_from(["photos", "archive"]),
    keys.filter(lambda key: len(key.encode()) <= 1024),
    st.sampled_from(["v1", "", "null", "3/L4kqt+J="]),
)


@given(st.lists(listed, min_size=1), st.sampled_from(["/", "/=+,", "/é=&"]), st.booleans())
def test_right_lines_never_need_a_look_at_each(
    objects: list[tuple[str, str, str]], safe: str, quoted: bool
) -> None:
    """In any layout, quoted all or not at all, with keys of any letters."""
    safe = safe if quoted else safe.replace(",", "")
    raw = ["".join(s if s in safe else quote(s, safe="") for s in key) for _, key, _ in objects]
    template = '"x","{}","{}","{}"' if quoted else "x,{},{},{}"
    lines = [
        template.format(version, raw_key, bucket).encode()
        for (bucket, _, version), raw_key in zip(objects, raw, strict=True)
    ]
    layout = columns.layout_of((IGNORE, VERSION, KEY, BUCKET))
    rows = columns._plain_rows(lines, layout)
    assert rows == Rows(
        [bucket for bucket, _, _ in objects],
        raw,
        [key for _, key, _ in objects],
        [version for _, _, version in objects],
    )
