"""Connecting storage in the browser: forms, tests of the connection, secrets that stay inside."""

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.choices import JobStatus
from jobs.models import Bucket, Region, Role, RoleCredentials
from jobs.operations import registry
from tests.make import make_job, make_region, make_role, make_user
from tests.s3.scripted import refusal, serving

SECRET = "wJalrXUtnFEMI-do-not-show"
ARN = "arn:aws:iam::123456789012:role/batch"


@pytest.fixture
def client(db):
    client = Client()
    client.force_login(make_user("admin"))
    return client


@pytest.fixture
def typed(s3_server):
    """What somebody types to connect the test storage."""
    return {
        "name": "Our storage",
        "endpoint_url": s3_server,
        "code": "us-east-1",
        "path_style": "on",
        "verify_tls": "on",
        "arn": ARN,
        "kind": "keys",
        "access_key_id": "AKIATEST",
        "secret_access_key": SECRET,
    }


def post(client, name, values, *arguments):
    return client.post(reverse(name, args=arguments), values)


def text(response):
    return unescape(response.content.decode())


def test_storage_that_is_connected_can_be_used_by_its_role(client, typed):
    response = post(client, "region-create", typed)
    assert response["Location"] == "/regions/our-storage/"
    region = Region.objects.get()
    assert (region.name, region.addressing_style, region.verify_tls) == (
        "Our storage",
        "path",
        True,
    )
    row = RoleCredentials.objects.get(region=region)
    assert (row.role.arn, row.access_key_id, row.secret_access_key) == (ARN, "AKIATEST", SECRET)
    assert region.checked_at is not None
    assert region.check_error == ""
    assert "The connection works." in text(client.get(response["Location"]))


def test_secret_is_stored_encrypted_and_never_sent_back(client, typed):
    failed = post(client, "region-create", typed | {"name": ""})
    tested = post(client, "region-create", typed | {"go": "test"})
    post(client, "region-create", typed)
    row = RoleCredentials.objects.get()
    pages = [
        failed,
        tested,
        client.get("/regions/our-storage/"),
        client.get(reverse("region-role-edit", args=["our-storage", row.pk])),
        client.get("/regions/"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("select secret_access_key from jobs_rolecredentials")
        assert SECRET not in cursor.fetchone()[0]


def test_test_of_a_connection_before_saving_prints_each_step_and_saves_nothing(client, typed):
    page = text(post(client, "region-create", typed | {"go": "test"}))
    for step in ("Reach: works", "Sign: works", "List buckets: works"):
        assert step in page
    assert not Region.objects.exists()
    assert not Role.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "!!!"}, "The name needs at least one letter or digit."),
        ({"name": "n" * 81}, "at most 80 characters"),
        ({"endpoint_url": ""}, "Enter the endpoint URL."),
        ({"endpoint_url": "ftp://host"}, "Write the endpoint URL as https://host"),
        ({"endpoint_url": "storage"}, "Write the endpoint URL as https://host"),
        ({"endpoint_url": "http://h\x00st"}, "Write the endpoint URL as https://host"),
        ({"code": "EU 1"}, "Use letters, digits, hyphens, underscores and dots."),
        ({"code": "eu/1"}, "Use letters, digits, hyphens, underscores and dots."),
        ({"code": "zürich"}, "Use letters, digits, hyphens, underscores and dots."),
        ({"manifest_prefix": "manifests"}, "Write the path as s3://bucket/key."),
        ({"arn": ""}, "Enter a name for the IAM role."),
        ({"arn": "night shift"}, "Use letters, digits and the characters"),
        ({"arn": "arn:aws:s3:::photos"}, "Write the ARN as arn:aws:iam::"),
        ({"access_key_id": ""}, "Enter the access key ID."),
        ({"access_key_id": "k" * 129}, "must be 128 characters or fewer, not 129."),
        ({"secret_access_key": ""}, "Enter the secret access key."),
    ],
)
def test_value_that_cannot_be_gets_a_sentence_and_the_rest_stays(client, typed, wrong, sentence):
    page = text(post(client, "region-create", typed | wrong))
    assert page.count(sentence) >= 2
    assert "<title>Error: " in page
    assert not Region.objects.exists()
    if "arn" not in wrong:
        assert f'value="{ARN}"' in page


def test_name_that_another_region_has_is_refused_and_a_slug_is_made_free(client, typed):
    post(client, "region-create", typed)
    assert "Another Region has this name." in text(post(client, "region-create", typed))
    response = post(client, "region-create", typed | {"name": "Our Storage"})
    assert response["Location"] == "/regions/our-storage-2/"


def test_region_named_like_the_create_page_gets_another_address(client, typed):
    assert (
        post(client, "region-create", typed | {"name": "create"})["Location"] != "/regions/create/"
    )


def test_ambient_credentials_need_no_keys_and_keep_none(client, typed):
    post(client, "region-create", typed | {"kind": "ambient"})
    row = RoleCredentials.objects.get()
    assert (row.ambient, row.access_key_id, row.secret_access_key) == (True, "", "")


def test_endpoint_that_does_not_answer_is_saved_and_said(client, typed):
    response = post(client, "region-create", typed | {"endpoint_url": "http://127.0.0.1:9"})
    region = Region.objects.get()
    assert region.check_error == "http://127.0.0.1:9 does not answer. Check the endpoint URL."
    assert region.check_error in text(client.get(response["Location"]))
    assert "Unreachable" in text(client.get("/regions/"))


def test_host_name_that_nobody_knows_gets_a_sentence(client, typed):
    wrong = typed | {"endpoint_url": "http://storage.invalid:9000", "go": "test"}
    assert 'The name "storage.invalid" is not known.' in text(post(client, "region-create", wrong))


def test_default_place_that_does_not_exist_is_found_by_the_test(client, typed):
    wrong = typed | {"report_prefix": "s3://no-such-bucket/x", "go": "test"}
    page = text(post(client, "region-create", wrong))
    assert "Default place of completion reports: failed" in page
    assert 'The bucket "no-such-bucket" does not exist.' in page


@pytest.fixture
def region(client, typed):
    post(client, "region-create", typed)
    return Region.objects.get()


def test_edit_changes_the_region_and_keeps_its_address(client, typed, region):
    changed = typed | {"name": "New name", "report_prefix": "s3://reports/a/"}
    changed.pop("path_style")
    assert post(client, "region-edit", changed, region.slug).status_code == 303
    region.refresh_from_db()
    assert (region.name, region.slug) == ("New name", "our-storage")
    assert (region.addressing_style, region.report_prefix) == ("virtual", "s3://reports/a")


@pytest.mark.parametrize("code", ["RegionOne", "NL", "US", "eu_west.1", "1"])
def test_region_code_is_whatever_the_world_has_and_can_be_corrected(client, typed, region, code):
    assert post(client, "region-edit", typed | {"code": code}, region.slug).status_code == 303
    region.refresh_from_db()
    assert (region.code, region.endpoint().region_code) == (code, code)
    assert f'value="{code}"' in text(client.get(f"/regions/{region.slug}/"))


def test_page_says_what_a_new_code_means_for_jobs_that_have_not_ended(client, region):
    url, warning = f"/regions/{region.slug}/", "not ended here: with a new code"
    make_job(region=region, status=JobStatus.COMPLETE)
    assert warning not in text(client.get(url))
    make_job(region=region, status=JobStatus.ACTIVE)
    assert f"1 job has {warning}" in text(client.get(url))
    make_job(region=region, status=JobStatus.SUSPENDED)
    assert f"2 jobs have {warning}" in text(client.get(url))


def test_wrong_code_is_said_with_the_right_one_when_the_region_is_saved(client, typed):
    message = (
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'NL'"
    )
    body = refusal("AuthorizationHeaderMalformed", message, "<Region>NL</Region>")
    with serving((400, {}, body)) as server:
        post(client, "region-create", typed | {"endpoint_url": server.url})
    assert "Set the Region's code to NL under Regions." in Region.objects.get().check_error


def test_edit_that_is_wrong_shows_the_error_and_changes_nothing(client, typed, region):
    page = text(post(client, "region-edit", typed | {"name": ""}, region.slug))
    assert "Enter a name." in page
    region.refresh_from_db()
    assert region.name == "Our storage"


def test_empty_secret_keeps_the_one_that_is_stored(client, region):
    row = RoleCredentials.objects.get()
    values = {"known": row.pk, "kind": "keys", "access_key_id": "AKIANEW", "secret_access_key": ""}
    assert post(client, "region-role", values, region.slug).status_code == 303
    row.refresh_from_db()
    assert (row.role.arn, row.access_key_id, row.secret_access_key) == (ARN, "AKIANEW", SECRET)


def test_second_role_is_added_tested_and_removed(client, region):
    other = "arn:aws:iam::123456789012:role/other"
    values = {"arn": other, "kind": "keys", "access_key_id": "A", "secret_access_key": "B"}
    assert post(client, "region-role", values, region.slug).status_code == 303
    row = RoleCredentials.objects.get(role__arn=other)
    assert "Sign: works" in text(post(client, "region-test", {"as": row.pk}, region.slug))
    assert post(client, "region-role-remove", {}, region.slug, row.pk).status_code == 303
    assert list(RoleCredentials.objects.values_list("role__arn", flat=True)) == [ARN]
    assert Role.objects.filter(arn=other).exists()


def test_role_form_that_is_wrong_says_so_on_the_region_page(client, region):
    page = text(post(client, "region-role", {"arn": "x y", "kind": "keys"}, region.slug))
    assert "Use letters, digits and the characters" in page
    assert RoleCredentials.objects.count() == 1


def test_bucket_of_this_region_is_added_once_and_removed(client, region):
    post(client, "region-bucket", {"bucket_name": "far-away"}, region.slug)
    assert Bucket.objects.get().region == region
    again = text(post(client, "region-bucket", {"bucket_name": "far-away"}, region.slug))
    assert "far-away belongs to Region Our storage already." in again
    assert "is not a bucket name" in text(
        post(client, "region-bucket", {"bucket_name": "A b"}, region.slug)
    )
    row = Bucket.objects.get()
    assert post(client, "region-bucket-remove", {}, region.slug, row.pk).status_code == 303
    assert not Bucket.objects.exists()


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_regions_are_for_admins_and_others_are_told(db, role):
    region = make_region("store")
    make_role(region)
    other = Client()
    other.force_login(make_user(role))
    urls = [
        reverse("region-list"),
        reverse("region-create"),
        reverse("region-edit", args=["store"]),
    ]
    for url in urls:
        response = other.get(url)
        assert response.status_code == 403
        assert "needs the Admin role" in text(response)
    for name in ("region-edit", "region-test", "region-role", "region-bucket"):
        assert post(other, name, {}, "store").status_code == 403
    assert post(other, "region-create", {}).status_code == 403
    row = RoleCredentials.objects.get()
    assert post(other, "region-role-remove", {}, "store", row.pk).status_code == 403
    assert RoleCredentials.objects.exists()


def test_list_asks_the_database_as_often_for_three_regions_as_for_one(client):
    counts = []
    for size in (1, 3):
        while Region.objects.count() < size:
            make_region()
        client.get(reverse("region-list"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("region-list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_empty_list_leads_to_connecting_the_first_storage(client):
    page = text(client.get(reverse("region-list")))
    assert "Connect your first S3-compatible storage." in page


def test_region_allows_nothing_beyond_the_usual_until_somebody_ticks_it(client, typed):
    post(client, "region-create", typed)
    region = Region.objects.get()
    assert region.allowed_operations == []
    assert not any(map(region.allows, registry.OPT_IN))


@pytest.mark.parametrize("operation", registry.OPT_IN, ids=lambda operation: operation.name)
def test_operation_that_has_to_be_allowed_has_a_box_of_its_own(client, operation):
    region = make_region("store")
    address = reverse("region-edit", args=["store"])
    box = f'name="allow-{operation.name}"'
    page = text(client.get(address))
    assert f"Allow {operation.label}" in page and operation.opt_in in page
    kept = {"name": "store", "endpoint_url": region.endpoint_url, "code": "us-east-1"}
    for ticked in (True, False):
        client.post(address, kept | ({f"allow-{operation.name}": "on"} if ticked else {}))
        region.refresh_from_db()
        assert region.allowed_operations == ([operation.name] if ticked else [])
        assert region.allows(operation) is ticked
        page = text(client.get(address))
        tag = page[page.index(box) : page.index(">", page.index(box))]
        assert ("checked" in tag) is ticked


def test_operation_that_is_always_allowed_has_no_box(client):
    make_region("store")
    page = text(client.get(reverse("region-edit", args=["store"])))
    others = [operation for operation in registry.OPERATIONS if not operation.opt_in]
    assert others
    assert not any(f"Allow {operation.label}" in page for operation in others)


def test_admin_site_shows_a_box_for_each_operation_to_be_allowed(client):
    region = make_region("store")
    address = reverse("admin:jobs_region_change", args=[region.pk])
    page = text(client.get(address))
    names = [operation.name for operation in registry.OPT_IN]
    assert [f'value="{name}"' in page for name in names] == [True] * len(names)
    kept = {"name": "store", "slug": "store", "code": "us-east-1", "addressing_style": "path"}
    kept |= {"endpoint_url": region.endpoint_url, "allowed_operations": names}
    assert client.post(address, kept).status_code == 302
    region.refresh_from_db()
    assert region.allowed_operations == names
