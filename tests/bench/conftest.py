"""A storage for the benchmarks to be tried on, small and slow, with nothing from outside."""

import shutil
import sys
from collections.abc import Callable

import pytest

from bench import house
from bench.place import Place
from bench.stub import Stub
from tests import s3_double
from tests.requirements import unavailable
from tests.s3_double import Received, Reply, plausible, reply


@pytest.fixture
def double():
    with s3_double.running() as double:
        yield double


@pytest.fixture
def place(
    double, transactional_db, redis, process_environment, s3, s3_server, tmp_path, monkeypatch
):
    """As bench.place makes it, with the double as its stub, over this test's database."""
    if sys.platform != "linux" or not shutil.which("taskset"):
        unavailable("Benchmarks: they pin processes to cores with taskset, which Linux has")
    monkeypatch.setenv("BENCH_SCALE", "0")
    monkeypatch.setenv("BENCH_RUNS", "1")
    for name, value in process_environment.items():
        monkeypatch.setenv(name, value)
    stub = Stub(double.port, tmp_path / "stub")
    stub.files.mkdir(parents=True)
    double.answer = with_files(stub, plausible)
    house.furnish(stub, s3_server)
    yield Place(tmp_path, stub, "whichever")
    _empty(s3)


def with_files(stub: Stub, otherwise: Callable[[Received], Reply]) -> Callable[[Received], Reply]:
    """The stub's bucket `files`, and for all else what `otherwise` answers."""

    def answer(received: Received) -> Reply:
        if not received.path.startswith("/files/"):
            return otherwise(received)
        path = stub.files / received.path.removeprefix("/files/")
        facts = path.stat()
        headers = f'ETag: "{int(facts.st_mtime):x}-{facts.st_size:x}"\r\n'
        headers += "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
        whole = reply(200, path.read_bytes(), headers)
        if received.method == "HEAD":
            return Reply(whole.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        return whole

    return answer


def _empty(s3):
    for found in s3.list_objects_v2(Bucket=house.REPORTS).get("Contents", []):
        s3.delete_object(Bucket=house.REPORTS, Key=found["Key"])
    s3.delete_bucket(Bucket=house.REPORTS)
