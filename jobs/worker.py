"""The RQ worker that we run."""

import contextlib
import gc
import os
import signal
from typing import Any

from rq import Worker

# Takes half a second to import: once here, instead of in every process that is forked for a call.
from jobs.engine import finisher, planner, runner  # noqa: F401
from jobs.s3.clients import warm_up

YOUNG = 10_000
"""New objects from which on garbage collection looks at them: more than the tasks of all chunks
that are open, which end by themselves and leave no cycles behind.
"""


def settle() -> None:
    """To be called when all is imported, and before a fork: garbage collection leaves alone what
    there is by now, and looks at what comes after less often.

    Else the first collection in a forked process writes to all that it shares with us, and so makes
    20 MB its own; and each later one goes through half of what the process has, for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


class ForwardingWorker(Worker):
    """Passes a warm shutdown on to the running background call.

    RQ's own lets the call run to its end, as its process is in a group of its own and hears
    nothing. Our calls stop at the next object and hand the rest back (`engine.stopping`). A second
    SIGTERM, more than a second later, kills the call, as with any RQ worker.
    """

    def work(self, *args: Any, **kwargs: Any) -> bool:
        warm_up()
        settle()
        return super().work(*args, **kwargs)

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            # Not to its group: right after the fork that is still ours.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
