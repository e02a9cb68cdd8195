"""Parquet and ORC files of an inventory: stored for a while, checked, decoded by a process of its own.

The file is stored first, since its MD5 is that of all its bytes, while a decoder begins at its end; to read
it in ranges would be to read it twice. What decodes it is a child, `columnar_child.py`, as a file may ask
for any memory, and may find a fault of the decoder: the child has a limit, and neither our environment nor
a way to the network or into files that it was not given. What it writes is checked as any text is.
"""

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from jobs.errors import StoppedError, WorkStoreFullError
from jobs.manifests.inventory.cutting import Batch, batch_of
from jobs.manifests.inventory.data_files import pieces_of
from jobs.manifests.inventory.manifest_json import DataFile, Inventory
from jobs.manifests.inventory.quick_rows import layout_of_tasks
from jobs.manifests.inventory.sentences import wrong_file
from jobs.manifests.layout import Layout
from jobs.manifests.lines import MAX_LINE_BYTES
from jobs.manifests.plain_text import Places, PlainText, look_at
from jobs.manifests.problems import RowFaultError, at_line
from jobs.manifests.rows import read_row
from jobs.manifests.source import Reading
from jobs.orphans import end_with_parent

MOST_FILE_BYTES = 16 * 1024**3
"""S3 makes files of less than 1 GiB."""

SPARE_BYTES = 256 * 1024**2
"""Of the temporary folder's disk, which others need."""

MOST_MEMORY_BYTES = 2 * 1024**3
"""Address space of the child; what an ordinary file takes of it is a tenth."""

PATIENCE_S = 300.0
"""For rows that do not come: a file that is worth nothing can be made to be decoded for ever."""

MOST_HEAD_BYTES = 4096
MOST_TEXT_BYTES = 256 * 1024**2
_LOOK_MS = 500
_PIPE_BYTES = 1024 * 1024
_AS_PARQUET = "ORC as Parquet"
_CHILD = Path(__file__).with_name("columnar_child.py")


def batches(
    file: DataFile, inventory: Inventory, reading: Reading, first_line: int
) -> Iterator[Batch]:
    """The rows from `first_line` on; lines are rows. Raises as `data_files.pieces_of` does."""
    with tempfile.TemporaryFile(prefix="inventory-") as stored:
        _store(file, inventory.bucket, reading, stored)
        keeps_all = reading.takes_delete_markers
        with _child(inventory.file_format, stored, first_line, keeps_all) as output:
            layout = layout_of_tasks(inventory.columns)
            for head, text, kept in _frames(output, file, reading):
                yield _batch(head, text, kept, layout)


def as_parquet(file: DataFile, bucket: str, reading: Reading) -> Iterator[bytes]:
    """An ORC file as one of Parquet, piece by piece. Raises as `batches` does."""
    with tempfile.TemporaryFile(prefix="inventory-") as stored:
        _store(file, bucket, reading, stored)
        with _child(_AS_PARQUET, stored, 1, True) as output:
            for _, piece, _ in _frames(output, file, reading):
                yield piece


def _store(file: DataFile, bucket: str, reading: Reading, stored: IO[bytes]) -> None:
    if file.size_bytes > MOST_FILE_BYTES:
        raise wrong_file(
            file.key,
            f"has {file.size_bytes:,} bytes, and at most {MOST_FILE_BYTES:,} are read.",
            "Have the inventory delivered as CSV.",
        )
    free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    if free_bytes < file.size_bytes + SPARE_BYTES:
        raise WorkStoreFullError(
            f"The temporary folder {tempfile.gettempdir()} has no room for the inventory's file"
            f" {file.key} ({file.size_bytes:,} bytes)."
        )
    for piece in pieces_of(file, bucket, reading):
        stored.write(piece)
    stored.flush()
    stored.seek(0)


@contextlib.contextmanager
def _child(
    file_format: str, stored: IO[bytes], first_line: int, keeps_all: bool
) -> Iterator[IO[bytes]]:
    """What it writes; it is gone afterwards, whatever happened."""
    descriptor = stored.fileno()
    arguments = (file_format, descriptor, first_line, int(keeps_all), MOST_MEMORY_BYTES)
    reader, writer = os.pipe()
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # no more than somebody allows
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    with open(reader, "rb", buffering=0) as output:
        try:
            child = subprocess.Popen(
                [sys.executable, "-I", str(_CHILD), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=subprocess.DEVNULL,
                env={"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"},
                pass_fds=(descriptor,),
                preexec_fn=end_with_parent(os.getpid(), signal.SIGKILL),
            )
        finally:
            os.close(writer)
        try:
            yield output
        finally:
            child.kill()
            child.wait()


def _frames(
    output: IO[bytes], file: DataFile, reading: Reading
) -> Iterator[tuple[dict[str, Any], bytes, Places | None]]:
    pipe = _Pipe(output, file, reading)
    while True:
        head = json.loads(pipe.line())
        if "wrong" in head:
            raise wrong_file(file.key, f"{head['wrong']}.")
        if "end" in head:
            return
        text = pipe.read(head["bytes"])
        kept = None
        if "kept" in head:
            kept = np.frombuffer(pipe.read(4 * head["kept"]), np.int32).astype(np.intp)
        yield head, text, kept


class _Pipe:
    """What the child writes, without waiting for it for ever."""

    def __init__(self, output: IO[bytes], file: DataFile, reading: Reading) -> None:
        self._descriptor = output.fileno()
        self._file = file
        self._stop = reading.stop
        self._waiting = bytearray()
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def line(self) -> bytes:
        while (end := self._waiting.find(b"\n")) < 0:
            if len(self._waiting) > MOST_HEAD_BYTES:
                raise self._broken()
            self._more()
        return self._taken(end + 1)

    def read(self, size: int) -> bytes:
        if size > MOST_TEXT_BYTES:
            raise self._broken()
        while len(self._waiting) < size:
            self._more()
        return self._taken(size)

    def _more(self) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not self._poll.poll(_LOOK_MS):
            if self._stop.is_set():
                raise StoppedError
            if time.monotonic() > until_s:
                raise wrong_file(self._file.key, "takes too long to be decoded.")
        data = os.read(self._descriptor, 1024 * 1024)
        if not data:
            raise self._broken()
        self._waiting += data

    def _taken(self, size: int) -> bytes:
        taken = bytes(memoryview(self._waiting)[:size])
        del self._waiting[:size]
        return taken

    def _broken(self) -> Exception:
        return wrong_file(
            self._file.key,
            "cannot be decoded: it is damaged, or needs more memory than it may have.",
        )


def _batch(head: dict[str, Any], text: bytes, kept: Places | None, layout: Layout) -> Batch:
    first, next_line = head["row"], head["row"] + head["rows"]
    lines = (np.arange(head["rows"]) if kept is None else kept) + first
    if not text:
        return Batch(PlainText(b"", b",", lines[:0], "", layout), lines[:0], next_line)
    rows = look_at(text, layout, most_line_bytes=MAX_LINE_BYTES)
    if rows and len(rows.ends) == len(lines):
        return Batch(rows, lines, next_line)
    each = []
    for line, number in zip(text.split(b"\n")[:-1], lines.tolist(), strict=False):
        try:
            each.append(read_row(line, layout))
        except RowFaultError as fault:
            raise at_line(fault, line, number) from None
    batch = batch_of(each, layout, first)
    return Batch(batch.rows, lines[: len(each)], next_line)
