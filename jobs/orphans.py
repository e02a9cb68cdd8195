"""Processes that end with the one that made them, whatever ended that one."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

LOOK_S = 0.25
GRACE_S = 1.25
"""Time to record what is done and to hand the rest back; with a look before it stays below 2 s."""

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent_pid: int, number: signal.Signals) -> Callable[[], None] | None:
    """For Popen's `preexec_fn`: the kernel sends `number` when the parent dies (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent_pid:  # it died before we asked
            os._exit(1)

    return ask_kernel


def end_soon_after(parent_pid: int) -> None:
    """To be called by a process that was forked: from now on it is sent SIGTERM when its parent is
    gone, and SIGKILL `GRACE_S` later if it is still there then.

    The kernel sends the first where it can, and at once; a thread that looks who the parent is
    works on every system, and also sends the second, which nothing in this process can put off.
    """
    if ask_kernel := end_with_parent(parent_pid, signal.SIGTERM):
        ask_kernel()
    watch = threading.Thread(target=_watch, args=(parent_pid,), name="parent", daemon=True)
    watch.start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
