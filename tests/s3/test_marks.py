"""Which headers show that a storage sent an answer, as they come over the wire."""

import pytest

from jobs.s3.marks import NO_MARKS, are_marked, is_marked, learned_marks, marks_among

GARAGE = b"HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n"


def head(*lines, status="200 OK"):
    return f"HTTP/1.1 {status}\r\n".encode() + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        (b"x-amz-request-id: R1", True),
        (b"X-Amz-Request-Id: R1", True),
        (b"X-AMZ-REQUEST-ID: R1", True),
        (b"x-amz-id-2: H", True),
        (b"x-amz-version-id:v1", True),
        (b"X-Amz-Delete-Marker: true", True),
        (b"x-amz-cf-id: c", False),
        (b"X-Amz-Cf-Pop: FRA", False),
        (b"x-amz-apigw-id: g", False),
        (b"x-amz-waf-action: captcha", False),
        (b"x-amzn-requestid: r", False),
        (b"Server: AmazonS3", False),
        (b"CF-RAY: 1", False),
        (b"Access-Control-Expose-Headers: x-amz-request-id", False),
        (b"Access-Control-Expose-Headers: ETag,\r\n x-amz-request-id: folded", False),
        (b"X-Trans-Id: t", False),
    ],
)
def test_names_of_s3_are_marks_and_those_of_its_neighbours_are_not(line, marked):
    assert is_marked(head(b"Date: today", line, b"Content-Length: 0"), NO_MARKS) is marked
    names = [part.partition(b":")[0] for part in line.split(b"\r\n ")][:1]
    assert are_marked(names, NO_MARKS) is marked


def test_mark_that_was_learned_counts_in_any_case_of_letters():
    marks = frozenset({b"x-trans-id"})
    assert is_marked(head(b"X-Trans-Id: t"), marks)
    assert are_marked([b"X-TRANS-ID"], marks)
    assert not is_marked(head(b"X-Trans-Id-Of-Ours: t"), marks)
    assert not is_marked(head(b"Vary: x-trans-id"), marks)


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"\n", b"x-amz-request-id: R1\r\n\r\n"])
def test_what_follows_the_headers_is_none(end):
    body = b"a\nx-amz-request-id: R1\r\n" + end
    assert not is_marked(GARAGE + body, NO_MARKS)
    assert is_marked(head(b"x-amz-request-id: R1") + body, NO_MARKS)


def test_interim_answer_marks_nothing():
    interim = head(b"x-amz-request-id: R1", status="103 Early Hints")
    assert not is_marked(interim + GARAGE, NO_MARKS)
    proceed = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert is_marked(proceed + interim + head(b"x-amz-request-id: R1"), NO_MARKS)


@pytest.mark.parametrize("received", [b"", b"\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"x" * 9])
def test_head_that_is_none_has_no_mark(received):
    assert not is_marked(received, frozenset({b"x-a"}))
    assert learned_marks(received) == frozenset()


def test_head_with_bare_line_feeds_is_understood():
    assert is_marked(b"HTTP/1.1 200 OK\nx-amz-id-2: a\n\nbody", NO_MARKS)
    assert not is_marked(b"HTTP/1.1 200 OK\nDate: a\n\nx-amz-id-2: a\n\n", NO_MARKS)


@pytest.mark.parametrize(
    "name",
    ["x-amzn-requestid", "x-trans-id", "x-openstack-request-id", "x-minio-deployment-id",
     "x-guploader-uploadid", "x-bce-request-id", "x-clv-s3-version", "x-wasabi-cm-reference-id"],
)  # fmt: skip
def test_name_of_a_storages_own_can_be_learned(name):
    read = head(b"Date: today", name.title().encode() + b": 1", b"ETag: x-of-a-value: 1")
    assert learned_marks(read) == {name.encode()} == marks_among(["Date", name.upper()])


@pytest.mark.parametrize(
    "name",
    ["x-cache", "X-Cache-Hits", "x-served-by", "x-envoy-upstream-service-time", "x-forwarded-for",
     "x-powered-by", "x-frame-options", "x-content-type-options", "x-xss-protection",
     "x-robots-tag", "x-request-id", "x-requestid", "x-correlation-id", "x-varnish", "x-runtime",
     "x-ratelimit-limit", "x-vercel-id", "x-azure-ref", "x-sucuri-id", "x-akamai-request-id",
     "x-cdn", "x-timer", "x-amzn-trace-id", "x-amzn-errortype", "x-amz-cf-id", "x-amz-request-id",
     "x-nf-request-id", "x-github-request-id", "x-proxy-cache", "x-squid-error", "cf-ray", "server",
     "x-kong-proxy-latency", "x-iinfo", "via", "etag"],
)  # fmt: skip
def test_name_that_proxies_send_is_never_learned(name):
    assert learned_marks(head(name.encode() + b": 1")) == frozenset()
