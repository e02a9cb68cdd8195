"""Processes for SQL, what they may read, and what they must not."""

import socket
import threading

import pytest

from jobs.manifests.sql.process import Limits, Question, SqlProcess
from tests.manifests.sql.filtering import CANARY, COLUMNS, MEMORY_BYTES


@pytest.fixture(autouse=True)
def _own_sql_folder(tmp_path, settings):
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "sql")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "list.csv").write_text("bucket,first,1\nbucket,second,2\n")
    return folder


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary.txt"
    path.write_text(CANARY)
    return path


@pytest.fixture
def listener():
    """A server that nobody may speak to; the test fails where somebody did."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def started(folder):
    """Processes for SQL that end with the test."""
    running = []

    def start(sql, *, time_s=60.0, stop=None, memory_bytes=MEMORY_BYTES):
        question = Question(sql, COLUMNS)
        limits = Limits(memory_bytes, time_s)
        running.append(SqlProcess(question, folder, limits, stop or threading.Event()))
        return running[-1]

    yield start
    for one in running:
        one.close()
