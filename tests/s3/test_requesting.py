"""Requests filled into templates, against what botocore itself would have sent."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.s3.calls import Call
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.rehearsal import NotForUsError, Rehearsal
from jobs.s3.requesting import MAX_TEMPLATES, Requests
from jobs.s3.signing import Signer

MOMENT = datetime(2026, 3, 4, 23, 59, 58, tzinfo=UTC)
PATH = Endpoint("http://127.0.0.1:8300", "us-east-1", "path")
ENDPOINTS = [
    PATH,
    Endpoint("https://storage.example", "eu-central-1", "virtual"),
    Endpoint("https://storage.example:9443/below", "eu-west-1", "path"),
    Endpoint("http://[::1]:8300", "us-east-1", "path"),
    Endpoint("https://swift.example", "RegionOne", "path"),
    Endpoint("http://storage.example", "eu_1.x", "virtual"),
]
KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AWKWARD = ["/", "//a", "a//b/", ".", "..", "a/../b", "./a", "a b", "+", "%", "%2F", "?", "#", "&a=b",
           '"', "'", "ü", "e\u0301", "\U0001f600", "\u00a0", "\ufeff", "a\tb", "a\r\nb", "\x01", "\x7f",
           "~", "*", "\\", ";", "$k", "{}", "%s", "aws-chunked"]  # fmt: skip
keys = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)
versions = st.one_of(
    st.none(), st.sampled_from(["null", "a+b/c=", "x y", "ü", "%41", "a&b=c", "-._~", "\t"]),
    st.text(string.ascii_letters + string.digits + "-._~+/=", min_size=1, max_size=32),
)  # fmt: skip
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


class Both:
    """The same call twice: by botocore, and by us, at the same moment."""

    def __init__(self, endpoint: Endpoint, token: str | None = None) -> None:
        credentials = Credentials(*KEYS, token)
        client = make_client(endpoint, credentials)
        self.caught: list = []
        client.meta.events.register_first("before-send.s3", self._note)
        self.rehearsal = Rehearsal(client, endpoint.region_code)
        self.signer = Signer(credentials, endpoint.region_code, now=MOMENT.timestamp)
        self.requests = Requests(self.rehearsal, self.signer)

    def _note(self, request, **_):
        self.caught.append(request)

    def by_botocore(self, call: Call) -> tuple[str, dict[str, str], bytes]:
        with patch("botocore.auth.get_current_datetime", return_value=MOMENT):
            self.rehearsal.request_of(call)
        request = self.caught[-1]
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        target = "/" + request.url.split("/", 3)[3]
        body = request.body or b""
        if hasattr(body, "read"):
            body.seek(0)
            body = body.read()
        return f"{request.method} {target}", meaningful(headers), body

    def by_us(self, call: Call) -> tuple[str, dict[str, str], bytes]:
        template, values = self.requests.prepare(call)
        head, _, body = template.fill(values, self.signer).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return first.removesuffix(" HTTP/1.1"), meaningful(headers), body


def meaningful(headers: dict[str, str]) -> dict[str, str]:
    own = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "expect", "host"}
    return {n: v for n, v in headers.items() if n not in own and n != "accept-encoding"}


@pytest.fixture(scope="module", params=ENDPOINTS, ids=lambda endpoint: endpoint.url)
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    yield Both(request.param)


def tagging(key: str, version: str | None) -> Call:
    extra = {} if version is None else {"VersionId": version}
    tags = [{"Key": "team", "Value": "a <&> ü"}]
    return Call("PutObjectTagging", "photos", {"Key": key, "Tagging": {"TagSet": tags}} | extra)


def copy(key: str, source: str, version: str | None, value: str = "x") -> Call:
    where = {"Bucket": "old.photos", "Key": source}
    where |= {} if version is None else {"VersionId": version}
    params = {
        "Key": key,
        "CopySource": where,
        "ContentDisposition": value,
        "Metadata": {"n": value},
    }
    return Call("CopyObject", "photos", params)


@given(key=keys, version=versions)
@settings(max_examples=150, deadline=None)
def test_tagging_of_any_key_and_version_is_bit_for_bit_botocores_own(
    both: Both, key: str, version: str | None
) -> None:
    call = tagging(key, version)
    assert both.by_us(call) == both.by_botocore(call)


@given(key=keys, source=keys, version=versions)
@settings(max_examples=150, deadline=None)
def test_copy_of_any_key_and_version_is_bit_for_bit_botocores_own(
    both: Both, key: str, source: str, version: str | None
) -> None:
    call = copy(key, source, version)
    assert both.by_us(call) == both.by_botocore(call)


@given(value=header_values)
@settings(max_examples=50, deadline=None)
def test_header_of_any_text_is_signed_as_botocore_does(both: Both, value: str) -> None:
    call = copy("a", "b", None, value)
    assert both.by_us(call) == both.by_botocore(call)


@pytest.mark.parametrize("value", ["a\r\nx-amz-acl: public-read", "a\nb", "\x00", "\u20ac"])
def test_header_that_cannot_be_sent_is_refused_before_it_reaches_a_connection(value: str) -> None:
    with pytest.raises(ParamValidationError, match=r"content-disposition|S3 metadata"):
        Both(PATH).by_us(copy("a", "b", None, value))


@given(token=st.text(string.ascii_letters + string.digits + "+/=", min_size=1, max_size=400))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_session_token_is_sent_and_signed(token: str) -> None:
    both = Both(PATH, token)
    ours = both.by_us(tagging("a", None))
    assert ours == both.by_botocore(tagging("a", None))
    assert ours[1]["x-amz-security-token"] == token


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("DeleteObjects", {"Delete": {"Objects": [{"Key": "a/ü"}, {"Key": "b"}], "Quiet": True}}),
        ("PutObject", {"Key": "a b", "Body": b"\x00binary\xff", "ContentType": "text/plain"}),
        ("DeleteObject", {"Key": "a b", "VersionId": "v1"}),
        ("HeadObject", {"Key": "a b"}),
        ("PutObjectAcl", {"Key": "a", "ACL": "private"}),
        ("PutObjectLegalHold", {"Key": "a", "LegalHold": {"Status": "ON"}}),
        ("RestoreObject", {"Key": "a", "RestoreRequest": {"Days": 3}}),
        ("CopyObject", {"Key": "a", "CopySource": "photos/b%20c?versionId=v1"}),
        ("UploadPart", {"Key": "a", "PartNumber": 3, "UploadId": "u/1", "Body": b"abc"}),
        ("CopyObject", {"Key": "a", "CopySource": {
            "Bucket": "arn:aws:s3:us-west-2:123456789012:accesspoint/ap", "Key": "b"}}),
    ],
)  # fmt: skip
def test_call_of_any_other_shape_is_botocores_own_too(
    both: Both, action: str, params: dict
) -> None:
    call = Call(action, "photos", params)
    assert both.by_us(call) == both.by_botocore(call)


def test_calls_that_differ_in_the_object_alone_are_rehearsed_once() -> None:
    both = Both(PATH)
    for number in range(50):
        both.by_us(tagging(f"key-{number}", None))
    assert len(both.caught) == 1


def test_templates_of_calls_that_always_differ_do_not_pile_up() -> None:
    both = Both(PATH)
    for number in range(3 * MAX_TEMPLATES):
        call = copy("a", "b", None, f"value {number}")
        assert both.by_us(call)[1]["content-disposition"] == f"value {number}"
    assert [len(kept) for kept in both.requests._known.values()] == [MAX_TEMPLATES]


def test_value_that_looks_like_a_blank_is_sent_as_it_is() -> None:
    both = Both(PATH)
    call = copy("%s %d %%", "%(a)s", None, "100 %s {0}")
    assert both.by_us(call) == both.by_botocore(call)


def test_signature_changes_with_the_second_and_the_day() -> None:
    credentials, times = Credentials(*KEYS), [MOMENT.timestamp()]
    signer = Signer(credentials, "us-east-1", now=lambda: times[0])
    seen = []
    for _ in range(4):
        stamp = signer.stamp()
        seen.append((stamp.amz_date, stamp.sign(b"request")))
        times[0] += 1
    assert [date for date, _ in seen] == [
        "20260304T235958Z", "20260304T235959Z", "20260305T000000Z", "20260305T000001Z",
    ]  # fmt: skip
    assert len({signature for _, signature in seen}) == 4


@pytest.mark.parametrize("action", ["ListObjectsV2", "SelectObjectContent"])
def test_call_whose_answer_only_boto3_can_read_is_refused(action: str) -> None:
    with pytest.raises(NotForUsError):
        Both(PATH).requests.prepare(Call(action, "photos", {"Key": "a"}))


def test_bucket_that_is_signed_in_another_way_is_refused() -> None:
    arn = "arn:aws:s3:us-west-2:123456789012:accesspoint/ap"
    endpoint = Endpoint("https://s3.us-east-1.amazonaws.com", "us-east-1", "virtual")
    with pytest.raises(Exception, match=r"signed in another way|endpoint|region"):
        Both(endpoint).requests.prepare(
            Call("PutObjectTagging", arn, dict(tagging("a", None).params))
        )
