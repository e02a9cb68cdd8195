from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests.layout import layout_of
from jobs.manifests.rows import parse_row
from jobs.manifests.whole_block import bucket_rows
from tests.manifests.dented import BUCKET, IGNORE, KEY, blocks, buckets, cells


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
