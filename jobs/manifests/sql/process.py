"""Starting the process that runs a filter's SQL, asking it, and ending it whatever it does."""

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.errors import BatchConsoleError, ManifestError, StoppedError
from jobs.manifests.problems import INVALID_CONTENT
from jobs.manifests.sql import frames

logger = logging.getLogger(__name__)

_ROOT = str(Path(__file__).resolve().parents[3])
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    " from jobs.manifests.sql.child import main; main(int(sys.argv[2]))"
)
_LOOK_S = 0.2
_PIECE_BYTES = 256 * 1024


class SqlProcessError(BatchConsoleError):
    """The process that runs the SQL filter ended before it was done."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Limits:
    """`time_s` is a wall clock's, for each answer; the process's CPU has as much. The first answer has
    `start_s` besides: on a busy machine it takes a while to load DuckDB.
    """

    memory_bytes: int
    time_s: float
    start_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Question:
    """`columns` are names and types of DuckDB's, "" for text, or statements.ENCODED. `delete_marker` names the column whose
    rows are left out, "" to leave out none. `format` is "csv" or "parquet".
    """

    sql: str
    columns: tuple[tuple[str, str], ...]
    format: str = "csv"
    delete_marker: str = ""


class SqlRefusedError(ManifestError):
    """SQL that cannot be run, with the place in it, from 1, where one is known."""

    def __init__(self, sentence: str, line: int | None = None, column: int | None = None) -> None:
        where = f", line {line}, column {column}" if line else ""
        super().__init__(INVALID_CONTENT, f"The SQL filter{where}: {sentence}")
        self.sentence = sentence
        self.sql_line = line
        self.sql_column = column


class SqlLimitError(SqlRefusedError):
    """SQL that needs more time or memory than it may have."""


class WrongLineError(Exception):
    """DuckDB cannot read a line of a CSV file: `line` counts from 1 in the file that it was given."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class SqlProcess:
    """One process for one SELECT, with one folder that it may read."""

    def __init__(
        self, question: Question, folder: Path, limits: Limits, stop: threading.Event
    ) -> None:
        self._limits = limits
        self._stop = stop
        self._waiting = bytearray()
        self.skipped = 0
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, _ROOT, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={"LANG": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)},
            bufsize=0,
        )
        self._tell(
            {
                "sql": question.sql,
                "columns": question.columns,
                "format": question.format,
                "delete_marker": question.delete_marker,
                "folder": str(folder),
                "memory_bytes": limits.memory_bytes,
                "cpu_s": int(limits.time_s) + 10,
            }
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, do: str, **rest: Any) -> dict[str, Any]:
        """Raises SqlRefusedError, SqlProcessError, and StoppedError when told to stop."""
        for part in self._answers(do, **rest):
            if isinstance(part, dict):
                return part
        raise SqlProcessError

    def rows(self, files: list[str], after: int = 0) -> Iterator[frames.Cells]:
        """The result over these files: bucket, key, version ID where it has one and, where rows are
        kept for their own sake, the row's number in its file, which is above `after`. Raises
        WrongLineError, too.
        """
        for part in self._answers("run", files=files, after=after):
            if isinstance(part, dict):
                self.skipped = part["skipped"]
            else:
                yield part

    def kept_rows(self, file: str) -> list[int]:
        """The numbers, from 1, of the rows of a file that are kept, each for its own sake."""
        return [
            int(row)
            for part in self._answers("run", files=[file], after=0, numbers_alone=True)
            if not isinstance(part, dict)
            for row in part[0]
        ]

    def _answers(self, do: str, **rest: Any) -> Iterator[frames.Cells | dict[str, Any]]:
        """Rows, and what it says at last. The time of whoever takes them does not count."""
        self._tell({"do": do, **rest})
        left_s = self._limits.time_s + (self._limits.start_s if do == "plan" else 0)
        while True:
            began_s = time.monotonic()
            kind, data = self._frame(began_s + left_s)
            left_s -= time.monotonic() - began_s
            if kind == frames.SAYS:
                yield self._said(data)
                return
            yield self._rows(data)

    def close(self) -> None:
        """End it, at once."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def _tell(self, command: dict[str, Any]) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise SqlProcessError
        # What does not arrive is noticed when the answer is waited for.
        with contextlib.suppress(BrokenPipeError):
            data = memoryview(json.dumps(command).encode() + b"\n")
            while data:
                data = data[pipe.write(data) or 0 :]

    def _frame(self, until_s: float) -> tuple[bytes, bytes]:
        kind, length = frames.HEAD.unpack(self._taken(frames.HEAD.size, until_s))
        if kind not in {frames.SAYS, frames.ROWS} or length > frames.MOST_BYTES:
            raise SqlProcessError("The process that runs the SQL filter answers nonsense.")
        return kind, self._taken(length, until_s)

    def _taken(self, length: int, until_s: float) -> bytes:
        while len(self._waiting) < length:
            self._waiting += self._piece(until_s)
        data = bytes(self._waiting[:length])
        del self._waiting[:length]
        return data

    def _piece(self, until_s: float) -> bytes:
        pipe = self._process.stdout
        if pipe is None:
            raise SqlProcessError
        while True:
            if self._stop.is_set():
                raise StoppedError
            if time.monotonic() > until_s:
                raise _too_long(self._limits.time_s)
            if select.select([pipe], [], [], _LOOK_S)[0]:
                piece = os.read(pipe.fileno(), _PIECE_BYTES)
                if not piece:
                    raise self._ended()
                return piece

    def _ended(self) -> BatchConsoleError:
        self._process.kill()
        code = self._process.wait()
        errors = self._process.stderr.read(4000) if self._process.stderr else b""
        if code == -signal.SIGXCPU:
            return _too_long(self._limits.time_s)
        logger.error(
            "the process of an SQL filter ended with %s: %s",
            code,
            errors.decode("utf-8", "replace"),
        )
        if b"bad_alloc" in errors or b"MemoryError" in errors:
            return _too_much_memory(self._limits.memory_bytes)
        how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        return SqlProcessError(
            f"The process that runs the SQL filter {how} before it was done. The machine may lack"
            " memory."
        )

    def _rows(self, data: bytes) -> frames.Cells:
        try:
            return frames.unpacked(data)
        except (ValueError, IndexError):
            raise SqlProcessError(
                "The process that runs the SQL filter answers nonsense."
            ) from None

    def _said(self, data: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(data)
        if "refused" in answer:
            raise SqlRefusedError(answer["refused"], answer.get("line"), answer.get("column"))
        if "csv_line" in answer:
            raise WrongLineError(answer["csv_line"])
        if "memory" in answer:
            raise _too_much_memory(self._limits.memory_bytes)
        if "file" in answer:
            logger.error("an SQL filter: %s", answer["file"])
            raise ManifestError(
                INVALID_CONTENT, "A file of the list cannot be read by the SQL filter."
            )
        return answer


def _too_long(time_s: float) -> SqlLimitError:
    return SqlLimitError(
        f"It was stopped after {time_s:,.0f} s. Join fewer rows, or make the list smaller first: with"
        " WHERE alone a list is read in parts, and may have any size."
    )


def _too_much_memory(memory_bytes: int) -> SqlLimitError:
    return SqlLimitError(
        f"It needs more memory than the {memory_bytes // 1024**2:,} MiB that a filter may use. Sort,"
        " group or join fewer rows or columns: with WHERE alone any list can be filtered."
    )
