"""Whole installations for tests, started as a person starts them, on ports and folders of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.conf import settings

from tests.servers import eventually, free_port


@dataclass
class Installation:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.out").read_text()

    def processes(self) -> list[psutil.Process]:
        """Everything that runs on this data folder, whoever started it."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            mine = process.environ().get("DATA_DIR") == str(self.folder)
            return mine and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def manage(
        self, *arguments: str, port: int | None = None, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment(self.folder, port or self.port) | more,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def shell(self, code: str, **more: str) -> str:
        done = self.manage("shell", "-v0", "-c", code, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def end(self) -> None:
        for process in self.processes():
            process.kill()
        self.process.wait()


def environment(folder: Path, port: int) -> dict[str, str]:
    """That of a person who set nothing else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"DATA_DIR": str(folder), "PORT": str(port)}


def start(folder: Path, *arguments: str, **more: str) -> Installation:
    port = free_port()
    with (folder.parent / f"{folder.name}.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments],
            cwd=settings.BASE_DIR,
            env=environment(folder, port) | more,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    installation = Installation(folder, port, process)
    try:
        eventually(
            lambda: "Ctrl-C" in installation.said or process.poll() is not None, within_s=120
        )
        assert process.poll() is None, installation.said
    except BaseException:
        installation.end()
        raise
    return installation
