"""Parts that start before what they need is there."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from django.conf import settings as project
from redis import Redis
from rq import Worker

from jobs.management import supervisor as supervising
from jobs.management import waiting
from jobs.management.children import Child
from jobs.management.installation import answers
from jobs.management.supervisor import Supervisor
from tests.management.installations import Installation, environment
from tests.servers import eventually, free_port, redis_running

Start = Callable[..., Installation]


@pytest.mark.django_db
def test_nothing_is_missing_for_pages_on_a_database_that_is_set_up() -> None:
    assert waiting.what_is_missing(["web", "scheduler"]) == ""


@pytest.mark.django_db
def test_database_of_another_version_is_missing_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting.MigrationExecutor, "migration_plan", lambda *_: ["one"])
    assert waiting.what_is_missing(["web"]) == waiting.NOT_SET_UP


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["worker", "control"])
def test_redis_that_does_not_answer_is_missing_without_its_password(
    settings: Any, part: str
) -> None:
    url = "redis://:hidden@127.0.0.1:1/0"
    settings.REDIS_URL = url
    settings.RQ_QUEUES = {"run": {"URL": url}}
    sentence = waiting.what_is_missing([part])
    assert sentence.startswith("Redis does not answer (") and "127.0.0.1:1" in sentence
    assert "hidden" not in sentence


def test_waiting_says_what_for_at_once_and_whenever_that_changes_and_now_and_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []
    moments = (10.0 * n for n in range(10_000))  # each look ten seconds after the one before
    sentences = iter(["No database.", *["No Redis."] * 10, ""])
    supervisor = Supervisor(said.append)
    supervisor.start([Child("other", ["sleep", "600"], None, tmp_path)])
    with monkeypatch.context() as patched:
        patched.setattr(supervising.time, "monotonic", lambda: next(moments))
        patched.setattr(supervising.time, "sleep", lambda _: None)
        supervisor.wait_while(lambda: next(sentences))
    supervisor.stop()
    assert said[0] == "No database. Waiting for that."
    assert said[1] == "No Redis. Waiting for that."
    assert said[2].startswith("  Still waiting, after ") and said[2].endswith(" s. No Redis.")
    assert said[-1] == "That is there now."
    assert 3 < len(said) < 12


def test_waiting_ends_with_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(said := [].append)  # type: ignore[var-annotated]

    def missing() -> str:
        supervisor._note_signal(signal.SIGTERM, None)
        return "No database."

    supervisor.wait_while(missing)
    assert said and supervisor.stopping


@pytest.fixture
def start_parts(tmp_path: Path) -> Iterator[Start]:
    """Starts `manage.py up --only ...` on the data folder `data`; ends it after the test."""
    started: list[Installation] = []

    def start(*parts: str, **more: str) -> Installation:
        folder, port = tmp_path / "data", free_port()
        folder.mkdir(mode=0o700)
        arguments = [word for part in parts for word in ("--only", part)]
        with (tmp_path / "data.out").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *arguments],
                cwd=project.BASE_DIR,
                env=environment(folder, port) | more,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(Installation(folder, port, process))
        return started[-1]

    yield start
    for installation in started:
        installation.end()


@pytest.mark.house
def test_worker_waits_for_its_database_and_then_for_redis_and_then_works(
    start_parts: Start,
) -> None:
    parts = start_parts("worker", WORKERS="1")
    eventually(lambda: f"{waiting.NOT_SET_UP} Waiting for that." in parts.said)
    assert parts.manage("setup").returncode == 0
    eventually(lambda: "Redis does not answer (" in parts.said)
    assert "REDIS_URL is not set." in parts.said
    with redis_running(parts.folder / "redis", parts.folder / "redis.sock") as url:
        client = Redis.from_url(url)
        eventually(lambda: Worker.count(connection=client) == 1)
        assert "That is there now." in parts.said
        assert "starting it again" not in parts.said
        parts.process.terminate()
        assert parts.process.wait(60) == 0


@pytest.mark.house
def test_web_server_answers_probes_while_it_waits_and_pages_after_the_set_up(
    start_parts: Start,
) -> None:
    parts = start_parts("web")
    address = f"http://127.0.0.1:{parts.port}"
    eventually(lambda: answers("127.0.0.1", parts.port))
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{address}/readyz")
    assert caught.value.code == 503
    assert waiting.NOT_SET_UP in parts.said
    assert parts.manage("setup").returncode == 0
    eventually(lambda: "That is there now." in parts.said)

    def page() -> bytes:
        try:
            return bytes(urlopen(f"{address}/sign-in/").read())
        except OSError:  # it starts once more
            return b""

    assert b"Sign in" in eventually(page)


@pytest.mark.house
def test_waiting_part_ends_when_it_is_told_to(start_parts: Start) -> None:
    url = "postgres://someone:hidden@127.0.0.1:1/nothing"
    parts = start_parts("scheduler", DATABASE_URL=url)
    eventually(lambda: "The database at 127.0.0.1:1 does not answer (" in parts.said)
    os.kill(parts.process.pid, signal.SIGTERM)
    assert parts.process.wait(60) == 0
    assert "hidden" not in parts.said and "Traceback" not in parts.said
