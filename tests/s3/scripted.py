"""An HTTP server on loopback that answers as a test says, for what no real storage does to order."""

import contextlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jobs.s3.endpoints import Credentials

KEYS = Credentials("test", "secret")
MARKED = {"x-amz-request-id": "R1"}
"""What a storage sends with every answer, and a proxy with none of its own."""


class Scripted:
    """`answers` are (status, headers, body) in turn, the last one for ever; `seen` the requests."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.seen = []
        self.url = ""

    def next_answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextlib.contextmanager
def serving(*answers, certificate=None):
    """With `certificate`, the path of a PEM file, it speaks TLS."""
    script = Scripted(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.seen.append((self.command, self.path, self.headers["Authorization"] or ""))
            status, headers, body = script.next_answer()
            self.send_response(status)
            plain = {"Content-Length": str(len(body)), "Connection": "close"}
            for name, value in (plain | headers).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        script.url = script.url.replace("http:", "https:")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refusal(code, message="Said so.", extra=""):
    return (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>"
    ).encode()
