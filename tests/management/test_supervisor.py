"""Programs that end, and are started again."""

import sys
from pathlib import Path

import pytest

from jobs.management import supervisor as supervising
from jobs.management.children import Child
from jobs.management.supervisor import StartError, Supervisor


def test_program_that_cannot_be_started_again_is_said_and_does_not_end_the_others(
    tmp_path: Path,
) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "cannot be started" in line:
            supervisor._note_signal(0, None)

    supervisor = Supervisor(say)
    script, other = tmp_path / "script", Child("other", ["sleep", "600"], None, tmp_path)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o700)
    child = Child("odd", [str(script)], None, tmp_path)
    try:
        supervisor.start([other, child])
        assert child.process
        child.process.wait()
        script.unlink()
        supervisor.watch()
        assert other.runs
    finally:
        supervisor.stop()
    assert said[0].startswith("odd ended; starting it again")
    assert said[1].startswith("odd cannot be started")


def script(tmp_path: Path, code: str) -> Child:
    command = [sys.executable, "-u", "-c", code]
    return Child("web", command, tmp_path / "web.log", tmp_path, port=1)


def test_start_that_ends_is_told_with_its_last_lines_and_not_those_of_earlier_starts(
    tmp_path: Path,
) -> None:
    child, supervisor = script(tmp_path, "raise SystemExit('no room')"), Supervisor(lambda _: None)
    (tmp_path / "web.log").write_text("of yesterday\n")
    supervisor.start([child])
    with pytest.raises(StartError) as caught:
        supervisor.wait_until_answers(child, without_progress_s=60, at_most_s=60)
    assert "web ended while it started (exit status 1). Its last lines:\n  no room" in str(
        caught.value
    )
    assert "of yesterday" not in str(caught.value)


def test_start_without_progress_gives_up(tmp_path: Path) -> None:
    child, supervisor = script(tmp_path, "import time; time.sleep(600)"), Supervisor(lambda _: None)
    supervisor.start([child])
    try:
        with pytest.raises(StartError, match="nothing moved for 1 s"):
            supervisor.wait_until_answers(child, without_progress_s=1, at_most_s=60)
    finally:
        supervisor.stop()


def test_start_that_spins_for_ever_gives_up(tmp_path: Path) -> None:
    child = script(tmp_path, "print('spinning')\nwhile True: pass")
    supervisor = Supervisor(lambda _: None)
    supervisor.start([child])
    try:
        with pytest.raises(StartError, match="no answer within 1 s"):
            supervisor.wait_until_answers(child, without_progress_s=60, at_most_s=1)
    finally:
        supervisor.stop()


def test_start_is_waited_for_while_it_does_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, looks = script(tmp_path, "import time; time.sleep(600)"), iter(range(100))
    moments = (60.0 * n for n in range(1000))  # each look a minute after the one before
    supervisor = Supervisor(said := [].append)  # type: ignore[var-annotated]
    supervisor.start([child])
    with monkeypatch.context() as patched:
        patched.setattr(Child, "work_done", lambda _: (float(next(looks)), 0))
        patched.setattr(supervising, "answers", lambda *_: next(looks) > 20)
        patched.setattr(supervising.time, "monotonic", lambda: next(moments))
        patched.setattr(supervising.time, "sleep", lambda _: None)
        supervisor.wait_until_answers(child, without_progress_s=150, at_most_s=10**6)
    assert said
    supervisor.stop()


def test_part_that_does_not_start_ends_no_other_and_is_tried_again(tmp_path: Path) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if sum("ended while it started" in one for one in said) == 2:
            assert other.runs
            supervisor._note_signal(0, None)

    supervisor = Supervisor(say)
    child, other = (
        script(tmp_path, "raise SystemExit('odd')"),
        Child("other", ["sleep", "600"], None, tmp_path),
    )
    try:
        supervisor.start([other, child])
        supervisor.bring_up(child, without_progress_s=60, at_most_s=60)
    finally:
        supervisor.stop()
    assert "Stopping ..." in said
