"""What of a chunk is believed, and what is looked at before it counts."""

from typing import TYPE_CHECKING, cast

from jobs.dataplane.task import Task
from jobs.dataplane.trust import FAILED_ALONE
from jobs.operations.base import Finding, Outcome, Steps
from jobs.operations.checked import Checked, looked_at
from jobs.s3.answers import UNPROVEN, Answer, by_nobody_known
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.dataplane.flight import Flight


class Belief:
    """Of one chunk. Tasks whose answers nothing shows to come from a storage wait here until one of
    them was looked at, and then all of them count; or none does. Those whose answers had other
    headers are looked at for themselves: something else may have sent them.
    """

    def __init__(self, flight: "Flight") -> None:
        self._flight = flight
        self._believed: dict[frozenset[str], dict[int, Outcome]] = {}

    @property
    def is_open(self) -> bool:
        return bool(self._believed)

    def add(self, index: int, outcome: Outcome, shape: frozenset[str]) -> None:
        self._believed.setdefault(shape, {})[index] = outcome

    def holds(self, index: int) -> bool:
        return any(index in alike for alike in self._believed.values())

    def end(self) -> None:
        self._believed = {}

    def leave(self) -> None:
        """The flight is over, and not to be kept by what it keeps."""
        self.end()
        del self._flight

    def confirm(self) -> None:
        """Look at the last of some that are alike: what came in between came before it."""
        shape, alike = next(iter(self._believed.items()))
        index = next(reversed(alike))
        target = cast(Target, self._flight.work.targets[index])
        self._flight.count(1)
        _Look(self._flight, index, target, self, shape).begin()

    def confirmed(self, shape: frozenset[str], target: Target, finding: Finding) -> None:
        alike = self._believed.pop(shape, {})
        self._note(target, finding)
        waived = self._flight.work.trust.waived
        if finding.speaks_against:
            message = f"Nothing in the answers shows that a storage sent them; {finding.unseen}."
            self._flight.distrust(by_nobody_known(Answer(200, UNPROVEN, message)))
        elif waived or not finding.lost:
            for index, outcome in alike.items():
                self._flight.decide(index, outcome)

    def looked(self, target: Target, seen: Checked) -> None:
        """At a task on its way."""
        if not seen.has_done or seen.finding.is_unsure:
            self._flight.work.trust.bucket(target.bucket).want_another()
        self._note(target, seen.finding)

    def _note(self, target: Target, finding: Finding) -> None:
        batch, trust = self._flight.batch, self._flight.work.trust
        if finding.lost and not trust.waived:
            batch.doubt = f"{finding.sentence} Seen at s3://{target.bucket}/{target.key}"
        if finding.unseen and trust.is_new(finding.unseen):
            batch.notes.append(
                f"What the storage did was not checked for bucket {target.bucket}: {finding.unseen}"
            )

    def let_in(self, task: Task, *, has_succeeded: bool, has_failed: bool) -> None:
        """The task of a bucket that ran alone has ended: may others run beside each other now?"""
        trust = self._flight.work.trust.bucket(task.bucket)
        trust.alone_since_s = None
        trust.failed_alone += has_failed
        if has_succeeded:
            trust.checks_due = max(0, trust.checks_due - 1)
        if has_succeeded or trust.failed_alone >= FAILED_ALONE:
            trust.open()


class _Look(Task):
    """Nothing is changed by it, and it decides no task of its own."""

    __slots__ = ("_belief", "_finding", "_shape")

    def __init__(
        self,
        flight: "Flight",
        index: int,
        target: Target,
        belief: Belief,
        shape: frozenset[str],
    ) -> None:
        super().__init__(flight, index, target)
        self._shape = shape
        self._belief = belief
        self._finding: Finding | None = None

    def _make_steps(self) -> Steps:
        context = self.flight.context(self._index, 0.0)
        return looked_at(self.flight.work.operation, self._target, context, self._note)

    def _note(self, seen: Checked) -> None:
        self._finding = seen.finding

    def _end_with(self, outcome: Outcome) -> None:
        if self._finding is not None:
            self._belief.confirmed(self._shape, self._target, self._finding)
        self._end()

    def _fail(self, outcome: Outcome) -> None:
        """It broke us: what was believed is run again, by another worker perhaps."""
        self._belief.end()
        self._end()
