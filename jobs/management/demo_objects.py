"""What the demo storage holds: the names and the content of its objects.

The same at every start, so that a job prepared yesterday names objects that are there today.
"""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

BUCKETS = ("photos", "manifests", "reports", "archive", "scans")
PHOTOS, MANIFESTS, REPORTS, ARCHIVE, SCANS = BUCKETS
PHOTO_COUNT = 5_000
PLAIN, VERSIONED, MISTAKEN = "photos.csv", "photos-with-versions.csv", "photos-with-mistakes.csv"
SCANNED, MIXED, BROKEN = "scans.csv", "scans-of-two-buckets.csv", "wedding-albums.csv"
SOLD = "photos-sold.csv"
INVENTORY = "inventory/photos/weekly/2026-11-22T01-00Z/manifest.json"
_INVENTORY_DATA = "inventory/photos/weekly/data/6f1c2b7e-photos.csv.gz"
SCAN_COUNT = 420
PRIVATE, FROZEN = "private/", "frozen/"
"""Of the scans: what nobody may copy to the archive, and what is archived and cannot be read."""

AWKWARD = (
    "spaces/summer at the lake.jpg",
    "spaces/ leading and trailing ",
    "plus/one+one=two.jpg",
    "plus/+.jpg",
    "percent/100%.jpg",
    "percent/%41 is not A.jpg",
    "percent/%2F is no slash.jpg",
    "percent/%.jpg",
    "unicode/Zürich/Straße über den Fluß.jpg",
    "unicode/東京/桜.jpg",
    "unicode/Ελλάδα/θάλασσα.jpg",
    "unicode/sunrise 🌅.jpg",
    "unicode/e\u0301 of two characters.jpg",
    "unicode/\u00e9 of one character.jpg",
    "commas/red, green, blue.jpg",
    "commas/,.jpg",
    'quotes/the "good" one.jpg',
    'quotes/".jpg',
    "quotes/it's here.jpg",
    "signs/a&b=c?d#e;f:g@h.jpg",
    "signs/[brackets] {braces} <angles>.jpg",
    "signs/back\\slash|pipe^caret~tilde`.jpg",
    "signs/*!$().jpg",
    "slashes//two in a row.jpg",
    "slashes/ends with one/",
)


def photo_keys() -> list[str]:
    """All 5,000, the awkward ones spread evenly among the plain ones."""
    plain = (
        f"{2020 + number % 6}/{1 + number % 12:02d}/IMG_{number:05d}.jpg"
        for number in range(PHOTO_COUNT - len(AWKWARD))
    )
    keys, apart = list(plain), PHOTO_COUNT // len(AWKWARD)
    for index, key in enumerate(AWKWARD):
        keys.insert(index * apart + 7, key)
    return keys


def photo_body(key: str) -> bytes:
    """A few hundred bytes that differ from object to object."""
    return hashlib.sha256(key.encode()).hexdigest().encode() * (1 + len(key) % 8)


def scan_keys() -> list[str]:
    """All that are there, those of a box together."""
    private = [f"{PRIVATE}contract-{number:03d}.pdf" for number in range(24)]
    frozen = [f"{FROZEN}ledger-{number:03d}.pdf" for number in range(12)]
    plain = SCAN_COUNT - len(private) - len(frozen)
    return (
        [f"2018/box-{n // 20:02d}/page-{n % 20:03d}.pdf" for n in range(plain)] + private + frozen
    )


def scan_manifest() -> bytes:
    """All scans, and 40 more that are gone."""
    rows = [[SCANS, key] for key in scan_keys()]
    rows += [[SCANS, f"2018/box-99/page-{number:03d}.pdf"] for number in range(40)]
    return _csv(rows)


def mixed_manifest() -> bytes:
    """Of two buckets, which a copy refuses."""
    return _csv([SCANS if n < 30 else PHOTOS, key] for n, key in enumerate(scan_keys()[:60]))


def broken_manifest() -> bytes:
    """Of its first rows every third is gone, so that a canary stops its job."""
    kept = [key for key in photo_keys() if key.endswith(".jpg") and key.startswith("2024/")][:600]
    rows = [
        [PHOTOS, f"2024/album-{n:03d}.jpg" if n % 3 == 0 and n < 60 else quote(key, safe="/")]
        for n, key in enumerate(kept)
    ]
    return _csv(rows)


def inventory() -> Iterator[tuple[str, bytes]]:
    """The key and body of each object of an S3 Inventory report of all photos."""
    manifest = inventory_manifest()
    yield _INVENTORY_DATA, _inventory_data()
    yield INVENTORY, manifest
    yield INVENTORY.replace("manifest.json", "manifest.checksum"), f"{_md5(manifest)}\n".encode()


def inventory_manifest() -> bytes:
    data = _inventory_data()
    files = [{"key": _INVENTORY_DATA, "size": len(data), "MD5checksum": _md5(data)}]
    members = {
        "sourceBucket": PHOTOS,
        "destinationBucket": f"arn:aws:s3:::{MANIFESTS}",
        "version": "2016-11-30",
        "creationTimestamp": "1795309200000",  # the moment in its key
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, StorageClass",
        "files": files,
    }
    return json.dumps(members, indent=2).encode()


def _inventory_data() -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [PHOTOS, quote_plus(key, safe="/"), len(photo_body(key)), "STANDARD"]
        for key in photo_keys()
    )
    return gzip.compress(text.getvalue().encode(), compresslevel=1, mtime=0)


def sold_manifest() -> bytes:
    """All photos; every 60th name has a spelling under which nothing is there."""
    named = (
        key if n % 60 or not key.endswith(".jpg") else f"{key.removesuffix('.jpg')}-sold.jpg"
        for n, key in enumerate(photo_keys(), start=30)
    )
    return _csv([PHOTOS, quote(key, safe="/")] for key in named)


def plain_manifest() -> bytes:
    return _csv([PHOTOS, quote(key, safe="/")] for key in photo_keys())


def plain_manifest_etag() -> str:
    return etag_of(plain_manifest())


def etag_of(body: bytes) -> str:
    """As a storage tells it of an object that was put in one part."""
    return _md5(body)


def versioned_manifest(versions: Mapping[str, str]) -> bytes:
    """`versions` maps each key to its version ID, which differs from start to start."""
    return _csv([PHOTOS, quote(key, safe="/"), versions[key]] for key in photo_keys())


def mistaken_manifest(versions: Mapping[str, str]) -> bytes:
    """Forty rows, with one mistake of each kind that the preview knows."""
    rows = [[PHOTOS, quote(key, safe="/"), versions[key]] for key in photo_keys()[:40]]
    rows[0] = ["Bucket", "Key", "VersionId"]
    rows[5] = [PHOTOS, "2021/06/picture of a lake.jpg", rows[5][2]]
    rows[10] = [PHOTOS, "2022/11/red", "green.jpg", rows[10][2]]
    rows[15] = []
    rows[20] = rows[19]
    rows[25][2] = rows[26][2] = ""
    rows[30][0] = ARCHIVE
    rows[35] = [PHOTOS, "2020/01/half an escape%2.jpg".replace(" ", "%20"), rows[35][2]]
    return _csv(rows)


def _csv(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
