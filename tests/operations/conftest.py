import pytest

from tests.operations import places


@pytest.fixture(scope="module", params=places.NAMES)
def place(request, s3_server):
    """Each storage there is, with buckets that go when the module's tests are done."""
    place = places.place_of(request.param, s3_server)
    yield place
    place.remove_buckets()


@pytest.fixture(scope="module")
def source(place):
    return place.make_bucket()


@pytest.fixture(scope="module")
def archive(place):
    return place.make_bucket()
