"""A proxy before a real S3 server that answers some requests itself, as some storage would."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

XML = {"Content-Type": "application/xml", "x-amz-request-id": "R1"}
NOT_PASSED_ON = {"transfer-encoding", "content-length", "connection", "date", "server"}


@dataclass
class Asked:
    """Names of headers are in small letters. What an answer changes is what is passed on."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_for_many(self) -> bool:
        return self.method == "POST" and "delete" in self.path.partition("?")[2]

    @property
    def is_tagging(self) -> bool:
        return self.method == "PUT" and "tagging" in self.path.partition("?")[2]

    @property
    def is_copy(self) -> bool:
        return self.method == "PUT" and "x-amz-copy-source" in self.headers


Answered = tuple[int, dict[str, str], bytes]
Before = Callable[[Asked], Answered | None]
After = Callable[[Asked, Answered], Answered]


@dataclass
class Proxy:
    """`before` answers instead of the server, or not; `after` may change what the server said."""

    upstream: str
    before: Before = lambda asked: None
    after: After = lambda asked, answered: answered
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answer(self, asked: Asked) -> Answered:
        self.asked.append(asked)
        own = self.before(asked)
        return own if own is not None else self.after(asked, self._passed_on(asked))

    def _passed_on(self, asked: Asked) -> Answered:
        place = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(asked.method, asked.path, asked.body or None, asked.headers)
            found = connection.getresponse()
            content, told = found.read(), found.getheaders()
        headers = {name: text for name, text in told if name.lower() not in NOT_PASSED_ON}
        if asked.method == "HEAD":
            headers["Content-Length"] = found.getheader("content-length") or "0"
        return found.status, headers, content


def refusal(status: int, code: str, message: str = "No.", more: str = "") -> Answered:
    told = f"<Code>{code}</Code><Message>{escape(message)}</Message>{more}"
    return status, XML, f"<?xml version='1.0' encoding='UTF-8'?><Error>{told}</Error>".encode()


@contextlib.contextmanager
def running(upstream: str) -> Iterator[Proxy]:
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words: object) -> None:
            pass

        def _go(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {n.lower(): v for n, v in self.headers.items() if n.lower() != "expect"}
            headers.pop("connection", None)
            status, told, content = proxy.answer(Asked(self.command, self.path, headers, body))
            self.send_response(status)
            for name, text in told.items():
                self.send_header(name, text)
            if "Content-Length" not in told and status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD" and status != 204:
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _go

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
