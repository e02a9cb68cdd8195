"""Keeps the programs of an installation running until it is told to stop."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from types import FrameType

from jobs.management import children
from jobs.management.children import Child
from jobs.management.installation import answers

_POLL_S = 0.2
_MAX_PAUSE_S = 30.0
_CALM_AFTER_S = 30.0
"""A program that ran for so long starts over with a short pause."""


class StartError(Exception):
    """A program did not start."""


class Supervisor:
    """Starts programs in groups, restarts those that end, and stops the groups last one first.

    `say` shows a line to the person at the terminal.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._groups: list[list[Child]] = []
        self._restart_at_s: dict[str, float] = {}
        self._pauses_s: dict[str, float] = {}
        self._signals = 0

    @contextlib.contextmanager
    def signals_handled(self) -> Iterator[None]:
        """SIGINT, SIGTERM and SIGHUP stop all programs in order; a second one hurries."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [signal.signal(number, self._note_signal) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    @property
    def stopping(self) -> bool:
        return self._signals > 0

    def start(self, group: list[Child]) -> None:
        self._groups.append(group)
        for child in group:
            child.start()

    def wait_until_answers(self, child: Child, *, within_s: float) -> None:
        """Raises StartError when a web server ends, or gives no answer in time."""
        until_s = time.monotonic() + within_s
        while not self.stopping and not answers(child.host, child.port):
            if not child.runs or time.monotonic() > until_s:
                raise StartError(f"{child.name} did not start.{_where_to_look(child)}")
            time.sleep(0.05)

    def watch(self) -> None:
        """Returns when a signal came."""
        while not self.stopping:
            for group in self._groups:
                for child in group:
                    self._look_after(child)
            time.sleep(_POLL_S)

    def stop(self) -> None:
        for group in reversed(self._groups):
            children.stop(group, grace_s=children.GRACE_S if self._signals < 2 else 0.0)
        self._groups.clear()

    def _look_after(self, child: Child) -> None:
        if child.runs:
            if child.age_s > _CALM_AFTER_S:
                self._pauses_s.pop(child.name, None)
            return
        due_s = self._restart_at_s.pop(child.name, None)
        if due_s is None:
            pause_s = self._pauses_s.get(child.name, 1.0)
            self._pauses_s[child.name] = min(2 * pause_s, _MAX_PAUSE_S)
            self._restart_at_s[child.name] = time.monotonic() + pause_s
            self._say(
                f"{child.name} ended; starting it again in {pause_s:.0f} s.{_where_to_look(child)}"
            )
        elif due_s <= time.monotonic():
            self._start_again(child)
        else:
            self._restart_at_s[child.name] = due_s

    def _start_again(self, child: Child) -> None:
        """A machine may be out of processes or files for a moment: the others go on all the same."""
        try:
            child.start()
        except (OSError, subprocess.SubprocessError) as error:
            self._say(f"{child.name} can not be started: {error}")

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1:
            self._say("Stopping ...")


def _where_to_look(child: Child) -> str:
    return f" See {child.log}" if child.log else ""
