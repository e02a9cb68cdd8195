"""The stub S3 server of a run, on ports from S3STUB_BASE on."""

import contextlib
import os
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import machine, tools

DEFAULT_BASE = 9900
COUNTING = 200
"""How far above its base the ports of the second stub lie, the one that counts what it answers."""

SPAN = 400
PORTS = (0, 5, 20, 43, 50, 100, 101)

LIMIT_PER_S = 2000


@dataclass(frozen=True, slots=True)
class Stub:
    """`log` has a line `method arguments status` for each answer, or is None."""

    base: int
    folder: Path
    log: Path | None = None

    def url(self, offset: int = 0) -> str:
        scheme = "https" if offset == 43 else "http"
        return f"{scheme}://127.0.0.1:{self.base + offset}"

    @property
    def files(self) -> Path:
        """What it serves as bucket `files`."""
        return self.folder / "files"

    @property
    def certificate(self) -> Path:
        return self.folder / "c.pem"

    def answers(self, *methods: str) -> Counter[str]:
        """How many answers of each status it gave to these methods."""
        counted: Counter[str] = Counter()
        if self.log and self.log.exists():
            with self.log.open() as lines:
                for line in lines:
                    method, _, rest = line.partition(" ")
                    if method in methods:
                        counted[rest.rsplit(None, 1)[-1]] += 1
        return counted


@cache
def base() -> int:
    """S3STUB_BASE, or the first base from 9900 on above which nobody listens."""
    given = os.environ.get("S3STUB_BASE")
    if given:
        return int(given)
    return next(base for base in range(DEFAULT_BASE, 32_000, SPAN) if _is_free(base))


def _is_free(base: int) -> bool:
    for port in (base + offset + above for offset in PORTS for above in (0, COUNTING)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return True


@contextlib.contextmanager
def running(folder: Path, *, counting: bool = False) -> Iterator[Stub]:
    """One on the stub's core, until the block ends. Raises tools.MissingError."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "answers.log" if counting else None
    if log:
        log.unlink(missing_ok=True)
    stub = Stub(base() + (COUNTING if counting else 0), folder, log)
    environment = os.environ | {
        "S3STUB_BASE": str(stub.base),
        "S3STUB_RUN": str(folder),
        "S3STUB_DEB": str(tools.stub_packages()),
        "S3STUB_AFFINITY": "1" + "0" * machine.cores().stub,
        "S3STUB_LOG": f"{log} m" if log else "off",
    }
    script = str(tools.stub_folder() / "stub.sh")
    _do(script, "start", environment)
    try:
        yield stub
    finally:
        _do(script, "stop", environment)
        _await_end(folder / "nginx.pid")


def _do(script: str, verb: str, environment: dict[str, str]) -> None:
    done = subprocess.run(["bash", script, verb], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise tools.MissingError(f"The stub did not {verb}: {done.stderr.strip()[-300:]}")


def _await_end(pid_file: Path) -> None:
    until_s = time.monotonic() + 10
    while pid_file.exists() and time.monotonic() < until_s:
        time.sleep(0.05)
