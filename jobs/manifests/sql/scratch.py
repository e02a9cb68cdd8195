"""A private folder on the local disk for the files that a filter's SQL reads, with a quota."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from jobs.errors import ManifestError, WorkStoreFullError
from jobs.manifests.problems import INVALID_CONTENT
from jobs.workstore.store import in_our_words

KEPT_S = 24 * 3600.0
"""What nobody came back for goes after so long."""

_LOCK = ".lock"
_PART = ".part-"


class Scratch:
    """Files by their names; a name is there only when its file is whole."""

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self.folder = folder
        self._quota_bytes = quota_bytes
        self._used_bytes = sum(entry.stat().st_size for entry in os.scandir(folder))

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    @contextlib.contextmanager
    def new(self, name: str) -> Iterator["NewFile"]:
        """To be written; it gets its name at the end, and is gone when something is raised."""
        part = self.folder / f"{_PART}{name}"
        with in_our_words("A filter's file"):
            file = part.open("wb")
        before = self._used_bytes
        try:
            with file:
                yield NewFile(self, file)
            part.rename(self.folder / name)
        except BaseException:
            self._used_bytes = before
            part.unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> None:
        path = self.folder / name
        with contextlib.suppress(FileNotFoundError):
            self._used_bytes -= path.stat().st_size
            path.unlink()

    def count(self, size_bytes: int) -> None:
        """Raises ManifestError where so much more is too much."""
        self._used_bytes += size_bytes
        if self._used_bytes > self._quota_bytes:
            raise ManifestError(
                INVALID_CONTENT,
                "The SQL filter needs more than the"
                f" {self._quota_bytes / 1024**3:,.3g} GiB of disk that a filter may use. Filter with"
                " WHERE alone, without sorting, grouping or joining: such a list is read in parts.",
            )


class NewFile:
    def __init__(self, scratch: Scratch, file: IO[bytes]) -> None:
        self._scratch = scratch
        self._file = file

    def write(self, data: bytes) -> None:
        self._scratch.count(len(data))
        try:
            self._file.write(data)
        except OSError as error:
            raise WorkStoreFullError(
                "The disk that SQL filters use is full. Free some space: the job then goes on."
            ) from error


@contextlib.contextmanager
def private(root: Path, quota_bytes: int) -> Iterator[Scratch]:
    """A folder of one's own, gone afterwards."""
    root = _made(root)
    clear_old(root)
    folder = Path(tempfile.mkdtemp(prefix="once-", dir=root))
    try:
        yield Scratch(folder, quota_bytes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def kept(root: Path, name: str, quota_bytes: int) -> Iterator[Scratch]:
    """A folder that stays for whoever goes on with the same on this machine, until `finish`. One of
    one's own while another process is in it.
    """
    root = _made(root)
    clear_old(root)
    folder = root / name
    folder.mkdir(mode=0o700, exist_ok=True)
    os.utime(folder)
    with (folder / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with private(root, quota_bytes) as own:
                yield own
            return
        for part in folder.glob(f"{_PART}*"):
            part.unlink(missing_ok=True)
        yield Scratch(folder, quota_bytes)


def finish(scratch: Scratch) -> None:
    """Nobody goes on with it."""
    shutil.rmtree(scratch.folder, ignore_errors=True)


def clear_old(root: Path) -> None:
    with contextlib.suppress(FileNotFoundError), os.scandir(root) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - entry.stat().st_mtime > KEPT_S:
                    shutil.rmtree(entry.path, ignore_errors=True)


def _made(root: Path) -> Path:
    """As a whole path: who reads there works in another folder."""
    with in_our_words("The folder of SQL filters"):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return root.resolve()
