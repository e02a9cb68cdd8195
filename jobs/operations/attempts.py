"""What a report says about a task that was tried more than once."""

from dataclasses import replace

from jobs.operations.base import Outcome

MAX_MESSAGE = 1024


def tried(outcome: Outcome, attempts: int, elapsed_s: float) -> Outcome:
    """A failed outcome with the attempts in its message: "Slow down. (tried 7 times in 60 s)".

    A success stays as AWS has it.
    """
    if outcome.succeeded or attempts < 2:
        return outcome
    times = "twice" if attempts == 2 else f"{attempts:,} times"
    note = f" (tried {times} in {_span(elapsed_s)})"
    return replace(outcome, message=outcome.message[: MAX_MESSAGE - len(note)] + note)


def _span(elapsed_s: float) -> str:
    return f"{elapsed_s:.0f} s" if elapsed_s >= 9.5 else f"{elapsed_s:.1f} s"
