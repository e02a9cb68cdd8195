import socket

import pytest

from jobs.s3.calls import Answer, Call, perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.patience import Patience
from tests.s3.scripted import KEYS, refusal, serving

COPY = Call("CopyObject", "archive", {"Key": "k", "CopySource": {"Bucket": "photos", "Key": "k"}})


def ask(call, *answers):
    with serving(*answers) as server:
        return perform(make_client(Endpoint(server.url, "us-east-1", "path"), KEYS), call)


def test_refusal_keeps_the_storages_own_words():
    answer = ask(COPY, (404, {}, refusal("NoSuchKey", "It is not here.")))
    assert answer == Answer(404, "NoSuchKey", "It is not here.")


@pytest.mark.parametrize(
    ("code", "message"),
    [("NoSuchKey", "The specified key does not exist."), ("SomethingOdd", "")],
)
def test_refusal_without_words_gets_those_of_s3_where_it_has_some(code, message):
    body = f"<Error><Code>{code}</Code></Error>".encode()
    assert ask(COPY, (404, {}, body)) == Answer(404, code, message)


def test_error_inside_an_answer_of_200_is_no_success():
    answer = ask(COPY, (200, {}, refusal("SlowDown", "Please wait.")))
    assert (answer.code, answer.message) == ("SlowDown", "Please wait.")


def test_proxy_that_answers_with_a_page_is_no_success():
    answer = ask(COPY, (200, {"Content-Type": "text/html"}, b"<html><body>Welcome<br></html>"))
    assert answer.code
    assert answer.http_status >= 500


def test_refused_connection_is_no_answer_at_all():
    client = make_client(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), KEYS)
    answer = perform(client, COPY)
    assert (answer.http_status, answer.code) == (0, "EndpointConnectionError")


@pytest.mark.parametrize("body", [b"", b"<CopyObjectResult>"])
def test_answer_that_breaks_off_is_no_answer_at_all(body):
    answer = ask(COPY, (200, {"Content-Length": "1000"}, body))
    assert (answer.http_status, answer.code) == (0, "IncompleteReadError")


def test_silence_is_no_answer_at_all():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = Endpoint(f"http://127.0.0.1:{mute.getsockname()[1]}", "us-east-1", "path")
        answer = perform(make_client(endpoint, KEYS, patience=Patience(silence_s=0.2)), COPY)
    assert (answer.http_status, answer.code) == (0, "ReadTimeoutError")


def test_request_that_cannot_be_built_fails_alone_and_does_not_look_like_an_outage(client):
    answer = perform(client, Call("PutObjectTagging", "photos", {"Key": "", "Tagging": {}}))
    assert (answer.http_status, answer.code) == (400, "InvalidRequest")
    assert "Key" in answer.message


def test_success_carries_what_the_storage_said(client, s3, make_bucket):
    bucket = make_bucket(versioned=True)
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    answer = perform(client, Call("GetObjectTagging", bucket, {"Key": "k"}))
    assert (answer.http_status, answer.code) == (200, "")
    assert (answer.data["TagSet"], answer.data["VersionId"]) == ([], version)
