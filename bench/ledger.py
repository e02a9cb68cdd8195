"""What a worker's process spends beside its calls: database statements, and time in claiming and
recording. Both are to be begun before the engine is imported.
"""

import functools
import importlib
import inspect
import json
import os
import pkgutil
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from jobs.queueing import QUEUE_OF

BOOKKEEPING = {
    *("choosing", "claims", "settlements", "statements", "database"),
    *("recording", "threshold", "job_status", "heartbeats"),
}
"""The engine's modules whose functions claim, keep leases and record."""

TICK = "_tick"
"""What a thread that keeps leases does again and again."""


@dataclass(slots=True)
class Entry:
    """One background call. `statements` are without BEGIN and COMMIT. `book_...` is what claiming, keeping leases and recording took, commits
    included; wall time only in the call's own thread.
    """

    call: str
    pid: int
    began_s: float
    wall_s: float = 0.0
    cpu_s: float = 0.0
    statements: int = 0
    commits: int = 0
    book_cpu_s: float = 0.0
    book_wall_s: float = 0.0
    book_cpu_by_function_s: dict[str, float] = field(default_factory=dict)
    by_statement: dict[str, int] = field(default_factory=dict)


_now = Entry("none", 0, 0.0)
_depth = threading.local()
_lock = threading.Lock()


def install(calls: Any, path: Path) -> None:
    """Note every background call of the module `calls` as a line of JSON in `path`."""
    connection_created.connect(_listen, weak=False)
    _count_commits()
    for name in QUEUE_OF:
        setattr(calls, name, _noted(name, getattr(calls, name), path))


def time_bookkeeping() -> None:
    """Wrap the functions of the engine's modules that keep the books."""
    package = importlib.import_module("jobs.engine")
    for found in pkgutil.iter_modules(package.__path__):
        if found.name in BOOKKEEPING:
            module = importlib.import_module(f"jobs.engine.{found.name}")
            for name, found_there in list(vars(module).items()):
                if _is_ours(found_there, module.__name__):
                    setattr(module, name, _timed(found_there))
                elif inspect.isclass(found_there) and TICK in vars(found_there):
                    setattr(found_there, TICK, _timed(vars(found_there)[TICK]))


def _is_ours(function: object, module: str) -> bool:
    plain = inspect.isfunction(function) and not inspect.isgeneratorfunction(function)
    # A context manager's time is that of what runs within it.
    return plain and function.__module__ == module and not hasattr(function, "__wrapped__")


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

    @functools.wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if getattr(_depth, "inside", False):
            return function(*args, **kwargs)
        _depth.inside = True
        cpu_s, began_s = time.thread_time(), time.monotonic()
        try:
            return function(*args, **kwargs)
        finally:
            _depth.inside = False
            spent_s = time.thread_time() - cpu_s
            with _lock:
                _now.book_cpu_s += spent_s
                by_function = _now.book_cpu_by_function_s
                by_function[name] = by_function.get(name, 0.0) + spent_s
                if threading.current_thread() is threading.main_thread():
                    _now.book_wall_s += time.monotonic() - began_s

    return timed


def _listen(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith("BEGIN"):
        return execute(sql, params, many, context)
    number = len(params) if many else 1
    begins = " ".join(sql.split()[:6])[:60]
    with _lock:
        _now.statements += number
        _now.by_statement[begins] = _now.by_statement.get(begins, 0) + number
    return execute(sql, params, many, context)


def _count_commits() -> None:
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def counted(self: BaseDatabaseWrapper) -> None:
        with _lock:
            _now.commits += 1
        commit(self)

    BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined]


def _noted(name: str, function: Callable[..., Any], path: Path) -> Callable[..., Any]:
    @functools.wraps(function)
    def noted(*args: Any) -> Any:
        global _now
        _now = entry = Entry(name, os.getpid(), time.time())
        cpu_s, began_s = _used_s(), time.monotonic()
        try:
            return function(*args)
        finally:
            entry.wall_s = time.monotonic() - began_s
            entry.cpu_s = _used_s() - cpu_s
            with path.open("a") as file:
                file.write(json.dumps(asdict(entry)) + "\n")

    return noted


def _used_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def read(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    return [Entry(**json.loads(line)) for line in path.read_text().splitlines()]
