"""One task on its way: the steps of its operation, each done and answered, to its outcome."""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jobs.dataplane import unproven
from jobs.dataplane.asking import FEW_TRIES, Asking
from jobs.dataplane.budget import Budget
from jobs.dataplane.fan import Fan
from jobs.dataplane.flight_of_a_task import Flight
from jobs.dataplane.keeping import Keeping
from jobs.dataplane.pause import Pause
from jobs.dataplane.streaming import Streaming
from jobs.dataplane.unproven import Unmarked, believed, is_unmarked
from jobs.operations.attempts import tried
from jobs.operations.base import NoSuchCall, Outcome, Steps
from jobs.operations.checked import Checked, checked
from jobs.operations.context import Context
from jobs.operations.steps import Apart, Keep, Later, Stream, Together
from jobs.s3.answers import Answer, by_nobody_known
from jobs.s3.faults import means_no_such_call
from jobs.services.call import Call
from jobs.spec.target import Target

logger = logging.getLogger(__name__)

_ORDINARY = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
"""Keys that every storage can do something with; another may be what it cannot do."""


class Task:
    """With `is_checked` the object is looked at before and afterwards (operations.checked). Calls
    that must not be done twice say by themselves whether anything `may_be_done`; others always may.
    """

    __slots__ = (
        "_begun_s", "_fan", "_flying", "_index", "_seen", "_steps", "_target", "_unmarked", "budget",
        "flight", "has_ended", "is_alone", "is_checked", "is_leaving", "may_be_done", "tried_since_s", "tries",
    )  # fmt: skip

    def __init__(
        self,
        flight: Flight,
        index: int,
        target: Target,
        *,
        is_checked: bool = False,
        is_alone: bool = False,
        tried_since_s: float = 0.0,
    ) -> None:
        self.flight = flight
        self.budget = Budget()
        self.has_ended = False
        self.is_checked = is_checked
        self.is_alone = is_alone
        self.tried_since_s = tried_since_s
        self.tries = 1
        self._index = index
        self._target = target
        self._begun_s = flight.loop.time()
        self._fan: Fan | None = None
        self._flying = 0
        self.is_leaving = self.may_be_done = False
        self._seen = Checked(False)
        self._unmarked: list[Unmarked] = []

    @property
    def bucket(self) -> str:
        return self._target.bucket

    @property
    def indices(self) -> Sequence[int]:
        """Of the targets that it decides."""
        return (self._index,)

    # --- Its steps

    def begin(self) -> None:
        try:
            self._steps = self._make_steps()
            self._go_on(None)
        except Exception as error:
            self.broke(error)

    def take_over(self, began_s: float) -> Asking:
        """The first call, which was sent `began_s` without us (see short_way): what came of it is
        to be told to what is returned.
        """
        self._steps = self._make_steps()
        call = next(self._steps)
        assert isinstance(call, Call)  # noqa: S101 - it is the operation's only call
        self._flying += 1
        asking = Asking(self, call, self._told)
        asking.was_sent(began_s)
        return asking

    def _make_steps(self) -> Steps:
        operation = self.flight.work.operation
        if self.is_checked:
            return checked(operation, self._target, self._context(), self._looked)
        return operation.run(self._target, self._context())

    def _context(self) -> Context:
        return self.flight.context(self._index, self.tried_since_s)

    def _looked(self, seen: Checked) -> None:
        self._seen = seen
        self.flight.looked(self._index, seen)

    def _go_on(self, value: Any) -> None:
        if self.is_leaving:
            self.leave()
            return
        steps = self._steps
        try:
            step = steps.throw(value) if isinstance(value, Exception) else steps.send(value)
        except StopIteration as end:
            self._end_with(end.value)
            return
        if isinstance(step, Call):
            self._flying += 1
            Asking(self, step, self._told).send_in_turn()
        else:
            self._do(step)

    def _do(self, step: Together | Stream | Later | Apart | Keep) -> None:
        if isinstance(step, Together):
            self._fan = Fan(self, step)
            self._fan.begin()
        elif isinstance(step, Later):
            self._wait(step)
        elif isinstance(step, Stream):
            self._flying += 1
            Streaming(self, step, self._told).send_in_turn()
        elif isinstance(step, Apart):
            self.flight.apart(step.function, self._resume)
        else:
            self.may_be_done = True  # what it keeps is asked for again where it was begun alone
            self._keep(step)

    def _told(self, answer: Answer) -> None:
        self._flying -= 1
        self._go_on(answer)

    def _keep(self, step: Keep) -> None:
        Keeping(self.flight, self._index, step, self._resume, self.abandon).again()

    def _resume(self, value: Any) -> None:
        """From what was done apart; an exception of it is the task's."""
        if self.flight.over or self.has_ended:
            return
        try:
            self._go_on(value)
        except Exception as error:
            self.broke(error)

    # --- Waiting

    def _wait(self, step: Later) -> None:
        now_s = self.flight.loop.time()
        delay_s = self._delay_s(step, self.budget.elapsed_s(now_s))
        if delay_s is None:
            self._go_on(False)
            return
        if not step.free:
            self.budget.begin_trouble(now_s)
        self.flight.wait(Pause(self, step), delay_s)

    def _delay_s(self, step: Later, elapsed_s: float) -> float | None:
        """None where the budget is used up."""
        if step.few and self.tries >= FEW_TRIES and self._others_succeed():
            return None
        if step.delay_s is None:
            answer = Answer(0 if step.free else 500, "InternalError", "")
            return self.flight.delay_s(answer, attempt=self.tries, elapsed_s=elapsed_s)
        ends_s = elapsed_s + step.delay_s
        is_too_late = not step.free and ends_s >= self.flight.work.limits.task_deadline_s
        return None if is_too_late else step.delay_s

    def _others_succeed(self) -> bool:
        return self.flight.work.trust.done_s > self._begun_s

    def waited(self, step: Later) -> None:
        if not step.free:
            self.tries += 1
            self.budget.end_trouble(self.flight.loop.time())
        self._resume(True)

    # --- How far an answer is believed

    def as_told(self, call: Call, answer: Answer) -> Answer:
        """As the task takes it."""
        operation, habits = self.flight.work.operation, self.flight.habits(call.to)
        answer = unproven.taken(call, answer, settles=operation.settles)
        if not is_unmarked(answer) or call.is_look:
            return self._no_such_call(call, answer)
        if self.is_checked or call.action in habits.unmarked:
            self._unmarked.append(Unmarked(call, answer))
            return believed(answer)
        return by_nobody_known(answer)

    def _no_such_call(self, call: Call, answer: Answer) -> Answer:
        """Where the storage has no such call at all, the job need not ask for every object."""
        operation = self.flight.work.operation
        if call.action not in operation.needs or not means_no_such_call(answer):
            return answer
        is_ordinary = not self._target.version_id and _ORDINARY.fullmatch(self._target.key)
        if self.flight.work.trust.has_succeeded or not is_ordinary:
            return answer
        told = replace(answer, message=operation.without_it(answer))
        self.flight.refuse(told, for_job=True)
        return told

    # --- Its end

    def _end_with(self, outcome: Outcome) -> None:
        if isinstance(outcome, NoSuchCall):
            self.flight.refuse(outcome.answer, for_job=True)
        if self.tries > 1:
            outcome = tried(outcome, self.tries, self.budget.elapsed_s(self.flight.loop.time()))
        if outcome.succeeded and self._unmarked:
            self._end_unmarked(outcome)
        else:
            self.flight.decide(self._index, outcome)
        self._end()

    def _end_unmarked(self, outcome: Outcome) -> None:
        """It counts once it, or another like it, was looked at."""
        last = self._unmarked[-1]
        if not self.is_checked:
            self.flight.believe(self._index, outcome, last.shape)
        elif self._seen.finding.speaks_against:
            # A storage that marks its answers did not send this one, and what it did cannot be seen.
            self.flight.distrust(by_nobody_known(last.answer))
        else:
            for call, _ in self._unmarked:
                self.flight.habits(call.to).unmarked.add(call.action)
            self.flight.decide(self._index, outcome)

    def _fail(self, outcome: Outcome) -> None:
        self.flight.decide(self._index, outcome)
        self._end()

    def _end(self) -> None:
        self.has_ended = True
        self.flight.ended(self)

    def abandon(self, asking: object = None) -> None:
        """Something of it may not go on, now: it is run again later, once all that is in flight of
        it has ended.
        """
        self.is_leaving = True
        if self._fan is not None:
            self._fan.gave_up(asking)
        elif asking is not None:
            self._flying -= 1
        self.leave()

    def leave(self) -> None:
        """Once nothing of it is in flight."""
        if self._flying or (self._fan is not None and self._fan.flying):
            return
        if not self.may_be_done:
            self.flight.batch.untouched.update(self.indices)
        self._close()
        self._end()

    def _close(self) -> None:
        self._steps.close()

    def broke(self, error: Exception) -> None:
        """A task that breaks us fails: it would break the next worker, too, and so for ever."""
        logger.error("%s of %s", self.flight.work.operation.name, self._target, exc_info=error)
        if self.has_ended:
            self.flight.fail(error)
        else:
            if self._fan is not None:
                self._fan.leave()
            message = f"Task failed due to {error!r}"[:1024]
            self._fail(Outcome(False, 500, "InternalError", message))

    def fan_ended(self, answers: list[Answer | None]) -> None:
        self._fan = None
        self._go_on(answers)
