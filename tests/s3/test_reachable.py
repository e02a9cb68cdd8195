"""Where a Region may not be."""

import asyncio
from types import SimpleNamespace

import pytest

from jobs.dataplane import pool
from jobs.s3 import patience, reachable
from jobs.s3.calls import perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from tests.s3.test_clients import TAG

KEYS = Credentials("test", "test")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0xa9.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
    ],
)
def test_link_local_address_in_any_spelling_is_refused_with_a_sentence(host, settings):
    assert "cannot be at a link-local address" in reachable.problem_with(f"http://{host}:80/")
    settings.BATCHCONSOLE_ALLOW_LINK_LOCAL = True
    assert not reachable.problem_with(f"http://{host}:80/")


@pytest.mark.parametrize("url", ["http://u:p@s3.example", "http://@s3.example", "http://u@h"])
def test_url_with_user_or_password_is_refused_with_a_sentence(url):
    assert "Leave user and password out" in reachable.problem_with(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://s3.example", "http://[::1]:9"])
def test_other_urls_are_fine(url):
    assert not reachable.problem_with(url)


def test_boto3_sends_nothing_to_an_address_that_is_not_allowed(s3_server, monkeypatch):
    def refuse(peer):
        raise reachable.ForbiddenAddressError("not there")

    client = make_client(Endpoint(s3_server, "us-east-1", "path"), KEYS)
    assert perform(client, TAG).http_status
    monkeypatch.setattr(patience, "check_peer", refuse)
    client = make_client(Endpoint(s3_server, "us-east-1", "path"), KEYS)
    assert not perform(client, TAG).http_status


def test_data_plane_sends_nothing_to_an_address_that_is_not_allowed(s3_server, monkeypatch):
    def refuse(peer):
        raise reachable.ForbiddenAddressError("not there")

    monkeypatch.setattr(pool, "check_peer", refuse)
    port = int(s3_server.rpartition(":")[2])

    async def send():
        loop, lost = asyncio.get_running_loop(), []
        exchange = SimpleNamespace(wanted=True, lost=lambda *what: lost.append(what))
        connections = pool.Pool(loop, ("127.0.0.1", port, False), None, pool.Timeouts())
        await connections._send_on_new(exchange, b"GET / HTTP/1.1\r\n\r\n", False, None)
        return lost, connections._all

    lost, kept = asyncio.run(send())
    assert [what[0] for what in lost] == ["refused"]
    assert not kept
