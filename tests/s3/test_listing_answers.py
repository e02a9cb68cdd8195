"""Listings read by ourselves are what botocore makes of them; what is unusual is left to it."""

from datetime import UTC, datetime

import pytest

from jobs.s3.listing_answers import read_listing
from jobs.s3.xml_bodies import root_of

SPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
OBJECT = (
    "<Contents><Key>a%20b</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
    "<ETag>&quot;e&quot;</ETag><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>"
)


def listing(inside, *, truncated="false", encoding="", space=SPACE):
    told = f"<EncodingType>{encoding}</EncodingType>" if encoding else ""
    text = f"<IsTruncated>{truncated}</IsTruncated>{told}{inside}"
    return root_of(f"<ListBucketResult{space}>{text}</ListBucketResult>".encode())


@pytest.mark.parametrize("space", [SPACE, ""])
def test_objects_of_a_listing_are_read(space):
    read = read_listing(listing(OBJECT, truncated="true", encoding="url", space=space))
    assert read == {
        "Contents": [
            {
                "Key": "a%20b",
                "LastModified": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
                "ETag": '"e"',
                "Size": 12,
                "StorageClass": "STANDARD",
            }
        ],
        "IsTruncated": True,
        "EncodingType": "url",
    }


def test_listing_without_objects_is_read():
    read = read_listing(listing(""))
    assert read == {"Contents": [], "IsTruncated": False, "EncodingType": ""}


@pytest.mark.parametrize(
    "changed",
    [
        OBJECT.replace("<Size>12</Size>", ""),
        OBJECT.replace("12", "-1"),
        OBJECT.replace("12", "twelve"),
        OBJECT.replace("2026-01-02T03:04:05.678Z", "Fri, 02 Jan 2026 03:04:05 GMT"),
        OBJECT.replace("05.678Z", "05"),
        OBJECT.replace("</Contents>", "<Key>b</Key></Contents>"),
        OBJECT.replace("</Contents>", "<Owner><ID>me</ID></Owner></Contents>"),
    ],
)  # fmt: skip
def test_what_is_unusual_is_left_to_botocore(changed):
    assert read_listing(listing(changed)) is None


@pytest.mark.parametrize("text", ["<Other/>", f"<ListBucketResult{SPACE}/>"])
def test_what_is_no_whole_listing_is_left_to_botocore(text):
    assert read_listing(root_of(text.encode())) is None


def test_names_of_checksums_are_no_hindrance():
    more = "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA1</ChecksumAlgorithm>"
    changed = OBJECT.replace("</Contents>", f"{more}</Contents>")
    assert read_listing(listing(changed)) == read_listing(listing(OBJECT))
