"""Background calls for tests of workers; each tells by files in a folder what it sees."""

import gc
import threading
from pathlib import Path

from jobs.background import stop_on_term
from jobs.worker import ForwardingWorker


class CallingWorker(ForwardingWorker):
    """Runs what is in this module, and nothing else."""

    functions = frozenset(
        f"tests.calls.{name}" for name in ("work_until_stopped", "never_stop", "count_collectable")
    )


def work_until_stopped(folder: str) -> None:
    """Stops as a runner does."""
    with stop_on_term() as stop:
        Path(folder, "started").touch()
        if stop.wait(60):
            Path(folder, "handed-back").touch()


def never_stop(folder: str) -> None:
    """A call that hangs in something that no signal ends."""
    with stop_on_term():
        Path(folder, "started").touch()
        threading.Event().wait(60)
        Path(folder, "ended").touch()


def count_collectable(folder: str) -> None:
    """How many objects garbage collection looks at, and how many it leaves alone."""
    found = f"{len(gc.get_objects())} {gc.get_freeze_count()}"
    Path(folder, "part").write_text(found)
    Path(folder, "part").rename(Path(folder, "counted"))
