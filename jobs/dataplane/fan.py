"""Calls of a task side by side, joined when the last of them is answered."""

from typing import TYPE_CHECKING

from jobs.dataplane.asking import Asking
from jobs.dataplane.relaying import Relaying
from jobs.operations.steps import Relay, Together
from jobs.s3.answers import Answer

if TYPE_CHECKING:
    from jobs.dataplane.task import Task


class Fan:
    """The task's place among those in flight is the first call's; each further one takes another,
    and is begun by the flight when there is room that other rows do not need.
    """

    __slots__ = ("_answers", "_at_once", "_calls", "_has_failed", "_is_dry", "_task", "flying")

    def __init__(self, task: "Task", step: Together) -> None:
        self._task = task
        self._calls = iter(step.calls)
        self._at_once = step.at_once
        self._answers: list[Answer | None] = []
        self._has_failed = False
        self._is_dry = False
        self.flying = 0

    def begin(self) -> None:
        self.start_one()
        if self._task.has_ended:
            return
        if self.is_done:
            self._task.fan_ended(self._answers)
        elif not self._is_dry:
            self._task.flight.add_fan(self)

    @property
    def is_done(self) -> bool:
        return not self.flying and (self._is_dry or self._has_failed)

    @property
    def may_start(self) -> bool:
        return not (self._is_dry or self._has_failed or self._task.has_ended) and (
            self.flying < self._at_once
        )

    @property
    def is_over(self) -> bool:
        """Nothing of it will be begun any more."""
        return self._is_dry or self._has_failed or self._task.has_ended

    def start_one(self) -> None:
        try:
            self._start_one()
        except Exception as error:
            self._task.broke(error)

    def _start_one(self) -> None:
        call = next(self._calls, None)
        if call is None:
            self._is_dry = True
            return
        index = len(self._answers)
        self._answers.append(None)
        if self.flying:
            self._task.flight.count(1)
        self._task.flight.count_parts(1)
        self.flying += 1

        def told(answer: Answer) -> None:
            self._landed()
            self._answers[index] = answer
            self._has_failed = self._has_failed or bool(answer.code)
            self._go_on()

        if isinstance(call, Relay):
            Relaying(self._task, call, told).begin()
        else:
            Asking(self._task, call, told).send_in_turn()

    def _landed(self) -> None:
        self.flying -= 1
        self._task.flight.count_parts(-1)
        if self.flying:
            self._task.flight.count(-1)

    def _go_on(self) -> None:
        if self._task.is_leaving:
            self._task.leave()
        elif not self.flying and not self.is_done:
            if self._task.flight.interrupted:
                self._task.abandon()  # what is still to be called may be many
                return
            self.start_one()  # the task's own place is free
            if self.is_done and not self._task.has_ended:
                self._task.fan_ended(self._answers)
        elif self.is_done:
            self._task.fan_ended(self._answers)

    def leave(self) -> None:
        """The task has ended, and nobody waits for what is still in flight: one place is the task's."""
        self._task.flight.count_parts(-self.flying)
        if self.flying > 1:
            self._task.flight.count(1 - self.flying)
        self.flying = 0
        self._has_failed = True

    def gave_up(self, asking: object) -> None:
        """A call of it will not be sent again."""
        if asking is not None:
            self._landed()
        self._has_failed = True
