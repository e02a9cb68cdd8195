"""Peak memory of running processes: PSS, in which what processes share is counted once."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

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


class Largest:
    """The largest resident memory that each of some processes and of their descendants had, in MB in
    `mb`, by the name of the process; a child of it has a line of its own. To be used in a with block.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.mb: dict[str, float] = {}
        self._pids = dict(pids)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> "Largest":
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        for name, pid in self._pids.items():
            self._note(name, pid)
            for child in children_of(pid):
                self._note(f"{name}, child", child)

    def _note(self, name: str, pid: int) -> None:
        self.mb[name] = max(self.mb.get(name, 0.0), peak_rss_mb(pid))

    def _look_on(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.look()


def peak_rss_mb(pid: int) -> float:
    """The most that was resident since it began, which the kernel keeps; 0 for one that is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def children_of(pid: int) -> list[int]:
    """Cheaper than to ask every process of the machine for its parent."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


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
