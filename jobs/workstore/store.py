"""Work storage: prepared lists and results of chunks, in a folder (docs/engine.md, Work storage).

Names are relative POSIX paths ("12/rows/000001.seg"). A prefix is a whole path or folder: "12"
means everything under 12/, never 123/.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from jobs.errors import WorkStoreError, WorkStoreFullError, WorkStoreLostError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def never() -> bool:
    """For `stop`: there is time enough."""
    return False


class WorkStore(Protocol):
    """Where workers keep what is too much for the database. Every method raises WorkStoreError, and
    WorkStoreLostError for what was there and is not any more.
    """

    def put(self, name: str, data: bytes) -> None:
        """All of `data` or nothing, and still there after a power cut; overwrites."""

    def read(self, name: str) -> bytes: ...

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from byte `offset` on."""

    def size(self, name: str) -> int:
        """In bytes."""

    def free_bytes(self) -> int | None:
        """How many may still be put; None where that cannot be told. Costs next to nothing."""

    def list(self, prefix: str) -> Iterator[str]:
        """Names under the prefix, sorted as their UTF-8 bytes are; "" lists everything."""

    def delete(self, prefix: str, *, stop: Callable[[], bool] = never) -> bool:
        """Everything under the prefix; nothing there is no error. Refuses an empty prefix.

        `stop` is asked every now and then: False when it said yes before all was gone.
        """


class FolderStore:
    """A folder on a local disk, made when first written to."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        path = self._path(name)
        with in_our_words(name):
            _make_folder(path.parent)
            _write_beside(path, data)
            _sync_folder(path.parent)

    def read(self, name: str) -> bytes:
        path = self._path(name)
        with in_our_words(name):
            return path.read_bytes()

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise ValueError(f"a range cannot begin at {offset} or have {length} bytes")
        path = self._path(name)
        with in_our_words(name), path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
        if len(data) != length:
            raise WorkStoreLostError(
                f"{name} in the work storage ends at byte {offset + len(data)}, but is needed up to"
                f" byte {offset + length}: it was cut short."
            )
        return data

    def size(self, name: str) -> int:
        path = self._path(name)
        with in_our_words(name):
            return path.stat().st_size

    def free_bytes(self) -> int | None:
        with suppress(OSError):
            disk = os.statvfs(self._root)
            return disk.f_bavail * disk.f_frsize
        return None  # the folder is not made yet

    def list(self, prefix: str) -> Iterator[str]:
        folder = prefix.removesuffix("/")
        path = self._path(folder) if folder else self._root
        with in_our_words(prefix):
            if path.is_file():
                yield path.relative_to(self._root).as_posix()
                return
            for file in _files(path):
                yield file.relative_to(self._root).as_posix()

    def delete(self, prefix: str, *, stop: Callable[[], bool] = never) -> bool:
        path = self._root.joinpath(checked_folder(prefix))
        with in_our_words(prefix):
            return _remove(path, stop)

    def _path(self, name: str) -> Path:
        return self._root.joinpath(checked_name(name))


def checked_name(name: str) -> str:
    """`name` again. Raises ValueError when it leads elsewhere."""
    parts = name.split("/")
    if any(not part or part.startswith(".") or "\0" in part for part in parts):
        raise ValueError(f"not a name for work storage: {name!r}")
    return name


def checked_folder(prefix: str) -> str:
    """What a prefix to delete names, without a slash at its end. Raises ValueError for nothing."""
    if not prefix.strip("/"):
        raise ValueError("deleting everything needs more than an empty prefix")
    return checked_name(prefix.removesuffix("/"))


@contextmanager
def in_our_words(name: str) -> Iterator[None]:
    """OSError as WorkStoreError, with a sentence for the person who looks after the machine."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise WorkStoreFullError(
                "The disk of the work storage is full. Free some space: the job then goes on."
            ) from error
        if error.errno == errno.ENOENT:
            raise WorkStoreLostError(
                f"{name} is not in the work storage: it was removed, or this worker uses another"
                " data folder than the one that wrote it."
            ) from error
        # A disk that cannot read a file once will not read it later.
        kind = WorkStoreLostError if error.errno == errno.EIO else WorkStoreError
        raise kind(
            f"The work storage cannot be used at {name}: {error.strerror or error}."
        ) from error


def _write_beside(path: Path, data: bytes) -> None:
    """Through a file in the same folder, so that a reader sees the old content or the new one."""
    temporary = path.with_name(f".part-{os.urandom(8).hex()}")
    descriptor = os.open(temporary, _NEW, 0o600)
    try:
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _make_folder(folder: Path) -> None:
    """With its parents, each one's entry on disk before anything is put into it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path) -> Iterator[Path]:
    """Finished files only; what vanishes meanwhile is passed over."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in sorted(entries, key=_as_listed):
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        else:
            yield Path(entry.path)


def _as_listed(entry: os.DirEntry[str]) -> bytes:
    """A folder sorts as its files do, whose names go on with a slash."""
    return os.fsencode(entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name)


def _remove(path: Path, stop: Callable[[], bool]) -> bool:
    """A file, or a folder with its unfinished files; a folder that is being filled again stays."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return True
    # One entry after the other: a list of a million names would be large.
    with suppress(FileNotFoundError), os.scandir(path) as entries:
        for entry in entries:
            # Asked afterwards: however short the time, something goes.
            if not _remove(Path(entry.path), stop) or stop():
                return False
    with suppress(FileNotFoundError, OSError):
        path.rmdir()
    return True
