"""Paste keys: shown first, then stored as a manifest at which the draft stands."""

from html import unescape

import pytest
from django.urls import reverse

from tests.console.wizard.lists.conftest import rows_of

KEYS = "2024/holiday photo.jpg\r\n2024/a+b,c.jpg\r\n"


@pytest.fixture
def paste(client, draft, lists):
    def press(text, go="show", **typed):
        url = reverse("list-paste", args=[draft.pk])
        return client.post(url, {"text": text, "go": go, **typed})

    return press


def shown(response):
    return unescape(response.content.decode())


def test_pasted_keys_are_shown_before_anything_is_stored(paste, s3, lists):
    html = shown(paste(KEYS, bucket="photos"))
    assert "photos,2024/holiday%20photo.jpg" in html
    assert "photos,2024/a%2Bb%2Cc.jpg" in html
    assert "Each row gets the bucket photos." in html
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


def test_pasted_keys_become_the_list_of_the_draft(paste, draft, manifest_of, lists):
    typed = {"bucket": "photos", "separator": "none", "keys": "named", "column-0": "Key"}
    response = paste(KEYS, "make", **typed)
    assert response["Location"] == f"/jobs/create/{draft.pk}/manifest/#preview"
    assert rows_of(manifest_of(draft)) == [
        ("photos", "2024/holiday photo.jpg"),
        ("photos", "2024/a+b,c.jpg"),
    ]
    path = draft.data["manifest"]["manifest_object"]
    assert path.startswith(f"s3://{lists}/kept/lists/") and path.endswith("/pasted.csv")
    assert draft.data["found"]["rows_exact"] == 2
    assert not any(problem["blocking"] for problem in draft.data["found"]["problems"])


def test_keys_without_a_bucket_are_not_stored(paste, s3, lists):
    typed = {"separator": "none", "keys": "named", "column-0": "Key"}
    assert "Enter the bucket of the objects" in shown(paste(KEYS, "make", **typed))
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("text", "typed", "says"),
    [
        ("a\nb\n", {"bucket": "No Bucket!"}, "is not a bucket name"),
        ("a\nb\n", {"bucket": "x" * 70}, "must be 63 characters or fewer"),
        ("a\nb\n", {"separator": "none", "column-0": "Ignore"}, "Choose exactly one column"),
        ("a,b\n", {"separator": "comma", "column-0": "Key", "column-1": "Key"}, "exactly one"),
        (
            "a\nb\n",
            {"bucket": "photos", "separator": "?", "keys": "?", "column-7": "?"},
            "photos,a",
        ),
    ],
)
def test_settings_that_cannot_be_get_a_sentence(paste, text, typed, says):
    assert says in shown(paste(text, **typed))


def test_row_that_cannot_be_is_named_with_its_line(paste):
    html = shown(paste("photos,a\n,b\n"))
    assert "Line 2 names no bucket" in html


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("", 200, "Paste a list"),
        ("\r\n \r\n", 200, "Paste a list"),
        (("k" * 1023 + "\n") * 1025, 413, "upload that"),
        ('{"fileSchema": "Bucket, Key", "files": []}', 200, "manifest.json of an S3 Inventory"),
    ],
)
def test_text_that_is_no_list_gets_a_sentence(paste, text, status, says):
    response = paste(text)
    assert response.status_code == status
    assert says in shown(response)


def test_region_without_a_place_for_lists_says_so(client, draft, region, role):
    html = shown(client.get(reverse("list-paste", args=[draft.pk])))
    assert "has no default place of manifests" in html


def test_place_of_reports_serves_where_there_is_none_for_manifests(
    client, draft, region, role, bucket, manifest_of
):
    region.report_prefix = f"s3://{bucket}/reports"
    region.save()
    data = {"text": "photos,a\n", "go": "make"}
    client.post(reverse("list-paste", args=[draft.pk]), data)
    assert manifest_of(draft) == b"photos,a\n"
    assert f"s3://{bucket}/reports/lists/" in draft.data["manifest"]["manifest_object"]


def test_storage_that_refuses_says_so(client, draft, region, role):
    region.manifest_prefix = "s3://no-such-bucket-of-lists/"
    region.save()
    data = {"text": "photos,a\n", "go": "make"}
    html = shown(client.post(reverse("list-paste", args=[draft.pk]), data))
    assert "the bucket does not exist" in html
