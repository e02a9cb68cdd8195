"""Connecting functions and webhooks in the browser: forms, tests, secrets that stay inside."""

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from jobs.console.connections import testing
from jobs.models import FunctionEndpoint, Webhook
from tests import s3_double
from tests.connected import make_functions, make_webhook
from tests.make import make_job, make_user
from tests.operations.invocations import SECRET, answered, refused, sigv4_holds, webhook_holds

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails"


@pytest.fixture
def client(db):
    client = Client()
    client.force_login(make_user("admin"))
    return client


@pytest.fixture
def double():
    with s3_double.running() as made:
        made.answer = lambda received: answered(status=204)
        yield made


@pytest.fixture
def functions(double):
    return {
        "name": "Our functions",
        "url": double.endpoint.url,
        "code": "eu-west-1",
        "names": "thumbnails\nsizes, thumbnails",
        "kind": "keys",
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    }


@pytest.fixture
def webhook(double):
    return {
        "name": "Thumbnails",
        "url": f"{double.endpoint.url}/hook",
        "may_be_private": "on",
        "secret": SECRET,
    }


def post(client, name, values, *arguments):
    return client.post(reverse(name, args=arguments), values)


def text(response):
    return unescape(response.content.decode())


def test_functions_that_are_connected_are_tested_by_a_dry_invocation(client, functions, double):
    response = post(client, "connection-create", functions, "functions")
    assert response["Location"] == "/connections/functions/our-functions/"
    row = FunctionEndpoint.objects.get()
    assert (row.code, row.functions, row.ambient) == ("eu-west-1", ["thumbnails", "sizes"], False)
    assert (row.check_error, row.checked_at is None) == ("", False)
    (received,) = double.received
    assert received.target == "/2015-03-31/functions/thumbnails/invocations"
    assert received.headers["x-amz-invocation-type"] == "DryRun"
    assert sigv4_holds(received)
    assert "The connection works." in text(client.get(response["Location"]))


def test_webhook_that_is_connected_is_tested_by_a_signed_ping(client, webhook, double):
    response = post(client, "connection-create", webhook, "webhooks")
    assert response["Location"] == "/connections/webhooks/thumbnails/"
    (received,) = double.received
    assert b'"type": "ping"' in received.body
    assert webhook_holds(received)
    assert Webhook.objects.get().check_error == ""


@pytest.mark.parametrize("kind", ["functions", "webhooks"])
def test_secret_is_stored_encrypted_and_never_sent_back(client, functions, webhook, kind):
    typed = functions if kind == "functions" else webhook
    secret = typed["secret_access_key" if kind == "functions" else "secret"]
    pages = [post(client, "connection-create", typed | {"name": ""}, kind)]
    location = post(client, "connection-create", typed, kind)["Location"]
    pages += [client.get(location), client.get("/connections/"), client.post(f"{location}test/")]
    pages.append(client.post(location, typed | {"url": ""}))
    for page in pages:
        assert page.status_code == 200
        assert secret not in text(page)
    with connection.cursor() as cursor:
        cursor.execute(
            "select secret_access_key from jobs_functionendpoint"
            if kind == "functions"
            else "select secret from jobs_webhook"
        )
        assert secret not in cursor.fetchone()[0]


def test_empty_secret_keeps_the_one_that_is_stored(client, functions, webhook):
    for kind, typed, name in (
        ("functions", functions, "secret_access_key"),
        ("webhooks", webhook, "secret"),
    ):
        location = post(client, "connection-create", typed, kind)["Location"]
        response = client.post(location, typed | {name: "", "name": "Another name"})
        assert response.status_code == 303, text(response)
    assert FunctionEndpoint.objects.get().secret_access_key == functions["secret_access_key"]
    assert Webhook.objects.get().secret == SECRET
    assert Webhook.objects.get().slug == "thumbnails", "jobs know it by that"


@pytest.mark.parametrize(
    ("kind", "wrong", "sentence"),
    [
        ("functions", {"name": ""}, "Enter a name."),
        ("functions", {"name": "!!!"}, "The name needs at least one letter or digit."),
        ("functions", {"url": ""}, "Enter the endpoint URL."),
        ("functions", {"url": "ftp://host"}, "Write the address as https://host/path."),
        ("functions", {"url": "http://u:p@host"}, "Leave user and password out"),
        ("functions", {"url": "http://169.254.169.254"}, "link-local"),
        ("functions", {"url": "http://h\x00st:x"}, "Write the address as https://host/path."),
        ("functions", {"code": ""}, "Enter the Region code."),
        ("functions", {"code": "eu/1"}, "Use letters, digits, hyphens, underscores and dots."),
        ("functions", {"names": "thumb nails/x"}, '"nails/x" is no name of a function'),
        ("functions", {"kind": ""}, "Choose where the credentials come from."),
        ("functions", {"access_key_id": ""}, "Enter the access key ID."),
        ("functions", {"secret_access_key": ""}, "Enter the secret access key."),
        ("functions", {"ca_certificate": "x"}, "CERTIFICATE"),
        ("webhooks", {"name": ""}, "Enter a name."),
        ("webhooks", {"url": ""}, "Enter the URL."),
        ("webhooks", {"url": "https://127.0.0.1/a", "may_be_private": ""}, "An administrator can"),
        ("webhooks", {"url": "https://169.254.169.254/"}, "link-local"),
        ("webhooks", {"url": "https://[fd00:ec2::254]/"}, "their own credentials"),
        ("webhooks", {"url": "http://hooks.example.org/", "may_be_private": ""}, "with https"),
        ("webhooks", {"secret": ""}, "Enter the secret."),
        ("webhooks", {"secret": "abc"}, "Write the secret as whsec_ and base64."),
        ("webhooks", {"secret": "whsec_YWJj"}, "The secret must have 24 to 64 bytes, not 3."),
    ],
)
def test_value_that_cannot_be_gets_a_sentence(client, functions, webhook, kind, wrong, sentence):
    typed = functions if kind == "functions" else webhook
    response = post(client, "connection-create", typed | wrong, kind)
    assert response.status_code == 200
    assert sentence in text(response)
    assert "<title>Error: " in text(response)
    assert not FunctionEndpoint.objects.exists() and not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (answered(status=204), "Invoke: works"),
        (answered(b"{}"), "as if it had run"),
        (refused(404, "ResourceNotFoundException", "Function not found"), "Function not found"),
        (refused(403, "AccessDeniedException", "Not allowed."), "was refused: Not allowed."),
        (refused(403, "UnrecognizedClientException", "Bad token."), "The keys are refused"),
        (s3_double.reply(502, b"<html>", "Content-Type: text/html\r\n"), "Reach: failed"),
        (s3_double.Reply(b"", close=True), "Reach: failed"),
        (s3_double.Reply(b"SSH-2.0-x\r\n\r\n", close=True), "Reach: failed"),
    ],
)
def test_test_of_functions_says_what_it_found(client, functions, double, answer, sentence):
    location = post(client, "connection-create", functions, "functions")["Location"]
    double.answer = lambda received: answer
    page = text(client.post(f"{location}test/"))
    assert sentence in page
    if "failed" in page:
        assert FunctionEndpoint.objects.get().check_error != ""
        assert "Not working" in text(client.get("/connections/"))


def test_functions_of_which_none_is_named_are_tried_without_one(client, functions, double):
    double.answer = lambda received: refused(404, "ResourceNotFoundException", "Not found")
    page = text(
        client.get(
            post(client, "connection-create", functions | {"names": ""}, "functions")["Location"]
        )
    )
    assert "The connection works." in page


def test_functions_with_ambient_keys_are_tried_within_the_time_of_a_page(
    client, functions, double, monkeypatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    double.answer = lambda received: s3_double.Reply(b"", delay_s=None)
    typed = functions | {"kind": "ambient", "access_key_id": "", "secret_access_key": ""}
    with monkeypatch.context() as shortly:
        shortly.setattr(testing, "TEST_S", 0.3)
        location = post(client, "connection-create", typed, "functions")["Location"]
    assert FunctionEndpoint.objects.get().ambient
    assert "Not working" in text(client.get("/connections/"))
    double.answer = lambda received: answered(status=204)
    assert "Invoke: works" in text(client.post(f"{location}test/"))


@pytest.mark.parametrize("status", [301, 401, 500])
def test_webhook_that_does_not_take_the_ping_is_not_working(client, webhook, double, status):
    double.answer = lambda received: answered(status=status)
    location = post(client, "connection-create", webhook, "webhooks")["Location"]
    assert f"The webhook answered {status}" in text(client.get(location))
    assert Webhook.objects.get().check_error != ""


def test_address_of_a_name_that_is_private_is_found_by_the_test(client, webhook):
    typed = webhook | {"url": "https://localhost/hook", "may_be_private": ""}
    location = post(client, "connection-create", typed, "webhooks")["Location"]
    assert "An administrator can allow that for this webhook." in text(client.get(location))


def test_what_is_disabled_is_enabled_again(client):
    row = make_webhook()
    location = reverse("connection-enable", args=["webhooks", row.slug])
    client.post(location, {"on": "no"})
    assert Webhook.objects.get().disabled
    assert "Disabled" in text(client.get("/connections/"))
    client.post(location, {"on": "yes"})
    assert not Webhook.objects.get().disabled


@pytest.mark.parametrize("kind", ["functions", "webhooks"])
def test_what_a_job_needs_is_not_deleted_until_the_job_has_ended(client, kind):
    row = make_functions(code="eu-west-1") if kind == "functions" else make_webhook()
    operation = "LambdaInvoke" if kind == "functions" else "WebhookInvoke"
    wire = {"FunctionArn": ARN} if kind == "functions" else {"WebhookName": row.slug}
    make_job("Complete", operation=operation, parameters=wire)
    job = make_job("Suspended", operation=operation, parameters=wire)
    location = reverse("connection-delete", args=[kind, row.slug])
    response = client.post(location, follow=True)
    assert "was not deleted: A job has not ended and may call it." in text(response)
    assert type(row).objects.exists()
    job.delete()
    response = client.post(location, follow=True)
    assert f"{row.name} was deleted." in text(response)
    assert not type(row).objects.exists()


def test_job_that_calls_something_else_needs_nothing(client):
    row = make_functions(code="eu-central-1")
    make_job("Suspended", operation="LambdaInvoke", parameters={"FunctionArn": ARN})
    client.post(reverse("connection-delete", args=["functions", row.slug]))
    assert not FunctionEndpoint.objects.exists()
