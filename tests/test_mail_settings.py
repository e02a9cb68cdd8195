"""Mail from the environment: one URL for the server, who it is from, where its links lead."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from batchconsole.mail import mail

WHOLE = {
    "EMAIL_URL": "smtp+tls://batch:p%40ss@mail.example.com",
    "EMAIL_FROM": "Batch console <batch@example.com>",
    "PUBLIC_URL": "https://console.example.com/",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)


def test_without_a_server_nothing_is_mailed(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "")
    found = mail()
    assert found["EMAIL_HOST"] == ""
    assert found["EMAIL_BACKEND"].endswith("dummy.EmailBackend")


def test_server_comes_from_one_url():
    found = mail()
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("batch", "p@ss")
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (True, False)
    assert found["DEFAULT_FROM_EMAIL"] == "Batch console <batch@example.com>"
    assert found["BATCHCONSOLE_PUBLIC_URL"] == "https://console.example.com"


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [("smtp://mail:2525", 2525, False, False), ("smtps://mail", 465, False, True)],
)
def test_scheme_says_how_the_server_is_spoken_to(monkeypatch, url, port, tls, ssl):
    monkeypatch.setenv("EMAIL_URL", url)
    found = mail()
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, tls, ssl)


def test_password_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("smtps://batch:hidden@mail\n")
    monkeypatch.setenv("EMAIL_URL_FILE", str(tmp_path / "url"))
    assert mail()["EMAIL_HOST_PASSWORD"] == "hidden"


@pytest.mark.parametrize(
    ("name", "odd", "words"),
    [
        ("EMAIL_URL", "mail.example.com:25", "EMAIL_URL must look like smtp"),
        ("EMAIL_URL", "smtp://u:hidden@mail:port", "EMAIL_URL must look like smtp"),
        ("EMAIL_URL", "smtp://u:hidden@mail/path", "EMAIL_URL must look like smtp"),
        ("EMAIL_URL", "smtp://u:hidden@[mail", "EMAIL_URL must look like smtp"),
        ("EMAIL_FROM", "", "EMAIL_URL needs EMAIL_FROM"),
        ("EMAIL_FROM", "batch", 'not "batch"'),
        ("PUBLIC_URL", "", "EMAIL_URL needs PUBLIC_URL"),
        ("PUBLIC_URL", "console.example.com", 'not "console.example.com"'),
        ("PUBLIC_URL", "https://console.example.com/batch", "without a path"),
    ],
)
def test_odd_value_stops_the_start_with_a_sentence_that_shows_no_password(
    monkeypatch, name, odd, words
):
    monkeypatch.setenv(name, odd)
    with pytest.raises(ImproperlyConfigured, match=words) as stopped:
        mail()
    assert "hidden" not in str(stopped.value)
