"""The connection test finds out what the storage keeps, sets the switches and says so."""

import re
from html import unescape

import pytest
from django.urls import reverse

from jobs.console.regions import looking
from jobs.models import Bucket, Region
from jobs.s3 import keeping
from jobs.s3.keeping import Kept, Look
from tests.bent_storage import Answered, bent, refused
from tests.make import make_region, make_role

IGNORES_TAGS = (
    "This storage ignores tags that are sent with a copy. Batchconsole sets them afterwards."
)
KEPT, LOST = Look(True), Look(False)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(keeping, "LASTS_S", 0)


def loses_tags_of_copies(sent):
    return sent.without("x-amz-tagging") if sent.is_copy else sent


@pytest.fixture
def forgetful(s3_server):
    """The address of a storage that ignores tags sent with a copy."""
    with bent(s3_server, loses_tags_of_copies) as url:
        yield url


@pytest.fixture
def region(db, forgetful, bucket):
    region = make_region("store", endpoint_url=forgetful, report_prefix=f"s3://{bucket}/reports")
    make_role(region)
    return region


def text(response):
    return unescape(response.content.decode())


def is_ticked(page, switch):
    (box,) = re.findall(f'<input[^<>]* id="{switch}"[^<>]*>', page)
    return "checked" in box


def connection_test(client, region):
    page = text(client.post(reverse("region-test", args=[region.slug])))
    region.refresh_from_db()
    return page


def typed(region, **changes):
    """What the form of the Region sends."""
    values = {
        "name": region.name,
        "endpoint_url": region.endpoint_url,
        "code": region.code,
        "path_style": "on",
        "verify_tls": "on",
        "manifest_prefix": region.manifest_prefix,
        "report_prefix": region.report_prefix,
    }
    values |= {name: "on" for name in looking.SWITCHES if getattr(region, name)}
    return {name: value for name, value in (values | changes).items() if value is not None}


def save(client, region, **changes):
    url = reverse("region-edit", args=[region.slug])
    page = text(client.post(url, typed(region, **changes), follow=True))
    region.refresh_from_db()
    return page


def test_storage_that_ignores_tags_of_a_copy_is_said_and_its_switch_is_set(
    as_admin, region, s3, bucket
):
    page = connection_test(as_admin, region)
    assert IGNORES_TAGS in page
    assert "Tags: works" in page and "Object Lock: not looked at" in page
    assert f"The bucket {bucket} has no Object Lock." in page
    assert region.endpoint().tags_after_copy and not region.endpoint().lock_after_copy
    assert is_ticked(page, "tags_after_copy") and not is_ticked(page, "lock_after_copy")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_storage_that_keeps_all_lets_a_switch_go(as_admin, region, s3_server):
    Region.objects.update(endpoint_url=s3_server, tags_after_copy=True, lock_after_copy=True)
    page = connection_test(as_admin, region)
    assert "A copy has the metadata and the tags that are sent with it." in page
    assert not region.tags_after_copy
    assert region.lock_after_copy, "the bucket has no Object Lock, so nothing was proven"


def test_region_without_a_default_place_is_told_that_nothing_was_tried(as_admin, region):
    Region.objects.update(report_prefix="", tags_after_copy=True)
    page = connection_test(as_admin, region)
    assert looking.NO_PLACE in page and "Tags and copies: not looked at" in page
    assert (region.tags_after_copy, region.check_error) == (True, "")


def test_default_place_of_manifests_will_do_and_one_in_another_region_will_not(
    as_admin, region, make_bucket
):
    far = make_bucket()
    Bucket.objects.create(name=far, region=make_region("far"))
    Region.objects.filter(pk=region.pk).update(report_prefix=f"s3://{far}/x")
    assert looking.NO_PLACE in connection_test(as_admin, region)
    Region.objects.filter(pk=region.pk).update(manifest_prefix=f"s3://{make_bucket()}")
    assert IGNORES_TAGS in connection_test(as_admin, region)


def test_what_was_corrected_by_hand_stays_until_somebody_tests_again(as_admin, region):
    connection_test(as_admin, region)
    save(as_admin, region, tags_after_copy=None)
    assert not region.tags_after_copy
    assert IGNORES_TAGS not in save(as_admin, region, name="Another name")
    assert not region.tags_after_copy
    connection_test(as_admin, region)
    assert region.tags_after_copy


def test_another_place_is_tried_when_it_is_saved_and_spares_a_switch_set_with_it(
    as_admin, region, make_bucket
):
    page = save(as_admin, region, report_prefix=f"s3://{make_bucket()}/new")
    assert IGNORES_TAGS in page and region.tags_after_copy
    save(as_admin, region, report_prefix=f"s3://{make_bucket()}/new", tags_after_copy=None)
    assert not region.tags_after_copy


def test_new_credentials_change_no_switch(as_admin, region):
    values = {"arn": "arn:aws:iam::123456789012:role/other", "kind": "keys"}
    values |= {"access_key_id": "A", "secret_access_key": "B"}
    as_admin.post(reverse("region-role", args=[region.slug]), values)
    region.refresh_from_db()
    assert region.checked_at and not region.tags_after_copy


def test_test_before_connecting_ticks_the_switch_in_the_form(as_admin, forgetful, bucket):
    values = {"name": "New", "endpoint_url": forgetful, "code": "us-east-1", "path_style": "on"}
    values |= {"report_prefix": f"s3://{bucket}/x", "kind": "keys", "go": "test"}
    values |= {"arn": "arn:aws:iam::123456789012:role/batch"}
    values |= {"access_key_id": "A", "secret_access_key": "B"}
    page = text(as_admin.post(reverse("region-create"), values))
    assert IGNORES_TAGS in page and not Region.objects.exists()
    assert is_ticked(page, "tags_after_copy")
    as_admin.post(reverse("region-create"), values | {"go": "save"})
    assert Region.objects.get().tags_after_copy


def test_place_that_may_not_be_written_is_one_note_and_the_connection_works(
    as_admin, region, s3_server
):
    def refuses(sent):
        return refused(403, "AccessDenied") if sent.method == "PUT" else sent

    with bent(s3_server, refuses) as url:
        Region.objects.update(endpoint_url=url, tags_after_copy=True)
        page = connection_test(as_admin, region)
    assert page.count("PutObject was answered with 403 AccessDenied.") == 1
    assert "Tags, copies and Object Lock: not looked at" in page
    assert (region.tags_after_copy, region.check_error) == (True, "")


def test_bucket_that_is_not_there_is_not_tried(as_admin, region):
    Region.objects.update(report_prefix="s3://no-such-bucket/x")
    page = connection_test(as_admin, region)
    assert "does not exist" in page and "Tags" not in page.partition('id="roles"')[0]


def test_object_that_could_not_be_deleted_is_named(as_admin, region, s3_server, bucket):
    with bent(
        s3_server, lambda sent: refused(403, "AccessDenied") if sent.method == "DELETE" else sent
    ) as url:
        Region.objects.update(endpoint_url=url)
        page = connection_test(as_admin, region)
    assert f"s3://{bucket}/reports/.batchconsole-scratch-" in page
    assert "A later test tries again to delete it." in page


def test_storage_that_breaks_off_in_the_middle_shows_a_page(as_admin, region, s3_server):
    with bent(s3_server, lambda sent: Answered(0) if sent.is_copy else sent) as url:
        Region.objects.update(endpoint_url=url)
        page = connection_test(as_admin, region)
    assert "Tags: works" in page and "Copies: not looked at" in page


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (Kept(LOST, LOST, KEPT, LOST, KEPT), "it does not know object tags. Run no job here"),
        (Kept(LOST, KEPT, KEPT, KEPT, KEPT), "accepts the tags of an object and loses them."),
        (
            Kept(LOST, KEPT, KEPT, LOST, KEPT),
            "This storage ignores tags that are sent with a copy.",
        ),
        (Kept(KEPT, KEPT, LOST, KEPT, KEPT), "ignores metadata that is sent with a copy."),
        (Kept(KEPT, KEPT, LOST, LOST, KEPT), "Batchconsole sets the tags afterwards."),
        (Kept(KEPT, KEPT, KEPT, KEPT, LOST), "ignores retention and legal hold that are sent"),
        (Kept(KEPT, KEPT, KEPT, Look(None, "No."), KEPT), "Its tags were not looked at: No."),
    ],
)
def test_each_thing_that_gets_lost_has_its_sentence(kept, words):
    sentences = [result.sentence for result in looking.results_of(kept)]
    assert any(words in sentence for sentence in sentences)
    if "sets" in words:
        assert looking.switches_of(kept)["tags_after_copy"]


def test_help_is_promised_only_where_tags_can_be_set_afterwards():
    kept = Kept(LOST, KEPT, KEPT, LOST, KEPT)
    assert "afterwards" not in " ".join(result.sentence for result in looking.results_of(kept))
    assert "tags_after_copy" not in looking.switches_of(kept)
