"""The CA certificate of a Region, in the browser and in the admin site."""

from html import unescape

import pytest
from django.urls import reverse

from jobs.models import Region
from tests.make import make_region
from tests.s3.authorities import make_authority

ARN = "arn:aws:iam::123456789012:role/batch"
TYPED = {
    "name": "Ours",
    "endpoint_url": "https://127.0.0.1:9",
    "code": "us-east-1",
    "path_style": "on",
    "verify_tls": "on",
    "arn": ARN,
    "kind": "keys",
    "access_key_id": "AKIATEST",
    "secret_access_key": "secret",
}


@pytest.fixture
def authority():
    return make_authority()


def text(response):
    return unescape(response.content.decode())


def create(client, **values):
    return client.post(reverse("region-create"), TYPED | values)


def test_region_keeps_its_certificate_and_shows_whose_it_is_and_until_when(as_admin, authority):
    answer = create(as_admin, ca_certificate=authority.pem.replace("\n", "\r\n"))
    assert answer.status_code == 303
    region = Region.objects.get()
    assert region.endpoint().ca_certificate == region.ca_certificate == authority.pem
    page = text(as_admin.get(answer["Location"]))
    assert "CN=Our CA" in page
    assert f"{authority.certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC" in page
    assert "In use" in page


def test_certificate_that_expired_since_is_said_so(as_admin):
    old = make_authority(begins_days=-9, ends_days=-1)
    region = make_region(endpoint_url="https://127.0.0.1:9", ca_certificate=old.pem)
    assert "Expired on" in text(as_admin.get(reverse("region-edit", args=[region.slug])))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ca_certificate": "hello"}, "This is not a certificate."),
        ({"ca_certificate": "\x00"}, "This is not a certificate."),
        ({"ca_certificate": "x" * 70_000}, "at most 65536 characters"),
        ({"verify_tls": ""}, "Turn on Verify TLS, or remove the CA certificate"),
        ({"endpoint_url": "http://127.0.0.1:9"}, "write the endpoint URL with https"),
    ],
)
def test_certificate_that_would_not_protect_is_refused_with_a_sentence(
    as_admin, authority, wrong, sentence
):
    page = text(create(as_admin, **({"ca_certificate": authority.pem} | wrong)))
    assert sentence in page
    assert not Region.objects.exists()


def test_private_key_that_was_pasted_is_not_kept_nor_sent_back(as_admin, authority, caplog):
    region = make_region(endpoint_url="https://127.0.0.1:9")
    key = authority.key_pem()
    body = key.splitlines()[1]
    for answer in (
        create(as_admin, ca_certificate=key),
        as_admin.post(reverse("region-edit", args=[region.slug]), TYPED | {"ca_certificate": key}),
        as_admin.post(
            reverse("admin:jobs_region_change", args=[region.pk]), {"ca_certificate": key}
        ),
    ):
        assert answer.status_code == 200
        assert "This is a private key" in text(answer)
        assert body not in text(answer)
    assert Region.objects.get().ca_certificate == ""
    assert body not in caplog.text


def test_admin_site_refuses_what_the_console_refuses(as_admin, authority):
    region = make_region(endpoint_url="https://127.0.0.1:9")
    url = reverse("admin:jobs_region_change", args=[region.pk])
    facts = {
        "name": "a",
        "slug": "a",
        "endpoint_url": "https://127.0.0.1:9",
        "addressing_style": "path",
    }
    facts |= {"code": "us-east-1", "ca_certificate": authority.pem}
    assert "Turn on Verify TLS" in text(as_admin.post(url, facts))
    assert as_admin.post(url, facts | {"verify_tls": "on"}).status_code == 302
    region.refresh_from_db()
    assert region.ca_certificate == authority.pem
