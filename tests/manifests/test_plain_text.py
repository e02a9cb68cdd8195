"""Many lines checked at once say what each says alone, or nothing."""

from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests import frozen_list
from jobs.manifests.frozen_list import Rows
from jobs.manifests.layout import layout_of
from jobs.manifests.plain_text import look_at
from jobs.manifests.rows import Row, parse_row
from tests.manifests.dented import BUCKET, IGNORE, KEY, VERSION, blocks

Fields = tuple[ManifestField, ...]
Found = tuple[Rows, dict[str, tuple[int, int]]]


def at_once(lines: list[bytes], fields: Fields) -> Found | None:
    text = b"".join([line + b"\n" for line in lines])
    plain = look_at(text, layout_of(fields), most_line_bytes=65_536)
    if plain is None:
        return None
    cut, buckets = plain.cut(0, len(lines))
    assert cut.rows == len(lines)
    return frozen_list.decode(frozen_list.encode(cut)), buckets


def one_by_one(lines: list[bytes], fields: Fields) -> list[Row] | None:
    try:
        return [parse_row(line, fields, line_number=1) for line in lines]
    except ManifestError:
        return None


def counted(rows: list[Row]) -> dict[str, tuple[int, int]]:
    names = [row.bucket for row in rows]
    return {name: (names.count(name), names.index(name)) for name in names}


@settings(max_examples=3000, deadline=None)
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
@example(([b"photos,a,2026-01-01 00:00"], (BUCKET, KEY, IGNORE)))
@example(([b"a\x7f,photos,a"], (IGNORE, BUCKET, KEY)))
@example(([b"a,photos,a\x7f"], (IGNORE, BUCKET, KEY)))
@example(([b"photos,a,\0"], (BUCKET, KEY, IGNORE)))
@example(([b"photos,a\0b", b"photos,c"], (BUCKET, KEY)))
@example(([b"photos,a%00b", b"photos,c"], (BUCKET, KEY)))
@example(([b'"photos","a,b"', b'"photos","c"'], (BUCKET, KEY)))
@example(([b'"photos","a","b c"', b'"photos","c","%"'], (BUCKET, KEY, IGNORE)))
@example(([b'"'], (BUCKET, KEY)))
@example(([b"photos,a%", b"41rchive,b"], (BUCKET, KEY)))
@example(([b"%,photos", b"41,photos"], (KEY, BUCKET)))
@example(([b"photos,a%3", b"photos,D=b"], (BUCKET, KEY)))
@example(([b"photos,a=b%3Dc%253D"], (BUCKET, KEY)))
@example(([b"photos,%C3", b"photos,%A9"], (BUCKET, KEY)))
@example(([b"photos,%C3\xa9"], (BUCKET, KEY)))
@example(([b"photos,%ED%A0%80"], (BUCKET, KEY)))
@example(([b"photos,a%0Ab", b"photos,%0D"], (BUCKET, KEY)))
@example(([b"photos,a%%41", b"photos,%=41"], (BUCKET, KEY)))
@example(([b"photos,a,%", b"photos,%41,%4"], (BUCKET, KEY, IGNORE)))
@example(([b"%,photos,a", b"%zz,photos,%C3%A9"], (IGNORE, BUCKET, KEY)))
@example(([b"photos,", b",a"], (BUCKET, KEY)))
@example(([b"ab,k"], (BUCKET, KEY)))
@example(([b""], (BUCKET, KEY)))
def test_what_passes_at_once_is_what_each_line_says(block: tuple[list[bytes], Fields]) -> None:
    lines, fields = block
    found = at_once(lines, fields)
    if found is not None:
        rows = one_by_one(lines, fields)
        assert rows is not None
        assert found == (Rows.of(rows), counted(rows))


keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
listed = st.tuples(
    st.sampled_from(["photos", "archive"]),
    keys,
    st.sampled_from(["v1", "", "null", "3/L4kqt+J="]),
)


@given(st.lists(listed, min_size=1), st.sampled_from(["/", "/=+,", "/é=&"]), st.booleans())
def test_right_lines_never_need_a_look_at_each(
    objects: list[tuple[str, str, str]], safe: str, quoted: bool
) -> None:
    """In any layout, quoted all or not at all, with keys of any letters."""
    safe = safe if quoted else safe.replace(",", "")
    raw = ["".join(s if s in safe else quote(s, safe="") for s in key) for _, key, _ in objects]
    if max(map(len, raw)) > 1024:
        return
    template = '"x","{}","{}","{}"' if quoted else "x,{},{},{}"
    lines = [
        template.format(version, raw_key, bucket).encode()
        for (bucket, _, version), raw_key in zip(objects, raw, strict=True)
    ]
    found = at_once(lines, (IGNORE, VERSION, KEY, BUCKET))
    assert found is not None
    assert found[0] == Rows(
        [bucket for bucket, _, _ in objects],
        raw,
        [key for _, key, _ in objects],
        [version for _, _, version in objects],
    )


@given(st.lists(listed, min_size=2), st.data())
def test_rows_may_be_cut_anywhere(objects: list[tuple[str, str, str]], data: st.DataObject) -> None:
    lines = [f"{bucket},{quote(key[:80])},{version}" for bucket, key, version in objects]
    text = "".join(f"{line}\n" for line in lines).encode()
    plain = look_at(text, layout_of((BUCKET, KEY, VERSION)), most_line_bytes=65_536)
    assert plain is not None
    first = data.draw(st.integers(0, len(lines) - 1))
    count = data.draw(st.integers(1, len(lines) - first))
    cut, buckets = plain.cut(first, count)
    rows = frozen_list.decode(frozen_list.encode(cut))
    expected = one_by_one([line.encode() for line in lines], (BUCKET, KEY, VERSION))
    assert expected is not None
    assert [rows.row(index) for index in range(count)] == expected[first : first + count]
    assert buckets == counted(expected[first : first + count])
