import logging
from dataclasses import replace

import pytest
from botocore.compat import HAS_CRT

from jobs.errors import StorageError
from jobs.s3.calls import Call, perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.storage import Storage
from tests.s3.certificates import make_certificate
from tests.s3.scripted import KEYS, MARKED, refusal, serving

TAG = Call("PutObjectTagging", "photos", {"Key": "k", "Tagging": {"TagSet": []}})


def at(url, style="path"):
    return Endpoint(url, "us-east-1", style)


@pytest.mark.parametrize(
    ("status", "code"),
    [(301, "PermanentRedirect"), (307, "TemporaryRedirect"), (302, "Found")],
)
def test_redirect_to_another_host_is_an_answer_and_not_followed(status, code):
    with serving((200, {}, b"")) as elsewhere:
        headers = {"Location": elsewhere.url, "x-amz-bucket-region": "eu-west-9"}
        with serving((status, headers, refusal(code))) as server:
            answer = perform(make_client(at(server.url), KEYS), TAG)
    assert (answer.http_status, answer.code) == (status, code)
    assert len(server.seen) == 1
    assert elsewhere.seen == []


def test_wrong_region_is_an_answer_and_nothing_is_signed_for_another():
    body = refusal("AuthorizationHeaderMalformed", extra="<Region>eu-west-9</Region>")
    with serving((400, {"x-amz-bucket-region": "eu-west-9"}, body)) as server:
        client = make_client(at(server.url), KEYS)
        answers = [perform(client, TAG), perform(client, TAG)]
    assert {answer.code for answer in answers} == {"AuthorizationHeaderMalformed"}
    assert ["/us-east-1/s3/" in authorization for _, _, authorization in server.seen] == [True] * 2


@pytest.mark.parametrize(("attempts", "requests"), [(1, 1), (2, 2)])
def test_botocore_tries_exactly_as_often_as_it_is_told(attempts, requests):
    with serving((503, {}, refusal("SlowDown"))) as server:
        answer = perform(make_client(at(server.url), KEYS, attempts=attempts), TAG)
    assert answer.code == "SlowDown"
    assert len(server.seen) == requests


@pytest.mark.parametrize(
    ("style", "url"),
    [
        ("path", "http://s3.example:9000/photos/k"),
        ("virtual", "http://photos.s3.example:9000/k"),
    ],
)
def test_addressing_style_decides_where_the_bucket_stands(style, url):
    client = make_client(at("http://s3.example:9000", style), KEYS)
    signed = client.generate_presigned_url("get_object", {"Bucket": "photos", "Key": "k"})
    assert signed.partition("?")[0] == url


def test_named_credentials_are_used_whatever_the_process_has(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ambient")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ambient")
    with serving((200, {}, b"")) as server:
        perform(make_client(at(server.url), Credentials("named", "s")), TAG)
        perform(make_client(at(server.url), Credentials("", "")), TAG)
    keys = [authorization.partition("Credential=")[2] for _, _, authorization in server.seen]
    assert [key.partition("/")[0] for key in keys] == ["named", ""]


def test_without_credentials_the_process_has_its_own(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ambient")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with serving((200, {}, b"")) as server:
        perform(make_client(at(server.url), None), TAG)
    assert "Credential=ambient/" in server.seen[0][2]


def test_process_without_ambient_credentials_says_so_and_is_not_down(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    answer = perform(make_client(at("http://127.0.0.1:1"), None), TAG)
    assert (answer.http_status, answer.code) == (403, "NoCredentials")


@pytest.mark.parametrize(
    "code", ["us-east-1", "RegionOne", "NL", "US", "eu_west.1", "-", "1", "x" * 64]
)
def test_request_is_signed_for_exactly_the_region_code_that_was_entered(code):
    with serving((200, {}, b"")) as server:
        perform(make_client(Endpoint(server.url, code, "path"), KEYS), TAG)
    assert f"/{code}/s3/aws4_request, " in server.seen[0][2]
    assert server.seen[0][1] == "/photos/k?tagging"


@pytest.mark.parametrize("code", ["", "a/b", "a b", "zürich", "a\n"])
def test_region_code_that_cannot_be_signed_for_is_refused(code):
    with pytest.raises(StorageError):
        make_client(Endpoint("http://127.0.0.1:1", code, "path"), KEYS)


@pytest.mark.parametrize(
    "endpoint",
    [Endpoint("nonsense", "us-east-1", "path"), Endpoint("http://127.0.0.1:1", "b a d", "path")],
)
def test_impossible_endpoint_is_a_storage_error(endpoint):
    with pytest.raises(StorageError):
        make_client(endpoint, KEYS)


def test_secrets_are_neither_shown_nor_logged(caplog):
    secret, token = "very-secret-key", "very-secret-token"
    credentials = Credentials("named", secret, token)
    with caplog.at_level(logging.INFO), serving((403, {}, refusal("AccessDenied"))) as server:
        client = make_client(at(server.url), credentials)
        answer = perform(client, TAG)
        with pytest.raises(StorageError) as caught:
            Storage(client).check_bucket("photos")
    said = f"{credentials!r} {answer!r} {caught.value} {caplog.text}"
    assert secret not in said
    assert token not in said


@pytest.fixture
def certificate(tmp_path):
    return make_certificate(tmp_path)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_certificate_that_nobody_vouches_for_is_refused_unless_verifying_is_off(certificate):
    with serving((200, MARKED, b""), certificate=certificate) as server:
        refused = perform(make_client(at(server.url), KEYS), TAG)
        assert server.seen == []
        taken = perform(make_client(replace(at(server.url), verify_tls=False), KEYS), TAG)
    assert (refused.http_status, refused.code) == (0, "SSLError")
    assert (taken.http_status, taken.code) == (200, "")


def test_certificate_of_a_private_authority_is_taken_where_the_process_names_it(
    certificate, monkeypatch
):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with serving((200, MARKED, b""), certificate=certificate) as server:
        answer = perform(make_client(at(server.url), KEYS), TAG)
    assert (answer.http_status, answer.code) == (200, "")


def test_botocore_signs_by_itself_though_awscrt_is_there():
    assert not HAS_CRT
