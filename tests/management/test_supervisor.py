"""Programs that end, and are started again."""

from pathlib import Path

from jobs.management.children import Child
from jobs.management.supervisor import Supervisor


def test_program_that_can_not_be_started_again_is_said_and_does_not_end_the_others(
    tmp_path: Path,
) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "can not be started" in line:
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
    assert said[1].startswith("odd can not be started")
