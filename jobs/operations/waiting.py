"""Operations whose tasks wait for hours for what they asked for: nobody holds them meanwhile."""

from abc import abstractmethod

from jobs.operations.base import Operation, Outcome


class Waits(Outcome):
    """How a visit of a task ends that was asked for and is not there yet: it is no end of the task,
    which is visited again later with `Context.waits` one higher.
    """

    __slots__ = ()


class WaitingOperation(Operation):
    """One whose tasks may end as `Waits`, where its parameters say so (`is_waiting`). What they need
    for the next visit they can ask the storage, or tell by `Context.tried_since_s`: nothing is kept
    for them.
    """

    @property
    @abstractmethod
    def is_waiting(self) -> bool: ...

    @abstractmethod
    def wait_s(self, waits: int) -> float:
        """How long after a visit the next one is, of tasks that were found to wait so often."""
