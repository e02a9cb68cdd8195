"""A server that answers as no storage should: slowly, without end, or with something left out."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jobs.s3.endpoints import Endpoint

Answer = Callable[["Wire", str], None]
"""Called with what was asked ("GET /bucket/key"); may write for as long as somebody reads."""


@dataclass
class Wire:
    """`sent_bytes` is what went out, `is_over` is set when the test has ended."""

    connection: socket.socket
    is_over: threading.Event
    sent_bytes: int = 0

    def write(self, data: bytes) -> None:
        self.connection.sendall(data)
        self.sent_bytes += len(data)

    def head(self, *headers: str, status: int = 200) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", "x-amz-request-id: R1", *headers, "", ""]
        self.write("\r\n".join(lines).encode())

    def trickle(self, every_s: float = 0.02) -> None:
        """A byte now and then, until nobody reads it any more."""
        while not self.is_over.wait(every_s):
            self.write(b" ")

    def flood(self, block: bytes = b"x" * 65536) -> None:
        while not self.is_over.is_set():
            self.write(block)

    def hang(self) -> None:
        self.is_over.wait()


@dataclass
class BadStorage:
    endpoint: Endpoint
    wires: list[Wire]

    @property
    def sent_bytes(self) -> int:
        return sum(wire.sent_bytes for wire in self.wires)


@contextlib.contextmanager
def answering(answer: Answer) -> Iterator[BadStorage]:
    is_over, wires = threading.Event(), []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            wire = Wire(self.connection, is_over)
            wires.append(wire)
            with contextlib.suppress(OSError):
                while asked := self.rfile.readline().decode().rpartition(" ")[0]:
                    while self.rfile.readline().strip():
                        pass
                    answer(wire, asked)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield BadStorage(Endpoint(url, "us-east-1", "path"), wires)
        finally:
            is_over.set()
            server.shutdown()
