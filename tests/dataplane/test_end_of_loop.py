"""Nobody waits for ever for a loop that has ended."""

import sys

import pytest

from jobs.dataplane.plane import DataPlane
from tests.dataplane.conftest import Runner, targets
from tests.s3_double import Reply
from tests.servers import eventually


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", [lambda plane: plane.loop.stop(), lambda plane: sys.exit(1)])
def test_work_fails_whose_loop_ends_under_it_and_so_does_what_comes_later(double, way):
    plane = DataPlane(in_flight=4)
    run = Runner(plane, double)
    double.answer = lambda received: Reply(b"", delay_s=None)
    under_way = plane.submit(run.work(targets("a", "b", "c", "d", "e")))
    eventually(lambda: len(double.received) == 4)
    plane.loop.call_soon_threadsafe(way, plane)
    with pytest.raises(RuntimeError, match="closed"):
        under_way.result(timeout=30)
    eventually(lambda: not plane._thread.is_alive())
    with pytest.raises(RuntimeError, match="ended"):
        run(targets("f"))
    plane.close()
