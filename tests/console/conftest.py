import re

import pytest
from django.test.client import ClientHandler

from jobs import queueing
from jobs.console import retry_failed
from jobs.console.context import banner_cache
from tests.console.ended import Ended
from tests.make import make_user


@pytest.fixture(autouse=True)
def _forget_banner():
    """The banner is kept for seconds; each test starts without."""
    banner_cache.forget()
    yield
    banner_cache.forget()


@pytest.fixture
def viewer(db):
    return make_user("viewer", name="vera")


@pytest.fixture
def operator(db):
    return make_user("operator", name="olga")


@pytest.fixture
def admin(db):
    return make_user("admin", name="ana")


@pytest.fixture
def as_viewer(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def as_operator(client, operator):
    client.force_login(operator)
    return client


@pytest.fixture
def as_admin(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def ended(db, s3, s3_server, bucket):
    s3.create_bucket(Bucket="photos")  # which their lists name
    return Ended(s3, s3_server, bucket)


@pytest.fixture
def slowly(monkeypatch):
    """Every list is made in the background; the calls are noted."""
    called = []
    monkeypatch.setattr(retry_failed, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(queueing, "call", lambda *call: called.append(call))
    return called


@pytest.fixture(autouse=True)
def _pages_without_line_breaks_of_their_templates(monkeypatch):
    """Tests read a page as a browser does: how its template was wrapped is no part of it."""
    answer = ClientHandler.get_response

    def unwrapped(self, request):
        response = answer(self, request)
        if not response.streaming and response["Content-Type"].startswith("text/html"):
            text = re.sub(rb">(?:\n +)+(?=<)", b">", response.content)
            response.content = re.sub(rb"(?:\n +)+", b" ", text)
        return response

    monkeypatch.setattr(ClientHandler, "get_response", unwrapped)
