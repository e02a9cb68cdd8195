"""The worker class, as a real process."""

import json
import os
import pickle
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from rq import Queue
from rq.job import Job as Message
from rq.serializers import JSONSerializer

from jobs import orphans, queueing
from jobs.management import children
from jobs.management.children import Child
from tests.servers import eventually

CALLING = "tests.calls.CallingWorker"


def _queue(redis: Any) -> Queue:
    return Queue("run", connection=redis, serializer=JSONSerializer)


def _busy_worker(
    call: str, redis: Any, start_worker: Callable[..., Child], folder: Path
) -> tuple[Child, psutil.Process]:
    """A worker in the middle of `tests.calls.<call>`, and the process that it forked for it."""
    _queue(redis).enqueue(f"tests.calls.{call}", str(folder), job_timeout=-1)
    worker = start_worker("run", worker_class=CALLING)
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
    assert _queue(redis).failed_job_registry.count == 0


def test_worker_when_its_call_ignores_the_stop_is_killed_together_with_it(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    worker, horse = _busy_worker("never_stop", redis, start_worker, tmp_path)
    children.stop([worker], grace_s=1.2)
    assert not worker.runs
    eventually(lambda: not horse.is_running())
    assert not (tmp_path / "ended").exists()


def test_call_of_a_killed_worker_hands_back_and_ends_with_it(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    worker, horse = _busy_worker("work_until_stopped", redis, start_worker, tmp_path)
    assert worker.process
    worker.process.kill()
    eventually(lambda: not alive(horse), within_s=20)
    assert (tmp_path / "handed-back").exists()


def test_call_that_ignores_the_death_of_its_worker_is_killed(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    worker, horse = _busy_worker("never_stop", redis, start_worker, tmp_path)
    assert worker.process
    worker.process.kill()
    eventually(lambda: not alive(horse), within_s=20)
    assert not (tmp_path / "ended").exists()


def test_process_ends_with_its_parent_also_where_the_kernel_does_not_tell_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(orphans.os, "getppid", lambda: 1)
    monkeypatch.setattr(orphans.os, "kill", lambda _pid, number: sent.append(number))
    monkeypatch.setattr(orphans.time, "sleep", lambda _s: None)
    orphans._watch(parent_pid=4711)
    assert sent == [signal.SIGTERM, signal.SIGKILL]
    assert orphans.LOOK_S + orphans.GRACE_S < 2


def alive(process: psutil.Process) -> bool:
    """Nobody may be there to collect it."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _seen_of(worker: Child) -> queueing.Seen:
    assert worker.process
    (seen,) = [one for one in queueing.workers_seen() if one.pid == worker.process.pid]
    return seen


def test_idle_worker_is_heard_of_again_and_again_and_silent_when_it_is_frozen(
    redis: Any, start_worker: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start_worker("run")
    assert worker.process
    assert _seen_of(worker).queue == "run"
    eventually(lambda: _seen_of(worker).silent_s > queueing.BEAT_S / 2)
    eventually(lambda: _seen_of(worker).silent_s < queueing.BEAT_S / 2)
    worker.process.send_signal(signal.SIGSTOP)
    try:
        monkeypatch.setattr(queueing, "HEARD_S", 2 * queueing.BEAT_S)
        eventually(lambda: not _seen_of(worker).is_heard)
        assert queueing.workers_of("run") == 0
    finally:
        worker.process.send_signal(signal.SIGCONT)
    eventually(lambda: _seen_of(worker).is_heard)


def test_busy_worker_is_heard_of_and_tells_its_call_and_is_silent_when_that_is_frozen(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    worker, horse = _busy_worker("work_until_stopped", redis, start_worker, tmp_path)
    eventually(lambda: _seen_of(worker).call_pid == horse.pid)
    eventually(lambda: _seen_of(worker).silent_s > queueing.BEAT_S / 2)
    eventually(lambda: _seen_of(worker).silent_s < queueing.BEAT_S / 2)
    horse.suspend()
    try:
        eventually(lambda: _seen_of(worker).silent_s > 2 * queueing.BEAT_S)
    finally:
        horse.resume()
    eventually(lambda: _seen_of(worker).is_heard)


def test_garbage_collection_in_a_call_leaves_alone_what_the_worker_had_imported(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    _queue(redis).enqueue("tests.calls.count_collectable", str(tmp_path))
    start_worker("run", worker_class=CALLING)
    eventually((tmp_path / "counted").exists)
    looked_at, left_alone = map(int, (tmp_path / "counted").read_text().split())
    assert left_alone > 100_000
    assert looked_at < left_alone / 5


def _is_dropped(message: Message, redis: Any, start_worker: Callable[..., Child]) -> bool:
    """Whether a real worker takes it, and goes on to what comes after it."""
    start_worker("run")
    eventually(lambda: not redis.exists(message.key))
    queueing.call_runners()
    eventually(lambda: not _queue(redis).count)
    left = redis.lrange(_queue(redis).intermediate_queue_key, 0, -1)
    return message.id.encode() not in left and _queue(redis).failed_job_registry.count == 0


@pytest.mark.django_db(transaction=True)
def test_message_that_an_older_version_pickled_is_dropped_without_being_read(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    message = Queue("run", connection=redis).enqueue("jobs.background.run_chunks")
    redis.hset(message.key, "data", zlib.compress(pickle.dumps(_Touch(tmp_path / "read"))))
    assert _is_dropped(message, redis, start_worker)
    assert not (tmp_path / "read").exists()


@pytest.mark.django_db(transaction=True)
def test_message_that_names_a_function_which_is_none_of_ours_is_dropped(
    redis: Any, start_worker: Callable[..., Child], tmp_path: Path
) -> None:
    message = _queue(redis).enqueue("os.mkdir", str(tmp_path / "made"))
    assert _is_dropped(message, redis, start_worker)
    assert not (tmp_path / "made").exists()


class _Touch:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.django_db(transaction=True)
def test_messages_are_json(redis: Any) -> None:
    queueing.call("make_retry_list", "some-id")
    (message,) = _waiting(redis)
    said = json.loads(zlib.decompress(redis.hget(message, "data")))
    assert said == ["jobs.background.make_retry_list", None, ["some-id"], {}]


def _waiting(redis: Any) -> list[bytes]:
    return [b"rq:job:" + name for name in redis.lrange("rq:queue:control", 0, -1)]


def test_worker_carries_nothing_that_only_lists_or_sign_in_need():
    """Each takes megabytes, in every worker; what reads a list imports it with the first of its kind."""
    code = (
        "import django; django.setup(); import sys, jobs.background, jobs.worker;"
        " print(*{'numpy', 're2', 'pyarrow', 'duckdb', 'isal', 'authlib', 'segno', 'requests'}"
        " & set(sys.modules))"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "batchconsole.settings", "DATABASE_URL": "sqlite://"}
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == ""
