"""Starts on folders that cannot be used: one sentence, exit status 2, no traceback."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from jobs.management import installation
from jobs.management.installation import RefusedError
from tests.management.installations import environment
from tests.requirements import unavailable
from tests.servers import free_port

Run = Callable[..., "subprocess.CompletedProcess[str]"]
STARTS = ["up", "up --demo", "up --only web", "up --only worker", "setup"]


@pytest.fixture
def run() -> Run:
    """Runs manage.py as an account that may not do everything, which root may."""
    as_root = os.geteuid() == 0
    if as_root and not shutil.which("setpriv"):
        unavailable("setpriv: root can write everywhere")
    limits = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if as_root else []

    def run(command: str, folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*limits, sys.executable, "manage.py", *command.split()],
            cwd=settings.BASE_DIR,
            env=environment(folder, free_port()) | more,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Callable[[Path, int], Path]]:
    """Makes a folder with a mode, which belongs to nobody else than root's tests need."""
    made: list[Path] = []

    def make(path: Path, mode: int) -> Path:
        path.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
        path.chmod(mode)
        made.append(path)
        return path

    yield make
    for path in made:
        path.chmod(0o700)


def check_refused(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert all(word in lines[0] for word in words), lines[0]


@pytest.mark.parametrize("command", STARTS)
def test_data_folder_that_may_not_be_written_to_is_refused(
    run: Run, closed_folder: Callable[[Path, int], Path], tmp_path: Path, command: str
) -> None:
    folder = closed_folder(tmp_path / "data", 0o555)
    check_refused(
        run(command, folder), str(folder), "Permission denied", "Set DATA_DIR to a folder"
    )


@pytest.mark.parametrize("command", ["up", "setup", "up --only worker"])
def test_data_folder_that_may_not_even_be_looked_into_is_refused(
    run: Run, closed_folder: Callable[[Path, int], Path], tmp_path: Path, command: str
) -> None:
    folder = closed_folder(tmp_path / "closed", 0) / "data"
    check_refused(run(command, folder), "Permission denied", "Set DATA_DIR to a folder")


def test_data_folder_with_a_long_path_that_may_not_be_written_to_is_refused(
    run: Run, closed_folder: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    folder = closed_folder(tmp_path / ("long" * 30), 0o555)
    check_refused(run("up", folder), "Permission denied", "Set DATA_DIR to a folder")


@pytest.mark.parametrize("name", ["logs", "redis"])
def test_folder_of_ours_that_may_not_be_written_to_is_refused(
    run: Run, closed_folder: Callable[[Path, int], Path], tmp_path: Path, name: str
) -> None:
    inner = closed_folder(tmp_path / "data" / name, 0o500)
    (tmp_path / "data").chmod(0o700)
    done = run("up", tmp_path / "data")
    check_refused(done, str(inner), "Set DATA_DIR to a folder")


@pytest.mark.parametrize("command", ["up", "setup"])
def test_work_folder_that_may_not_be_written_to_is_refused(
    run: Run, closed_folder: Callable[[Path, int], Path], tmp_path: Path, command: str
) -> None:
    work = closed_folder(tmp_path / "elsewhere", 0o500)
    done = run(command, tmp_path / "data", WORK_DIR=str(work))
    check_refused(done, str(work), "Set WORK_DIR to a folder")


def test_folder_that_can_be_written_to_is_made_for_this_account_alone(tmp_path: Path) -> None:
    installation.check_writable(tmp_path / "new", "WORK_DIR")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "new").iterdir()) == []


def test_folder_that_is_a_file_is_refused_by_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match="Set WORK_DIR to a folder"):
        installation.check_writable(tmp_path / "file", "WORK_DIR")
