"""The worker class, as a real process."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from rq import Queue

from jobs.management import children
from jobs.management.children import Child
from tests.servers import eventually


def _busy_worker(
    call: str, redis: Any, start_worker: Callable[..., Child], folder: Path
) -> tuple[Child, psutil.Process]:
    """A worker in the middle of `tests.calls.<call>`, and the process that it forked for it."""
    Queue("run", connection=redis).enqueue(f"tests.calls.{call}", str(folder), job_timeout=-1)
    worker = start_worker("run")
    eventually((folder / "started").exists)
    assert worker.process
    (horse,) = psutil.Process(worker.process.pid).children()
    return worker, horse


def test_worker_when_it_is_told_to_stop_lets_the_running_call_hand_back(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    worker, horse = _busy_worker("work_until_stopped", redis, start_worker, tmp_path)
    assert worker.process
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(60) == 0
    assert (tmp_path / "handed-back").exists()
    assert not horse.is_running()
    assert Queue("run", connection=redis).failed_job_registry.count == 0


def test_worker_when_its_call_ignores_the_stop_is_killed_together_with_it(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    worker, horse = _busy_worker("never_stop", redis, start_worker, tmp_path)
    children.stop([worker], grace_s=1.2)
    assert not worker.runs
    eventually(lambda: not horse.is_running())
    assert not (tmp_path / "ended").exists()


def test_garbage_collection_in_a_call_leaves_alone_what_the_worker_had_imported(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    Queue("run", connection=redis).enqueue("tests.calls.count_collectable", str(tmp_path))
    start_worker("run")
    eventually((tmp_path / "counted").exists)
    looked_at, left_alone = map(int, (tmp_path / "counted").read_text().split())
    assert left_alone > 100_000
    assert looked_at < left_alone / 5
