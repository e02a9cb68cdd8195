"""Signatures: those of AWS's clients hold, and no other request passes with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from botocore import auth
from hypothesis import assume, given
from hypothesis import strategies as st

from jobs.access.sigv4 import Request, Signature, SignatureError, verify
from tests.access.signed import (
    ACCOUNT,
    KEY,
    NOW,
    REGION,
    SECRET,
    AsJavaScriptSigns,
    as_received,
    meta_of,
    sent_by_boto3,
    sign,
)

JOB = "00e123a4-c0d8-41f4-a0eb-b46f9ba5b07c"
URL = f"http://{ACCOUNT}.localhost:8000/v20180820/jobs"
BODY = b'<CreateJobRequest xmlns="x"><Description>Caf\xc3\xa9</Description></CreateJobRequest>'
CALLS: dict[str, Callable[[Any], Any]] = {
    "create_job": lambda client: client.create_job(
        AccountId=ACCOUNT,
        Operation={"S3PutObjectTagging": {"TagSet": [{"Key": "k", "Value": "é"}]}},
        Report={"Enabled": False},
        Priority=1,
        RoleArn="arn:aws:iam::123456789012:role/r",
    ),
    "describe_job": lambda client: client.describe_job(AccountId=ACCOUNT, JobId=JOB),
    "list_jobs": lambda client: client.list_jobs(
        AccountId=ACCOUNT, JobStatuses=["Complete", "Active"], NextToken="a+b/c==", MaxResults=5
    ),
    "update_job_priority": lambda client: client.update_job_priority(
        AccountId=ACCOUNT, JobId=JOB, Priority=98
    ),
    "update_job_status": lambda client: client.update_job_status(
        AccountId=ACCOUNT,
        JobId=JOB,
        RequestedJobStatus="Cancelled",
        StatusUpdateReason="No longer needed: é + 1 ~ 2 & 3 = 4",
    ),
    "get_job_tagging": lambda client: client.get_job_tagging(AccountId=ACCOUNT, JobId=JOB),
    "put_job_tagging": lambda client: client.put_job_tagging(
        AccountId=ACCOUNT, JobId=JOB, Tags=[{"Key": "a", "Value": "b"}]
    ),
    "delete_job_tagging": lambda client: client.delete_job_tagging(AccountId=ACCOUNT, JobId=JOB),
}


def holds(request: Request, now: datetime = NOW, secret: str = SECRET) -> Signature:
    return verify(request, lambda signature: secret, now)


def refused(request: Request, now: datetime = NOW) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        holds(request, now)
    return caught.value


def with_header(request: Request, name: str, text: str | None) -> Request:
    headers = {**request.headers, name: (text or "").encode()}
    if text is None:
        del headers[name]
    return replace(request, headers=headers)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    "endpoint",
    ["http://localhost:8000", "http://console.test", "https://console.example.com:443/base"],
)
def test_what_boto3_sends_is_signed(call: Callable[[Any], Any], endpoint: str) -> None:
    signature = holds(as_received(sent_by_boto3(call, endpoint)), datetime.now(UTC))
    assert (signature.access_key_id, signature.region) == (KEY, REGION)


def test_what_the_javascript_client_signs_besides_is_verified_too() -> None:
    more = {
        "content-length": str(len(BODY)),
        "content-type": "application/xml",
        "amz-sdk-invocation-id": "7f2c",
        "amz-sdk-request": "attempt=1;   max=3 ",
        "user-agent": "aws-sdk-js/3.1112 ua/2.1",
        "x-amz-user-agent": "aws-sdk-js/3.1112",
    }
    request = as_received(sign("POST", URL, more, BODY, signer=AsJavaScriptSigns))
    assert set(more) <= set(holds(request).headers)
    for name in more:
        assert refused(with_header(request, name, "1")).code == "SignatureDoesNotMatch"


def test_a_target_in_absolute_form_holds_by_its_header_host() -> None:
    sent = sign("GET", f"{URL}?maxResults=5")
    meta = meta_of("GET", sent.url, dict(sent.headers), absolute=True)
    assert meta["RAW_URI"].startswith("http://")
    assert holds(Request.of_meta(meta, b"")).region == REGION


def test_a_header_that_came_twice_holds_where_both_values_are_signed() -> None:
    twice = as_received(sign(headers={"x-amz-meta": "a,b"}))
    assert holds(twice)
    assert refused(with_header(twice, "x-amz-meta", "a")).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "name", ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-account-id", "host"]
)
def test_a_second_value_of_a_header_that_is_read_is_refused(name: str) -> None:
    request = as_received(sign())
    text = request.header(name)
    refused(with_header(request, name, f"{text},{text}"))


@given(
    path=st.text(st.characters(codec="utf-8", exclude_characters="/"), max_size=8),
    query=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4),
    body=st.binary(max_size=40),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
)
def test_whatever_botocore_signs_holds(
    path: str, query: list[tuple[str, str]], body: bytes, method: str
) -> None:
    pairs = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in query)
    assume(not any(name.lower().startswith(("x-amz-", "awsaccesskeyid")) for name, _ in query))
    url = f"{URL}/{quote(path, safe='')}" + (f"?{pairs}" if pairs else "")
    assert holds(as_received(sign(method, url, body=body)))


PARTS = ("method", "path", "query", "body", "headers")


@given(
    part=st.sampled_from(PARTS),
    name=st.integers(min_value=0, max_value=30),
    at=st.integers(min_value=0, max_value=500),
    change=st.sampled_from(["set", "insert", "remove"]),
    byte=st.integers(min_value=0, max_value=255),
)
def test_every_changed_byte_is_refused(
    part: str, name: int, at: int, change: str, byte: int
) -> None:
    url = f"{URL}/{JOB}/status?requestedJobStatus=Cancelled&statusUpdateReason=No%20longer"
    request = as_received(sign("POST", url, {"x-amz-tagging": "a=b c"}, BODY))
    if part == "headers":
        names = sorted(name for name in request.headers if name != "content-length")
        header = names[name % len(names)]
        changed_text = _changed(request.headers[header], at, change, byte)
        changed = replace(request, headers={**request.headers, header: changed_text})
    else:
        old = getattr(request, part)
        new = _changed(old.encode() if part == "method" else old, at, change, byte)
        changed = replace(request, **{part: new.decode("latin-1") if part == "method" else new})
    assume(_meaning(changed) != _meaning(request))
    refused(changed)


def _changed(text: bytes, at: int, change: str, byte: int) -> bytes:
    at = at % (len(text) or 1)
    if change == "insert":
        return text[:at] + bytes([byte]) + text[at:]
    return text[:at] + (bytes([byte]) if change == "set" else b"") + text[at + 1 :]


def _meaning(request: Request) -> Any:
    """Space around and inside of headers, the order of a query and how it is encoded mean nothing."""
    query = parse_qsl(request.query.decode("latin-1"), True, encoding="latin-1")
    headers = {name: text.split() for name, text in request.headers.items()}
    headers["authorization"] = [request.headers["authorization"].replace(b" ", b"")]
    return request.method, request.path, sorted(query), headers, request.body


def test_the_wrong_secret_is_refused() -> None:
    with pytest.raises(SignatureError) as caught:
        holds(as_received(sign()), secret=SECRET[:-1] + "5")
    assert (caught.value.code, caught.value.http_status) == ("SignatureDoesNotMatch", 403)


def test_nothing_works_unsigned() -> None:
    unsigned = with_header(as_received(sign()), "authorization", None)
    assert (refused(unsigned).code, refused(unsigned).http_status) == ("AccessDenied", 403)


def test_a_presigned_url_is_refused() -> None:
    class Presigned(auth.S3SigV4QueryAuth):
        pass

    error = refused(as_received(sign(signer=Presigned)))
    assert error.code == "AccessDenied" and "Presigned" in error.message


@pytest.mark.parametrize("query", ["X-Amz-Signature=1", "x%2Damz-date=1", "AWSAccessKeyId=1"])
def test_a_query_that_signs_is_refused_beside_a_header_that_holds(query: str) -> None:
    assert "Presigned" in refused(as_received(sign(url=f"{URL}?{query}"))).message


@pytest.mark.parametrize(
    "text",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    ],
)
def test_a_body_that_is_not_signed_is_refused(text: str) -> None:
    class Unsigned(auth.S3SigV4Auth):
        def payload(self, request: Any) -> str:
            return text

    error = refused(as_received(sign("POST", body=BODY, signer=Unsigned)))
    assert (error.code, error.http_status) == ("InvalidRequest", 400)
    assert text in error.message


def test_the_hash_of_another_body_is_refused_although_it_is_signed() -> None:
    class OfAnother(auth.S3SigV4Auth):
        def payload(self, request: Any) -> str:
            return "0" * 64

    error = refused(as_received(sign("POST", body=BODY, signer=OfAnother)))
    assert (error.code, error.http_status) == ("XAmzContentSHA256Mismatch", 400)


def test_a_hash_of_the_body_must_be_there() -> None:
    request = as_received(sign(signer=auth.SigV4Auth))
    assert "x-amz-content-sha256" not in request.headers
    assert refused(request).code == "InvalidRequest"


@pytest.mark.parametrize("skew", [timedelta(minutes=15), timedelta(minutes=-15)])
def test_clocks_may_differ_by_fifteen_minutes_and_no_more(skew: timedelta) -> None:
    request = as_received(sign())
    assert holds(request, NOW + skew)
    error = refused(request, NOW + skew + skew / 900)
    assert (error.code, error.http_status) == ("RequestTimeTooSkewed", 403)


def test_the_date_of_the_scope_must_be_that_of_the_request() -> None:
    request = as_received(sign())
    moved = request.header("authorization").replace("/20261127/", "/20261126/")
    error = refused(with_header(request, "authorization", moved))
    assert error.code == "AuthorizationHeaderMalformed"


@pytest.mark.parametrize("text", ["", "20261127", "20261327T012345Z", "Fri, 27 Nov 2026 01:23:45"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    assert refused(with_header(as_received(sign()), "x-amz-date", text)).code == "AccessDenied"


def test_another_service_is_refused() -> None:
    class Elsewhere(auth.SigV4Auth):
        pass

    sent = sign(headers={"x-amz-content-sha256": "0" * 64}, service="ec2", signer=Elsewhere)
    error = refused(as_received(sent))
    assert (error.code, error.http_status) == ("AuthorizationHeaderMalformed", 400)
    assert "ec2/aws4_request" in error.message


def test_a_session_token_is_refused_with_a_clear_code() -> None:
    error = refused(as_received(sign(token="token")))
    assert error.code == "InvalidToken" and "AWS_SESSION_TOKEN" in error.message


def test_an_amz_header_that_somebody_added_is_refused_by_its_name() -> None:
    error = refused(with_header(as_received(sign()), "x-amz-acl", "public-read"))
    assert error.code == "AccessDenied" and "x-amz-acl" in error.message


def test_host_must_be_signed() -> None:
    class WithoutHost(auth.S3SigV4Auth):
        def headers_to_sign(self, request: Any) -> Any:
            signed = super().headers_to_sign(request)
            del signed["host"]
            return signed

    error = refused(as_received(sign(signer=WithoutHost)))
    assert error.code == "AccessDenied" and error.message.endswith("not: host.")


def test_a_signed_header_that_a_proxy_took_away_is_named() -> None:
    request = as_received(sign(headers={"amz-sdk-request": "1"}, signer=AsJavaScriptSigns))
    error = refused(with_header(request, "amz-sdk-request", None))
    assert error.code == "SignatureDoesNotMatch" and "amz-sdk-request" in error.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        ("AWS4-HMAC-SHA256", "AWS"),
        ("Credential=", "Credential="),
        ("aws4_request", "aws4_request/more"),
        ("host;x-amz-account-id", "x-amz-account-id;host"),
        ("host;", "host;host;"),
        ("Signature=", "Signature=A"),
        (KEY, "../../etc/passwd"),
    ],
)
def test_a_malformed_authorization_is_refused_with_a_sentence(old: str, new: str) -> None:
    request = as_received(sign())
    text = request.header("authorization").replace(old, new, 1)
    text = text + "," if old == new else text
    error = refused(with_header(request, "authorization", text))
    assert error.code in {"AuthorizationHeaderMalformed", "InvalidRequest"}
    assert error.http_status == 400 and error.message.endswith(".")


def test_what_spells_the_same_request_otherwise_holds() -> None:
    request = as_received(sign(url=f"{URL}?b=2%2F3&a=1%201&c="))
    assert holds(replace(request, query=b"a=1+1&c&&b=2%2f3"))


def test_no_secret_is_looked_up_for_a_request_that_is_refused_anyway() -> None:
    def never(signature: Signature) -> str:
        raise AssertionError

    with pytest.raises(SignatureError):
        verify(as_received(sign()), never, NOW + timedelta(hours=1))
