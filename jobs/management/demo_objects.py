"""What the demo storage holds: the names and the content of its objects.

The same at every start, so that a job prepared yesterday names objects that are there today.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from urllib.parse import quote

PHOTOS, MANIFESTS, REPORTS, ARCHIVE = BUCKETS = ("photos", "manifests", "reports", "archive")
PHOTO_COUNT = 5_000
PLAIN, VERSIONED, MISTAKEN = "photos.csv", "photos-with-versions.csv", "photos-with-mistakes.csv"

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


def plain_manifest() -> bytes:
    return _csv([PHOTOS, quote(key, safe="/")] for key in photo_keys())


def plain_manifest_etag() -> str:
    return hashlib.md5(plain_manifest(), usedforsecurity=False).hexdigest()


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
