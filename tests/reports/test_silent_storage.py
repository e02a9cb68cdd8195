"""A report whose storage takes the beginning of a file, and then nothing any more."""

import contextlib
import socket
import threading

import pytest

from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.storage import Storage
from tests.reports.test_assemble import Desk
from tests.s3.scripted import KEYS

SIZE_BYTES = 5 * 1024 * 1024 - 1
"""More than a socket takes while nobody reads, and less than a part."""


@contextlib.contextmanager
def deaf_server():
    """Its port, and an event: somebody began to send a body."""
    begun, connections = threading.Event(), []

    def listen(server):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(4096)
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.recv(1)
                begun.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, args=[server], daemon=True).start()
        yield server.getsockname()[1], begun
        for connection in connections:
            connection.close()


def test_stop_while_a_file_is_half_sent_is_heard_as_a_stop():
    with deaf_server() as (port, begun):

        def alive():
            if begun.is_set():
                raise InterruptedError

        endpoint = Endpoint(f"http://127.0.0.1:{port}", "us-east-1", "path")
        storage = Storage(make_client(endpoint, KEYS))
        with (
            pytest.raises(InterruptedError),
            storage.upload("reports", "0.csv", "text/csv", alive=alive) as upload,
        ):
            upload.write(b"x" * SIZE_BYTES)


def test_stop_does_not_wait_for_a_storage_that_hears_the_end_of_an_upload_in_silence(
    s3_server, s3, bucket, monkeypatch
):
    client = make_client(Endpoint(s3_server, "us-east-1", "path"), KEYS)
    enough, heard, answered = threading.Event(), [], []

    def in_silence(**call):
        heard.append(call["UploadId"])
        enough.wait(150)
        answered.append(call["UploadId"])

    monkeypatch.setattr(client, "abort_multipart_upload", in_silence)
    with (
        pytest.raises(InterruptedError),
        Storage(client).upload(bucket, "0.csv", "text/csv") as upload,
    ):
        upload.write(b"x" * (SIZE_BYTES + 2))
        raise InterruptedError
    begun = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert (heard, answered) == ([begun[0]["UploadId"]], [])
    enough.set()


def test_stop_is_heard_while_the_work_storage_is_silent(transactional_db, s3, bucket, tmp_path):
    desk = Desk(Storage(s3), bucket, tmp_path / "work")
    desk.chunk(3, 1)
    enough, asked, answered = threading.Event(), threading.Event(), []

    def in_silence(name):
        asked.set()
        enough.wait(150)
        answered.append(name)
        return b""

    def alive():
        if asked.is_set():
            raise InterruptedError

    desk.work.read = in_silence
    with pytest.raises(InterruptedError):
        desk.write(alive=alive)
    assert answered == []
    enough.set()
