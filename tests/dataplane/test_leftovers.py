"""What a chunk leaves behind when it has ended: nothing that the garbage collector has to find."""

import gc
import weakref

import pytest

from tests.dataplane.conftest import Noting, targets
from tests.dataplane.test_pacing import Pace, paced
from tests.s3_double import error, plausible
from tests.servers import eventually


@pytest.fixture
def no_collector():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("one_call", [False, True])
def test_chunk_that_has_ended_is_gone_without_the_garbage_collector(
    run, double, monkeypatch, no_collector, one_call
):
    monkeypatch.setattr(Noting, "one_call", one_call)
    double.answer = lambda received: (
        error(404, "NoSuchKey") if received.path.endswith("b") else plausible(received)
    )
    run(targets("a", "b"))  # what botocore makes of a first call is kept, and its frames with it
    operation = Noting()
    chunk = weakref.ref(operation)
    batch = paced(run, Pace(), ["a", "b", "c"], operation, in_flight=1).result(timeout=30)
    assert [outcome.code for outcome in batch.outcomes] == ["", "NoSuchKey", ""]
    del operation, batch
    run(targets("d"))  # the connection keeps its last request until the next
    eventually(lambda: chunk() is None)
