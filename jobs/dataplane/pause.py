"""A step of a task that waits."""

from typing import Protocol

from jobs.operations.steps import Later


class Waiter(Protocol):
    def waited(self, step: Later) -> None: ...
    def abandon(self, asking: object = None) -> None: ...


class Pause:
    """One of a flight's `Waits`."""

    __slots__ = ("_step", "_task")

    def __init__(self, task: Waiter, step: Later) -> None:
        self._task = task
        self._step = step

    def again(self) -> None:
        self._task.waited(self._step)

    def interrupted(self) -> None:
        self._task.abandon()
