"""Runs a program on one core and says what it took."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.memory import watched


class ProgramFailedError(Exception):
    """A measured program did not end well; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Run:
    """`cpu_s` is user and system time of the program and the children that it waited for."""

    wall_s: float
    cpu_s: float
    pss_mb: float
    output: str

    @property
    def said(self) -> dict[str, Any]:
        """The JSON object in the last line of its output."""
        found: dict[str, Any] = json.loads(self.output.strip().splitlines()[-1])
        return found


def run(
    command: Sequence[str], *, core: int | None = None, environment: Mapping[str, str] | None = None
) -> Run:
    """Raises ProgramFailedError."""
    core = machine.cores().client if core is None else core
    with tempfile.TemporaryFile() as output:
        began_s = time.monotonic()
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with watched(process.pid) as watch:
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.monotonic() - began_s
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise ProgramFailedError(f"{' '.join(command)[:200]} ended with {status}: {text[-2000:]}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, watch.total_mb, text)


def python(module: str, *arguments: object, **environment: str) -> Run:
    """A module of bench/, in a process of its own on the client's core."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return run(command, environment=environment)
