"""Browse S3: bucket, folder, object, back into the field."""

from html import unescape
from urllib.parse import quote

import pytest
from django.urls import reverse

AWKWARD = "a b+c/ü&<ö>/list %41.csv"


@pytest.fixture
def browsing(wizard, region, role):
    wizard.press("manifest", "previous", region="store")
    return wizard


def page(wizard, field="manifest_object", **query):
    response = wizard.client.get(reverse("wizard-browse", args=[wizard.draft.pk, field]), query)
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_browse_saves_what_was_typed_and_lists_buckets(browsing, bucket):
    response = browsing.press("manifest", "browse:manifest_object", version_id="v1")
    html = browsing.client.get(response["Location"]).content.decode()
    assert bucket in html
    assert browsing.open("manifest").values["version_id"] == "v1"


def test_browse_begins_at_what_was_typed_or_at_the_place_of_the_region(browsing, region):
    typed = browsing.press(
        "manifest", "browse:manifest_object", manifest_object="s3://abc/d/e/f.csv"
    )
    assert typed["Location"].endswith("?bucket=abc&prefix=d%2Fe%2F")
    region.manifest_prefix = "s3://lists/daily"
    region.save()
    empty = browsing.press("manifest", "browse:manifest_object", manifest_object="")
    assert empty["Location"].endswith("?bucket=lists&prefix=daily%2F")


def test_folders_lead_to_objects_and_the_chosen_one_stands_in_the_field(browsing, put, bucket):
    path = put(AWKWARD, "x")
    assert "a b+c/" in page(browsing, bucket=bucket)
    html = page(browsing, bucket=bucket, prefix="a b+c/")
    assert quote("a b+c/ü&<ö>/") in html or "prefix=a+b%2Bc%2F" in html
    assert "list %41.csv" in page(browsing, bucket=bucket, prefix="a b+c/ü&<ö>/")
    url = reverse("wizard-browse", args=[browsing.draft.pk, "manifest_object"])
    response = browsing.client.post(url, {"path": path})
    assert response["Location"].endswith("/manifest/?focus=manifest_object")
    assert browsing.open("manifest").values["manifest_object"] == path


def test_long_folder_goes_on_on_the_next_page(browsing, s3, bucket):
    for number in range(101):
        s3.put_object(Bucket=bucket, Key=f"{number:03}.csv", Body=b"")
    html = page(browsing, bucket=bucket)
    assert "099.csv" in html
    assert "100.csv" not in html
    assert "Next page" in html


@pytest.mark.parametrize(
    ("bucket_name", "sentence"),
    [
        ("no-such-bucket", "the bucket does not exist"),
        ("?", "is not a bucket name"),
        ("a\x00b", "is not a bucket name"),
    ],
)
def test_bucket_that_cannot_be_opened_gets_a_sentence(browsing, bucket_name, sentence):
    assert sentence in page(browsing, bucket=bucket_name)


def test_without_a_region_the_page_says_what_comes_first(wizard):
    assert "Choose a Region first" in page(wizard)


def test_storage_that_is_down_gets_a_sentence(browsing, region):
    region.endpoint_url = "http://127.0.0.1:9"
    region.save()
    assert "The storage does not answer." in page(browsing)


def test_folder_becomes_the_place_of_the_report(at_options, bucket):
    assert "Choose this folder" in page(at_options, "report_path", bucket=bucket)
    url = reverse("wizard-browse", args=[at_options.draft.pk, "report_path"])
    at_options.client.post(url, {"path": f"s3://{bucket}/reports/"})
    assert at_options.open("options").values["report_path"] == f"s3://{bucket}/reports/"


def test_bucket_becomes_the_destination_of_a_copy(at_operation, bucket):
    at_operation.press("operation", "show", operation="S3PutObjectCopy")
    url = reverse("wizard-browse", args=[at_operation.draft.pk, "target_bucket"])
    at_operation.client.post(url, {"path": f"s3://{bucket}"})
    assert at_operation.open("operation").values["target_bucket"] == bucket


def test_field_that_holds_no_path_is_not_found(browsing):
    url = reverse("wizard-browse", args=[browsing.draft.pk, "priority"])
    assert browsing.client.get(url).status_code == 404
