import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.pages import KeyNotUtf8Error, NoListingError, read_page
from jobs.s3.listing import OBJECTS, VERSIONS
from tests.listing_storage import CHANGED_S, Entry, ListingStorage, entries

HEAD = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
WHOLE = "<IsTruncated>false</IsTruncated>"
URL = "<EncodingType>url</EncodingType>"
ROW = (
    "<Contents><Key>{}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
    "<ETag>&quot;ab&quot;</ETag><Size>5</Size><StorageClass>GLACIER</StorageClass></Contents>"
)
AB = Listed("a b", None, True, False, 5, "ab", CHANGED_S, "GLACIER")

keys = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
    unique=True,
    max_size=20,
)


def listing(rows: str, facts: str = WHOLE + URL) -> bytes:
    return f"{HEAD}<Name>photos</Name>{facts}{rows}</ListBucketResult>".encode()


def only(body: bytes) -> Listed:
    (row,) = read_page(body).rows
    return row


@given(keys, st.booleans())
def test_every_key_is_read_byte_for_byte_however_a_space_is_encoded(keys, plus_for_space):
    storage = ListingStorage({"photos": entries(keys)}, plus_for_space=plus_for_space)
    page = read_page(storage.answer(OBJECTS, "photos", {"max-keys": "1000"}))
    assert [row.key for row in page.rows] == sorted(keys)


@given(keys)
def test_versions_and_delete_markers_are_read_in_their_order(keys):
    rows = [Entry(key, f"v{len(key)}", n % 2 == 0, n % 3 == 0) for n, key in enumerate(keys)]
    storage = ListingStorage({"photos": rows})
    page = read_page(storage.answer(VERSIONS, "photos", {"max-keys": "1000"}))
    assert [
        (row.key, row.version_id, row.is_latest, row.is_delete_marker) for row in page.rows
    ] == [(row.key, row.version_id, row.is_latest, row.is_marker) for row in rows]


def test_a_row_has_all_that_the_listing_tells_of_it():
    assert only(listing(ROW.format("a+b"))) == AB


@pytest.mark.parametrize(
    "row",
    [
        ROW.format("<![CDATA[a b]]>"),
        ROW.format("a+b").replace("<Contents>", '<Contents kind="object">'),
        ROW.format("a%20b").replace("</Key>", "</Key>\n  "),
        ROW.format("a+b").replace("<ETag>", "<Owner/><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ETag>"),
        ROW.format("a&#32;b"),
        ROW.format("a&#x20;b"),
        ROW.format("<!-- here -->a+b"),
    ],
)  # fmt: skip
def test_a_row_that_is_written_in_another_way_is_read_all_the_same(row):
    assert only(listing(row)) == AB


def test_rows_that_are_not_written_alike_are_all_read():
    other = ROW.format("c").replace("<Size>", "<Owner><ID>me</ID></Owner><Size>")
    rows = read_page(listing(ROW.format("a+b") + other)).rows
    assert [(row.key, row.owner) for row in rows] == [("a b", ""), ("c", "me")]


def test_white_space_before_an_answer_is_passed_over():
    assert only(b"  \n" + listing(ROW.format("a+b")).partition(b"?>")[2]) == AB


def test_keys_of_a_storage_that_does_not_encode_them_have_their_plus_and_percent():
    assert only(listing(ROW.format("a+b%20&lt;&amp;"), WHOLE)).key == "a+b%20<&"


def test_a_time_without_a_zone_is_universal_time():
    assert only(listing(ROW.format("a").replace(".000Z", ""))).last_modified_s == CHANGED_S


def test_what_a_storage_wants_to_be_asked_on_with_is_read():
    facts = "<IsTruncated>true</IsTruncated><NextContinuationToken>1&amp;2</NextContinuationToken>"
    page = read_page(listing("", facts))
    assert page.is_truncated
    assert page.next == {"continuation-token": "1&2"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"<Error><Code>SlowDown</Code></Error>",
        listing("")[:-5],
        listing(ROW.format("a"))[:-40],
        listing(ROW.format("a"), URL),
        listing(ROW.format("")),
        listing(ROW.format("a%00b")),
        listing(ROW.format("a").replace("5</Size>", "</Size>")),
        listing(ROW.format("a").replace("5</Size>", "five</Size>")),
        listing(ROW.format("a").replace("2026-01", "2026-31")),
        listing(ROW.format("a&unknown;b")),
        listing(ROW.format("a&b")),
        listing(ROW.format("a&#xD800;b")),
        listing(ROW.format("a&#99999999;b")),
        listing("<Contents></Contents>"),
        listing("<Contents/>"),
        listing("<Contents>"),
        b'<!DOCTYPE a [<!ENTITY x "yyyy">]>' + listing(ROW.format("a&x;b")).partition(b"?>")[2],
    ],
)
def test_what_is_no_listing_or_lacks_what_one_must_have_is_refused(body):
    with pytest.raises(NoListingError):
        read_page(body)


def test_a_key_that_is_not_utf8_is_refused_with_itself():
    with pytest.raises(KeyNotUtf8Error, match="caf%E9"):
        read_page(listing(ROW.format("caf%E9")))


def test_entities_that_stand_for_many_more_are_refused_in_no_time():
    doctype = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "x">{doctype}]>'.encode()
    with pytest.raises(NoListingError):
        read_page(bomb + listing(ROW.format("&e19;")).partition(b"?>")[2])
