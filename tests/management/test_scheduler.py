"""The scheduler, as a real process and alone."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from jobs import background
from jobs.management.children import Child
from jobs.management.commands import scheduler
from tests.hints import turns_asked_for
from tests.make import make_job
from tests.servers import eventually


def test_scheduler_hints_at_a_forgotten_job_and_stops_at_once(
    redis: Any, start_process: Callable[..., Child]
) -> None:
    make_job(status="New")
    child = start_process("scheduler")
    eventually(lambda: turns_asked_for() == 1)
    assert child.process
    child.process.terminate()
    assert child.process.wait(30) == 0


def test_scheduler_when_the_database_is_away_tries_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(background, "sweep", fail)
    monkeypatch.setattr(scheduler.connections, "close_all", lambda: None)
    with caplog.at_level(logging.ERROR):
        scheduler.patiently(background.sweep)
    assert "the next one tries again" in caplog.text
