"""How answers of S3 storages, and of what stands before them, are worded for a person."""

import pytest

from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.call import Call
from jobs.services.s3 import S3Service, bucket_at

ENDPOINT, KEYS = Endpoint("http://127.0.0.1:9", "us-east-1", "path"), Credentials("a", "b")
TAGS = Call(bucket_at(ENDPOINT, KEYS, "photos"), "GetObjectTagging", {"Key": "a"})
HTML = b"<html><head><title>%b</title></head></html>"


@pytest.fixture
def service():
    return S3Service(ENDPOINT, KEYS, connect_timeout_s=1, read_timeout_s=1)


@pytest.mark.parametrize(
    ("status", "title", "sentence"),
    [
        (
            200,
            b"Sign in",
            'The answer does not come from an S3 storage (HTML page titled "Sign in").',
        ),
        (
            502,
            b"502 Bad Gateway",
            "A proxy before the storage got no answer from it that it could use (502).",
        ),
        (504, b"", "A proxy before the storage waited for its answer in vain (504)."),
        (404, b"Moved", 'The answer does not come from an S3 storage (HTML page titled "Moved").'),
    ],
)
def test_page_in_place_of_an_answer_is_worded_as_what_sent_it(service, status, title, sentence):
    answer = service.read(TAGS, status, b"HTTP/1.1 %d X\r\n\r\n" % status, HTML % title)
    assert answer.message == sentence
