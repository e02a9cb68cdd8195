"""Where a Region may not be."""

import asyncio
import socket
from types import SimpleNamespace

import pytest
from urllib3.util import connection

from jobs.console.regions import testing
from jobs.dataplane import pool
from jobs.errors import StorageUnavailableError
from jobs.s3 import patience, reachable
from jobs.s3.calls import perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.faults import Verdict, classify, may_have_been_heard
from jobs.s3.parsing import no_answer
from jobs.s3.sentences import describe
from jobs.s3.template import Origin
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
        connections = pool.Pool(loop, Origin("127.0.0.1", port, False), None, pool.Timeouts())
        await connections._send_on_new(exchange, b"GET / HTTP/1.1\r\n\r\n", False, None, None)
        return lost, connections._all

    lost, kept = asyncio.run(send())
    assert [what[0] for what in lost] == ["refused"]
    assert not kept


LINK_LOCAL = [(0, 0, 0, "", ("169.254.7.7", 80))]
HERE = [(0, 0, 0, "", ("127.0.0.1", 80))]


@pytest.mark.parametrize(
    ("found", "refused"),
    [(LINK_LOCAL, True), (HERE, False), (LINK_LOCAL + HERE, False), ([], False)],
)
def test_name_that_leads_to_link_local_addresses_alone_is_refused_though_nobody_answers(
    found, refused
):
    if refused:
        with pytest.raises(reachable.ForbiddenAddressError, match="link-local"):
            reachable.check_found(found)
    else:
        reachable.check_found(found)


def nobody_answers_at(monkeypatch, addresses):
    """Every connection is refused, and every name leads to `addresses`."""

    def refuse(*args, **options):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(connection, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: addresses)


def test_boto3_that_is_refused_at_a_link_local_address_has_a_sentence_of_its_own(monkeypatch):
    nobody_answers_at(monkeypatch, LINK_LOCAL)
    client = make_client(Endpoint("http://inside.example", "us-east-1", "path"), KEYS)
    answer = perform(client, TAG)
    assert (answer.http_status, answer.code) == (0, reachable.FORBIDDEN)
    assert "cannot be at a link-local address (169.254.7.7)" in answer.message
    assert classify(answer) is Verdict.RETRY and not may_have_been_heard(answer)


def test_boto3_that_is_refused_elsewhere_says_that_nobody_answers(monkeypatch):
    nobody_answers_at(monkeypatch, HERE)
    client = make_client(Endpoint("http://inside.example", "us-east-1", "path"), KEYS)
    assert perform(client, TAG).code == "EndpointConnectionError"


@pytest.mark.parametrize(("addresses", "forbidden"), [(LINK_LOCAL, True), (HERE, False)])
def test_data_plane_that_is_refused_knows_a_link_local_address(monkeypatch, addresses, forbidden):
    async def send():
        loop, lost = asyncio.get_running_loop(), []

        async def refuse(*args, **options):
            raise ConnectionRefusedError(111, "Connection refused")

        async def look(*args, **options):
            return addresses

        loop.create_connection, loop.getaddrinfo = refuse, look
        exchange = SimpleNamespace(wanted=True, lost=lambda *what: lost.append(what))
        connections = pool.Pool(loop, Origin("inside.example", 80, False), None, pool.Timeouts())
        await connections._send_on_new(exchange, b"GET / HTTP/1.1\r\n\r\n", False, None, None)
        return lost

    ((cause, error),) = asyncio.run(send())
    answer = no_answer(cause, "http://inside.example", error)
    assert (answer.code == reachable.FORBIDDEN) is forbidden
    assert ("link-local" in answer.message) is forbidden


def test_sentence_about_a_place_at_a_link_local_address_is_that_of_the_address():
    error = StorageUnavailableError(reachable.FORBIDDEN, reachable.LINK_LOCAL.format("169.254.7.7"))
    assert describe(error, place="s3://b/k") == reachable.LINK_LOCAL.format("169.254.7.7")


def test_connection_test_of_a_region_sends_nothing_to_a_forbidden_address(monkeypatch):
    monkeypatch.setattr(reachable, "is_allowed", lambda address: False)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(reachable.ForbiddenAddressError),
    ):
        reachable.try_to_connect("127.0.0.1", server.getsockname()[1], 5)


def test_connection_test_of_a_region_says_so_where_nobody_answers_at_such_an_address(monkeypatch):
    nobody_answers_at(monkeypatch, LINK_LOCAL)
    monkeypatch.setattr(socket, "create_connection", connection.create_connection)
    region = SimpleNamespace(endpoint_url="http://inside.example")
    assert testing._reach(region).sentence == reachable.LINK_LOCAL.format("169.254.7.7")
