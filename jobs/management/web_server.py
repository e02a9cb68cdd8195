"""Configuration of the web server (gunicorn), which reads the names that it knows."""

import socket
import struct
from typing import Any

SEND_TIMEOUT_S = 30
"""After so long without a byte that the client took, an answer ends."""


def when_ready(server: Any) -> None:
    """Limits how long an answer waits for its client, pages and downloads alike.

    Only the system sees single bytes move; a timeout of Python's would count for a whole piece
    and end slow clients, too. Connections inherit it from the socket that accepts them.
    """
    for listener in server.LISTENERS:
        listener.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", SEND_TIMEOUT_S, 0)
        )
