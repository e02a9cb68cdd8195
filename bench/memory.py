"""Peak memory of running processes: PSS, in which what processes share is counted once."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

EVERY_S = 0.2


def pss_mb(pid: int) -> float:
    """0 for a process that is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """Looks at a process and its descendants until `end`; peaks are in MB."""

    def __init__(self, pid: int) -> None:
        self.parent_mb = 0.0
        self.children_mb = 0.0
        self.total_mb = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while True:
            parent = pss_mb(self._pid)
            children = sum(pss_mb(pid) for pid in descendants(self._pid))
            self.parent_mb = max(self.parent_mb, parent)
            self.children_mb = max(self.children_mb, children)
            self.total_mb = max(self.total_mb, parent + children)
            if self._ended.wait(EVERY_S):
                return


@contextlib.contextmanager
def watched(pid: int) -> Iterator[Watch]:
    watch = Watch(pid)
    try:
        yield watch
    finally:
        watch.end()


def descendants(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
