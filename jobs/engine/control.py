"""What a control worker does: takes turns at preparing, finishing and clearing away, and at helping others
to prepare, for a while.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime

from jobs import conf, queueing
from jobs.engine import control_turns, finisher
from jobs.engine.control_lease import Terms
from jobs.engine.control_turns import PREPARED, TURN_S, Turn
from jobs.engine.preparing import planner
from jobs.errors import NoSuchJobError
from jobs.workstore.store import WorkStore


def prepare_and_finish(
    *,
    work: WorkStore,
    clock: Callable[[], datetime],
    stop: threading.Event,
    hangs: Callable[[], None] = lambda: None,
) -> None:
    """Serve jobs for one time box, a shorter one when others wait for a worker. While there is more
    to do than this worker can take, it calls another. `hangs` is called where a job does not end
    its turn long after it should.
    """
    began_s = time.monotonic()
    while turn := control_turns.take_turn():
        if turn.more:
            queueing.call_control()
        step = _step(turn)
        terms = Terms(control_turns.goes_on(turn), hangs)
        with contextlib.suppress(NoSuchJobError):
            step(turn.job_id, work=work, clock=clock, stop=stop, terms=terms)
        if stop.is_set() or _is_over(time.monotonic() - began_s):
            break
    if control_turns.has_due() or control_turns.is_help_wanted():
        queueing.call_control()


def _step(turn: Turn) -> Callable[..., None]:
    if turn.helps:
        return planner.help_to_prepare
    return planner.prepare_job if turn.status in PREPARED else finisher.finish_job


def _is_over(gone_s: float) -> bool:
    return gone_s > conf.time_box_s() or (gone_s > TURN_S and control_turns.is_somebody_waiting())
