"""However slow storages are, most threads of the web server are left for pages."""

import contextlib
import threading

import pytest

from jobs import conf
from jobs.errors import StorageUnavailableError
from jobs.lifecycle import page_turns
from jobs.lifecycle.connections import client_for_page
from jobs.lifecycle.page_turns import PAGE_S, page_patience, page_turn
from jobs.s3.endpoints import Credentials, Endpoint

MOST = conf.WEB_THREADS // 4


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(page_turns, "TURN_S", 0.01)


@contextlib.contextmanager
def waiting(count):
    """So many threads that wait for storages."""
    ends, begun = threading.Event(), threading.Barrier(count + 1)

    def wait():
        with page_turn():
            begun.wait()
            ends.wait()

    threads = [threading.Thread(target=wait) for _ in range(count)]
    for thread in threads:
        thread.start()
    begun.wait()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def test_a_quarter_of_the_threads_wait_and_the_next_page_is_told_at_once():
    with waiting(MOST), pytest.raises(StorageUnavailableError, match="in a few seconds"):
        page_turn().__enter__()
    with page_turn():
        pass


def test_one_more_may_wait_while_there_is_room():
    with waiting(MOST - 1), page_turn():
        assert page_patience()


def test_page_whose_storage_fails_gives_its_turn_back():
    for _ in range(MOST + 1):
        with pytest.raises(StorageUnavailableError, match="broken"), page_turn():
            raise StorageUnavailableError("Broken", "It is broken.")


def test_all_calls_of_a_page_share_the_time_that_it_may_wait():
    with page_turn():
        first = page_patience()
        with page_turn(100):
            assert page_patience() is first
        assert 0 < first.left_s() <= PAGE_S


def test_nobody_asks_a_storage_for_a_page_without_a_turn():
    with pytest.raises(RuntimeError, match="no turn"):
        client_for_page(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), Credentials("", ""))
