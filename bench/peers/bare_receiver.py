"""The least that a checksum can cost: bytes that are received into one buffer and dropped, and the
same number of bytes hashed in memory. Says what it took, as JSON.
"""

import json
import socket
import sys
import time

import django

django.setup()

from bench.transport import used_s  # noqa: E402
from jobs.operations.checksums.checksum_algorithms import ALGORITHMS  # noqa: E402

BUFFER_BYTES = 256 * 1024


def receive(host: str, port: int, path: str, objects: int) -> int:
    """How many bytes came, with the heads of the answers. One after the other, on one connection."""
    buffer, came_bytes = bytearray(BUFFER_BYTES), 0
    with socket.create_connection((host, port)) as connection:
        for _ in range(objects):
            request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
            connection.sendall(request.encode())
            got = connection.recv_into(buffer)
            head, _, _ = bytes(buffer[:got]).partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            left = length + len(head) + 4 - got
            while left:
                left -= connection.recv_into(buffer, min(left, BUFFER_BYTES))
            came_bytes += length
    return came_bytes


def hash_in_memory(algorithm: str, size_bytes: int) -> None:
    data, hasher = bytes(BUFFER_BYTES), ALGORITHMS[algorithm]()
    for _ in range(size_bytes // BUFFER_BYTES):
        hasher.update(data)
    hasher.digest()


def main() -> None:
    host, port, path, objects, algorithm = sys.argv[1:]
    cpu_s, began_s = used_s(), time.monotonic()
    hash_in_memory(algorithm, receive(host, int(port), path, int(objects)))
    print(json.dumps({"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}))


if __name__ == "__main__":
    main()
