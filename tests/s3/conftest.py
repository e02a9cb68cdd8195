import pytest

from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.storage import Storage
from tests.s3.scripted import KEYS


@pytest.fixture
def client(s3_server):
    return make_client(Endpoint(s3_server, "us-east-1", "path"), KEYS)


@pytest.fixture
def storage(client):
    return Storage(client)
