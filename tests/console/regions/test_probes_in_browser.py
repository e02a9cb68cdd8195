"""A storage is probed in a real browser, with scripts and without; then an operation is disabled."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs.choices import Can, Capability
from jobs.models import FoundCapability, ProbedBucket
from jobs.s3 import keeping
from tests.bent_storage import bent, refused
from tests.console.wizard.conftest import ROWS
from tests.console.wizard.test_in_browser import assert_accessible, begin, go_on, sign_in
from tests.make import make_region, make_role, make_user

NEEDED = "Replace all object tags"


@pytest.fixture
def region(transactional_db, s3_server, monkeypatch):
    """Over a storage that has no object tags."""
    monkeypatch.setattr(keeping, "LASTS_S", 0)

    def without(sent):
        return refused(501, "NotImplemented") if sent.is_about("tagging") else sent

    with bent(s3_server, without) as url:
        region = make_region("store", endpoint_url=url)
        make_role(region)
        yield region


def row_of(page, capability):
    return page.get_by_role("row").filter(
        has=page.get_by_role("rowheader", name=capability, exact=True)
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_probe_shows_what_is_missing_and_a_person_overrules_it(open_page, region, bucket, scripts):
    page = open_page(java_script_enabled=scripts)
    sign_in(page, make_user("admin", name="ana"))
    page.goto(reverse("region-edit", args=[region.slug]))
    page.get_by_label("Bucket to try it in").fill(bucket)
    page.get_by_role("button", name="Probe", exact=True).click()
    expect(page.get_by_text(f"The storage was tried in {bucket}:")).to_be_visible()
    tags = row_of(page, "Object tags")
    expect(tags).to_contain_text("501 NotImplemented")
    tags.get_by_role("button", name="Use all the same").click()
    expect(row_of(page, "Object tags")).to_contain_text("No, overruled")
    row_of(page, "Object tags").get_by_role("button", name="Do not use").click()
    expect(row_of(page, "Object tags")).not_to_contain_text("overruled")
    if scripts:
        assert_accessible(page)


def test_probed_region_fits_a_small_screen(open_page, region, bucket):
    rows = ProbedBucket.objects.create(region=region, name=bucket, probed_at=timezone.now())
    for name in Capability:
        FoundCapability.objects.create(bucket=rows, name=name, answer=Can.NO, evidence="Long " * 30)
    page = open_page(viewport={"width": 390, "height": 800})
    sign_in(page, make_user("admin", name="ana"))
    page.goto(reverse("region-edit", args=[region.slug]))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_disabled_operation_says_why_and_cannot_be_chosen(page, region, s3, bucket):
    s3.put_object(Bucket=bucket, Key="list.csv", Body=ROWS.encode())
    rows = ProbedBucket.objects.create(region=region, name="photos", probed_at=timezone.now())
    FoundCapability.objects.create(
        bucket=rows, name=Capability.TAGS, answer=Can.NO, evidence="It has no object tags."
    )
    begin(page, make_user("operator", name="browser"))
    page.locator("#kind-csv").check()
    page.get_by_label("Manifest object", exact=True).fill(f"s3://{bucket}/list.csv")
    go_on(page)
    go_on(page)  # the columns were seen now
    choice = page.locator("#operation-S3PutObjectTagging")
    expect(choice).to_be_disabled()
    expect(page.locator("#why-S3PutObjectTagging")).to_contain_text("It has no object tags.")
    expect(page.locator("#operation-S3PutObjectCopy")).to_be_enabled()
    assert_accessible(page)
