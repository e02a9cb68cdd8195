"""A storage that does not do as it says: what is on its way to the test's S3 server is changed, or
answered in its place.
"""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Sent:
    """`target` is path and query; names of headers are in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_copy(self) -> bool:
        return "x-amz-copy-source" in self.headers

    def is_about(self, subresource: str) -> bool:
        return urlsplit(self.target).query.partition("&")[0] in (subresource, f"{subresource}=")

    def without(self, *prefixes: str) -> "Sent":
        kept = {name: text for name, text in self.headers.items() if not name.startswith(prefixes)}
        return replace(self, headers=kept)


@dataclass(frozen=True)
class Answered:
    """`is_marked`: with a header that only storages send."""

    status: int = 200
    body: bytes = b""
    is_marked: bool = True


CUT_OFF = Answered(0)
"""The connection ends without an answer."""


def refused(status: int, code: str) -> Answered:
    return Answered(status, f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode())


Bend = Callable[[Sent], Sent | Answered]


@contextlib.contextmanager
def bent(url: str, bend: Bend) -> Iterator[str]:
    """The address of a storage before the one at `url`."""
    behind = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            headers = {name.lower(): text for name, text in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            sent = bend(Sent(self.command, self.path, headers, body))
            if sent == CUT_OFF:
                self.close_connection = True
            elif isinstance(sent, Answered):
                mark = {"x-amz-request-id": "R1"} if sent.is_marked else {}
                self._answer(sent.status, mark, sent.body)
            else:
                self._forward(sent)

        def _forward(self, sent: Sent) -> None:
            connection = http.client.HTTPConnection(behind.hostname or "", behind.port)
            with contextlib.closing(connection):
                connection.request(sent.method, sent.target, sent.body, sent.headers)
                came = connection.getresponse()
                self._answer(came.status, dict(came.getheaders()), came.read())

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            length = str(len(body))
            for name, text in headers.items():
                if name.lower() in ("transfer-encoding", "connection"):
                    continue
                if name.lower() != "content-length":
                    self.send_header(name, text)
                elif self.command == "HEAD":
                    length = text
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Bent:
    """A server in front of the real one that answers some requests itself."""

    def __init__(self):
        self.answer = lambda sent: None
        self.seen = []
        self._lock = threading.Lock()

    def __call__(self, sent):
        with self._lock:
            self.seen.append(sent)
            return self.answer(sent) or sent
