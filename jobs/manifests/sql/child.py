"""The process that runs a filter's SQL. It has no secrets, no network and one folder to read.

It is started as `python -I -c "..."` by process.py, with nothing in its environment, and takes its
commands as lines of JSON (frames.py). Nothing here imports Django, and nothing of the project but its
neighbours.
"""

import ctypes
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import duckdb

from jobs.manifests.sql import frames, jail
from jobs.manifests.sql.statements import ROW, Plan, RefusedError, bare, plan_of, refuse_kind
from jobs.manifests.sql.table import ROWS, ListTable, locked

LOOK_S = 0.25
_PR_SET_PDEATHSIG = 1
_OVERHEAD_BYTES = 1536 * 1024 * 1024
"""Of address space, for Python, DuckDB's code and the arenas of the C library's allocator."""

_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
_LINE_SHOWN = re.compile(r"\n+LINE (\d+): (.*)\n( *)\^", re.DOTALL)
_CANDIDATES = re.compile(r"\n+Candidate bindings: (.*)")
_WANTED = {"bucket": "bucket", "key": "key", "versionid": "version_id"}


def main(parent_pid: int) -> None:
    """Commands come on standard input; the end of it is the end of this process."""
    _end_with(parent_pid)
    answers = _answers_apart()
    orders = json.loads(sys.stdin.readline())
    jail.limit(orders["memory_bytes"] + _OVERHEAD_BYTES, orders["cpu_s"])
    runner = Runner(orders, answers)
    runner.used = jail.closed(orders["folder"])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = runner.answer(command)
        except RefusedError as refused:
            answer = {"refused": refused.sentence, **_in_lines(runner.sql, refused.offset)}
        except duckdb.OutOfMemoryException:
            answer = {"memory": True}
        except MemoryError:
            answer = {"memory": True}
        except duckdb.Error as error:
            answer = _what_went_wrong(error)
        _send(answers, frames.SAYS, json.dumps(answer).encode())


class Runner:
    """One connection of DuckDB, locked, with the list as the only table."""

    def __init__(self, orders: dict[str, Any], answers: int) -> None:
        self.sql: str = orders["sql"]
        self.used: list[str] = []
        self._answers = answers
        self._plan: Plan | None = None
        self._cells: list[int] = []
        self._width = 0
        self._connection = locked(orders["folder"], orders["memory_bytes"])
        self._table = ListTable(self._connection, orders)
        jail.no_more_processes()

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        if command["do"] == "plan":
            return self._planned()
        if command["do"] == "show":
            return self._shown(command["file"], command["most"])
        numbers_alone = command.get("numbers_alone", False)
        return self._run(command["files"], command["after"], numbers_alone=numbers_alone)

    def _planned(self) -> dict[str, Any]:
        kinds = [one.type.name for one in self._connection.extract_statements(self.sql)]
        refuse_kind(kinds)
        plan = plan_of(
            self._one("SELECT json_serialize_sql(?::VARCHAR)", self.sql), self._grouping()
        )
        self._table.fill([])
        described = self._connection.execute(self._plain()).description or []
        self._plan = plan
        self._width = len(described)
        self._cells = _cells_of(described)
        return {
            "row_wise": plan.row_wise,
            "is_a_choice": plan.row_wise and plan.leaves_names and self._has_all_names(),
            "has_versions": len(self._cells) == 3,
            "used": self.used,
            "columns": [str(column[0]) for column in described if column[0] != ROW],
        }

    def _has_all_names(self) -> bool:
        return len(self._cells) == sum(name in _WANTED for name in self._table.names())

    def _plain(self) -> str:
        """The statement without what ends it."""
        return self.sql.rstrip().rstrip(";")

    def _grouping(self) -> frozenset[str]:
        rows = self._connection.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions()"
            " WHERE function_type IN ('aggregate', 'macro', 'table_macro')"
        )
        return frozenset(row[0] for row in rows.fetchall())

    def _one(self, sql: str, *values: str) -> str:
        row = self._connection.execute(sql, list(values)).fetchone()
        return str(row[0]) if row else ""

    def _run(self, files: list[str], after: int, *, numbers_alone: bool) -> dict[str, Any]:
        """Sends the rows of the result: bucket, key, version ID where it has one and, where rows are
        looked at one by one, the number of its row in the file, or that alone.
        """
        if self._plan is None:
            raise RefusedError("The SQL was not looked at.")
        self._table.fill(files, after)
        statement, cells, width = self._plain(), self._cells, self._width
        if self._plan.row_wise:
            statement = self._numbered()
            cells, width = [*([] if numbers_alone else cells), width], width + 1
        names = [f"c{place}" for place in range(width)]
        wanted = ", ".join(f"c{place}" for place in cells)
        self._connection.execute(
            f"SELECT {wanted} FROM ({statement}\n) AS result({', '.join(names)})"  # noqa: S608
        )
        rows = 0
        for columns in self._columns():
            rows += len(columns[0])
            _send(self._answers, frames.ROWS, frames.packed(columns))
        return {"rows": rows, "skipped": self._table.markers(files)}

    def _numbered(self) -> str:
        if self._plan is None:
            return ""
        fresh = json.loads(json.dumps(self._plan.tree))
        tree = Plan(True, fresh).with_row_number()
        return self._one("SELECT json_deserialize_sql(?::JSON)", tree)

    def _columns(self) -> Iterator[list[list[str]]]:
        while rows := self._connection.fetchmany(frames.FRAME_ROWS):
            columns = [[_text(cell) for cell in column] for column in zip(*rows, strict=True)]
            size = sum(len(cell) for column in columns for cell in column)
            parts = size // frames.FRAME_BYTES + 1
            step = max(1, len(rows) // parts)
            for first in range(0, len(rows), step):
                yield [column[first : first + step] for column in columns]

    def _shown(self, file: str, most: int) -> dict[str, Any]:
        """The first rows of the result as texts, and how many there are of how many."""
        self._table.fill([file])
        described = self._connection.execute(f"{self._plain()}").description or []
        kept = [place for place, column in enumerate(described) if column[0] != ROW]
        names = ", ".join(f"c{place}" for place in range(len(described)))
        texts = ", ".join(f"left(c{place}::VARCHAR, 1000)" for place in kept)
        plain = f"({self._plain()}\n) AS result({names})"
        found = self._connection.execute(f"SELECT {texts} FROM {plain} LIMIT {most}").fetchall()  # noqa: S608
        return {
            "columns": [str(described[place][0]) for place in kept],
            "rows": found,
            "kept": int(self._one(f"SELECT count(*) FROM {plain}")),  # noqa: S608
            "of": int(self._one(f"SELECT count(*) FROM {ROWS}")),  # noqa: S608
        }


def _text(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    if len(text) > frames.CELL_BYTES:
        raise RefusedError(
            f"A row of the result has a field of more than {frames.CELL_BYTES // 1024} KiB, and no"
            " object has such a name. Select the columns as they are in the list."
        )
    if "\0" in text:
        raise RefusedError("A row of the result has a NUL byte, and no object has one in its name.")
    return text


def _cells_of(described: Any) -> list[int]:
    """The places of bucket, key and, where the result has it, the version ID. Raises RefusedError."""
    found: dict[str, int] = {}
    for place, column in enumerate(described):
        name = _WANTED.get(bare(column[0]))
        if name is None:
            continue
        if name in found:
            raise RefusedError(f"Two columns of the result are named {name}. Name each one once.")
        if str(column[1]) not in {"VARCHAR", "STRING"}:
            raise RefusedError(
                f"The column {name} of the result is {column[1]}, not text. Add ::VARCHAR to it."
            )
        found[name] = place
    for name in ("bucket", "key"):
        if name not in found:
            raise RefusedError(
                f"The result has no column {name}. Select bucket and key (and version_id where the"
                " list has one), or *."
            )
    return [found[name] for name in ("bucket", "key", "version_id") if name in found]


def _what_went_wrong(error: duckdb.Error) -> dict[str, Any]:
    """DuckDB's sentence and the place in the SQL, or the line of a file that is no CSV."""
    message = str(error)
    if line := _CSV_LINE.search(message):
        return {"csv_line": int(line[1])}
    if isinstance(error, duckdb.IOException | duckdb.InternalException | duckdb.FatalException):
        return {"file": message.partition("\n")[0]}
    place: dict[str, int] = {}
    if shown := _LINE_SHOWN.search(message):
        lead = len(f"LINE {shown[1]}: ")
        place = {"line": int(shown[1]), "column": len(shown[3]) - lead + 1}
    names = _CANDIDATES.search(message)
    first = message.partition("\n")[0].strip()
    first = re.sub(r"^[A-Z][A-Za-z-]*(?: [A-Z][A-Za-z]*)? Error: ", "", first)
    first = first if first.endswith((".", "!", "?")) else f"{first}."
    return {"refused": first + (f" There are: {names[1].strip()}." if names else ""), **place}


def _in_lines(sql: str, offset: int | None) -> dict[str, int]:
    """Line and column, from 1, of a place in the SQL's bytes."""
    if offset is None:
        return {}
    before = sql.encode()[:offset].decode(errors="ignore")
    return {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}


def _answers_apart() -> int:
    """Whatever some library prints (a progress bar, say) must not stand between our answers."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answers


def _send(answers: int, kind: bytes, data: bytes) -> None:
    if len(data) > frames.MOST_BYTES:
        kind, data = frames.SAYS, json.dumps({"refused": "An answer is too large."}).encode()
    view = memoryview(frames.HEAD.pack(kind, len(data)) + data)
    while view:
        view = view[os.write(answers, view) :]


def _end_with(parent_pid: int) -> None:
    """The kernel ends this process with its parent where it can; a thread looks everywhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent_pid,), daemon=True).start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(LOOK_S)
    os._exit(1)
