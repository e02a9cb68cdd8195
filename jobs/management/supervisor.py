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
_START_POLL_S = 0.1
_SAY_EVERY_S = 10.0
_SAY_WAITING_EVERY_S = 30.0
_LOOK_EVERY_S = 1.0
_LINES_OF_CAUSE = 10
_MAX_PAUSE_S = 30.0
_CALM_AFTER_S = 30.0
"""A program that ran for so long starts over with a short pause."""


class StartError(Exception):
    """A program did not start."""

    exit_status = 1


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

    def wait_until_answers(
        self, child: Child, *, without_progress_s: float, at_most_s: float
    ) -> None:
        """Wait for as long as `child` does something, and look after the others meanwhile.

        Raises StartError, with the end of its log, when it ends, or neither answers nor takes CPU
        time nor writes for `without_progress_s`, or does not answer within `at_most_s`: what spins
        for ever makes progress, too.
        """
        self._say(f"Starting {child.name} ...")
        began_s = moved_s = said_s = time.monotonic()
        done = child.work_done()
        while not self.stopping and not answers(child.host, child.port):
            now_s = time.monotonic()
            if not child.runs:
                raise StartError(_cause(child, "ended while it started"))
            if (so_far := child.work_done()) != done:
                done, moved_s = so_far, now_s
            if now_s - moved_s > without_progress_s:
                raise StartError(
                    _cause(child, f"did not start: nothing moved for {without_progress_s:.0f} s")
                )
            if now_s - began_s > at_most_s:
                raise StartError(
                    _cause(child, f"did not start: it gave no answer within {at_most_s:.0f} s")
                )
            if now_s - said_s > _SAY_EVERY_S:
                said_s = now_s
                self._say(f"  {child.name} is still starting, after {now_s - began_s:.0f} s")
            self._look_after_all(but=child)
            time.sleep(_START_POLL_S)

    def bring_up(self, child: Child, *, without_progress_s: float, at_most_s: float) -> None:
        """Until `child` answers: each failure is said, ends no other program, and is tried again."""
        while not self.stopping:
            try:
                self.wait_until_answers(
                    child, without_progress_s=without_progress_s, at_most_s=at_most_s
                )
                return
            except StartError as error:
                self._say(str(error))
                children.stop([child])
            ended_s = child.started_s
            # Not "until it runs": it may have ended again before we look.
            while not self.stopping and child.started_s == ended_s:
                self._look_after_all()
                time.sleep(_POLL_S)

    def wait_while(self, missing: Callable[[], str]) -> None:
        """Until nothing is `missing`, or a signal came; what it says is told at once, and now and then.

        The programs that run already are looked after meanwhile.
        """
        began_s = time.monotonic()
        told, told_s = "", began_s
        while not self.stopping and (sentence := missing()):
            now_s = time.monotonic()
            if sentence != told:
                self._say(f"{sentence} Waiting for that.")
                told, told_s = sentence, now_s
            elif now_s - told_s > _SAY_WAITING_EVERY_S:
                self._say(f"  Still waiting, after {now_s - began_s:.0f} s. {sentence}")
                told_s = now_s
            self._pause(_LOOK_EVERY_S)
        if told and not self.stopping:
            self._say("That is there now.")

    def _pause(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until_s:
            self._look_after_all()
            time.sleep(_POLL_S)

    def watch(self) -> None:
        """Returns when a signal came."""
        while not self.stopping:
            self._look_after_all()
            time.sleep(_POLL_S)

    def stop(self) -> None:
        for group in reversed(self._groups):
            children.stop(group, grace_s=children.GRACE_S if self._signals < 2 else 0.0)
        self._groups.clear()

    def _look_after_all(self, *, but: Child | None = None) -> None:
        for group in self._groups:
            for child in group:
                if child is not but:
                    self._look_after(child)

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
            self._say(f"{child.name} cannot be started: {error}")

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1:
            self._say("Stopping ...")


def _cause(child: Child, what: str) -> str:
    """A sentence, and under it the last lines that the program wrote."""
    lines = child.last_lines(_LINES_OF_CAUSE)
    said = f"Its last lines:\n{chr(10).join(f'  {line}' for line in lines)}"
    status = child.process.poll() if child.process else None
    ended = f" (exit status {status})" if status is not None else ""
    nothing = "It wrote nothing." if child.log else "What it wrote stands above."
    return f"{child.name} {what}{ended}. {said if lines else nothing}{_where_to_look(child)}"


def _where_to_look(child: Child) -> str:
    return f" See {child.log}" if child.log else ""
