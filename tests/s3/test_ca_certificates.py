from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jobs import conf
from jobs.errors import StorageError
from jobs.s3.ca_certificates import checked_ca_certificates, read_ca_certificates
from jobs.s3.calls import perform
from jobs.s3.clients import make_client
from jobs.s3.trust import tls_context
from tests.s3.authorities import make_authority
from tests.s3.scripted import serving
from tests.s3.test_clients import KEYS, MARKED, TAG, at

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)


@pytest.fixture
def authority():
    return make_authority()


@pytest.fixture
def server(authority, tmp_path):
    with serving(
        (200, MARKED, b""), certificate=authority.sign(tmp_path / "server.pem")
    ) as running:
        yield running


def test_storage_of_a_private_authority_is_verified_by_its_certificate(server, authority):
    endpoint = replace(at(server.url), ca_certificate=authority.pem)
    answer = perform(make_client(endpoint, KEYS), TAG)
    assert (answer.http_status, answer.code) == (200, "")


def test_certificate_of_one_region_vouches_for_no_other(server, authority):
    with_it = make_client(replace(at(server.url), ca_certificate=authority.pem), KEYS)
    another = make_client(replace(at(server.url), ca_certificate=make_authority().pem), KEYS)
    without = make_client(at(server.url), KEYS)
    assert [perform(client, TAG).code for client in (another, without)] == ["SSLError"] * 2
    assert server.seen == []
    assert perform(with_it, TAG).code == ""


def test_name_that_the_servers_certificate_does_not_have_is_refused(server, authority):
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    answer = perform(make_client(replace(at(elsewhere), ca_certificate=authority.pem), KEYS), TAG)
    assert answer.code == "SSLError"


def test_regions_certificate_stands_in_place_of_the_processs_bundle(
    server, authority, monkeypatch, tmp_path
):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(authority.pem)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    endpoint = replace(at(server.url), ca_certificate=make_authority().pem)
    assert perform(make_client(endpoint, KEYS), TAG).code == "SSLError"


def test_certificate_is_trusted_as_it_stands_in_the_database_whatever_its_file_holds(authority):
    endpoint = replace(at("https://127.0.0.1:9"), ca_certificate=authority.pem)
    make_client(endpoint, KEYS)
    (path,) = [path for path in conf.ca_folder().iterdir() if path.read_text() == authority.pem]
    path.write_text(make_authority("Somebody else").pem)
    context = tls_context(make_client(endpoint, KEYS))
    (trusted,) = context.get_ca_certs()
    assert trusted["subject"] == ((("commonName", "Our CA"),),)


def test_certificate_that_cannot_be_read_stops_the_client_and_not_the_verification():
    endpoint = replace(at("https://127.0.0.1:9"), ca_certificate="nothing")
    with pytest.raises(StorageError, match="cannot be read"):
        tls_context(make_client(endpoint, KEYS))


def test_certificate_without_a_place_for_its_file_stops_the_client(settings, tmp_path, authority):
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        make_client(replace(at("https://127.0.0.1:9"), ca_certificate=authority.pem), KEYS)


def test_pasted_certificates_are_kept_and_told(authority):
    other = make_authority("Other CA")
    pasted = f"\r\n# ours\r\n{authority.pem}{other.pem}".replace("\n", "\r\n").replace("\r\r", "\r")
    pem = checked_ca_certificates(pasted, NOW)
    assert "\r" not in pem
    told = read_ca_certificates(pem)
    assert [one.subject for one in told] == ["CN=Our CA", "CN=Other CA"]
    assert told[0].expires_at == authority.certificate.not_valid_after_utc
    assert checked_ca_certificates(" \n", NOW) == ""


WRONG = {
    "text": (lambda: "hello", "This is not a certificate."),
    "torn": (lambda: make_authority().pem[:200], "This is not a certificate."),
    "key": (lambda: make_authority().key_pem(), "This is a private key"),
    "key beside": (lambda: make_authority().pem + make_authority().key_pem(), "private key"),
    "server": (lambda: make_authority("web", is_ca=False).pem, "CN=web is not a CA's certificate"),
    "expired": (
        lambda: make_authority(begins_days=-9, ends_days=-2).pem,
        r"CN=Our CA expired on \d{4}-\d\d-\d\d\.",
    ),
    "early": (lambda: make_authority(begins_days=2).pem, "CN=Our CA is valid from"),
    "second": (
        lambda: make_authority().pem + make_authority("web", is_ca=False).pem,
        "CN=web is not a CA's",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_paste_that_cannot_vouch_gets_a_sentence(case):
    make, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence):
        checked_ca_certificates(make(), NOW)
