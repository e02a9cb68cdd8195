"""Clients that stop reading, at the web server as `manage.py up` starts it."""

import http.client
import socket
import sys
from contextlib import ExitStack

import psutil
import pytest
from django.urls import reverse

from jobs import conf
from jobs.management import programs
from jobs.reports.rows import report_row
from tests import servers
from tests.make import make_job, make_region, make_report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as Linux counts what moves")

ROW = report_row(
    bucket="photos", raw_key="k" * 900, version_id=None, succeeded=True,
    http_status=200, code="", message="Successful",
)  # fmt: skip
ROWS = 20_000
"""Together more than what the system keeps between server and client."""

CLIENTS = 20


@pytest.fixture
def report_url(transactional_db, s3, s3_server, bucket):
    job = make_job("Complete", region=make_region(endpoint_url=s3_server), report_bucket=bucket)
    s3.put_object(Bucket=bucket, Key="r.csv", Body=ROW * ROWS)
    facts = {"status": "succeeded", "key": "r.csv", "md5": "", "rows": ROWS}
    make_report(job, [{**facts, "size_bytes": len(ROW) * ROWS}])
    return reverse("job-report-file", args=[job.pk, 1])


@pytest.fixture
def web(process_environment, settings, tmp_path):
    """The address of a web server that ends an answer after a second in which nothing moves."""
    port = settings.BATCHCONSOLE_PORT = servers.free_port()
    settings.BATCHCONSOLE_BIND = "127.0.0.1"
    [child] = programs.parts(["web"], to_logs=True)
    environment = (f"{name}={value}" for name, value in process_environment.items())
    command = ["env", *environment, *child.command, "--config", "python:tests.stalled_web"]
    child = servers.program("web", command, tmp_path)
    with servers.running(child, lambda: servers.listens(child, port) and signs_in(port)):
        yield "127.0.0.1", port


def signs_in(port):
    """Whether the sign-in page is answered within a guard's time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", reverse("sign-in"))
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


def asks(web, url, cookie, stack):
    client = stack.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(60)
    client.connect(web)
    client.sendall(f"GET {url} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
    return client


def connections_of_server(web):
    return [
        one
        for one in psutil.net_connections("tcp")
        if one.laddr == web and one.status == "ESTABLISHED" and one.pid
    ]


def test_clients_that_do_not_read_end_and_never_hold_up_the_sign_in_page(
    web, report_url, as_viewer
):
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in as_viewer.cookies.items())
    with ExitStack() as stack:
        clients = [asks(web, report_url, cookie, stack) for _ in range(CLIENTS)]
        # Peeked at: nothing is taken from what the system holds for them.
        answers = [client.recv(12, socket.MSG_PEEK) for client in clients]
        begun = answers.count(b"HTTP/1.1 200")
        assert 1 <= begun <= programs.WEB_WORKERS * conf.DOWNLOADS_AT_ONCE
        assert answers.count(b"HTTP/1.1 503") == CLIENTS - begun
        assert signs_in(web[1])
        servers.eventually(lambda: not connections_of_server(web))
        assert asks(web, report_url, cookie, stack).recv(12) == b"HTTP/1.1 200"


def test_download_of_a_slow_client_that_goes_on_reading_comes_whole(web, report_url, as_viewer):
    """It takes several times what a client may stand still."""
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in as_viewer.cookies.items())
    with ExitStack() as stack:
        client = asks(web, report_url, cookie, stack)
        taken, wait = 0, stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        wait.bind(("127.0.0.1", 0))
        wait.settimeout(0.25)
        for _ in range(20):
            taken += len(client.recv(65536))
            with pytest.raises(TimeoutError):
                wait.recv(1)
        tail = b""
        while piece := client.recv(1024 * 1024):
            taken += len(piece)
            tail = (tail + piece)[-5:]
            if tail == b"0\r\n\r\n":
                break
        assert taken > len(ROW) * ROWS
