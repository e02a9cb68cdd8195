"""A dry run as an operation of its own: what another one would do, found out by reads alone.

Whatever the other operation asks for passes through here, and nothing but reads gets through: that
is the client that cannot write. What passes also shows what each object is like now: the guard of
the job that is run for real.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Never

from jobs.choices import Risk
from jobs.operations import looks
from jobs.operations.base import Operation, Outcome, Steps, counted
from jobs.operations.batch import BatchOperation, Ended
from jobs.operations.context import Context
from jobs.operations.foreseeing import Foresight
from jobs.operations.guard_looks import guard_of
from jobs.operations.listed_looks import FEWEST, MOST_LISTED, Guards, are_listed, listed
from jobs.operations.steps import Later, Relay, Step, Stream, Together
from jobs.operations.unchanged import difference
from jobs.s3.answers import Answer
from jobs.s3.faults import says_gone
from jobs.services.call import Call
from jobs.spec.target import Guard, Target

READS = ("Get", "Head", "List")
"""What the actions begin with that change nothing, in S3 as in its neighbours."""


class WriteInDryRunError(Exception):
    """An operation asked for something else than a read while it should only look."""


@dataclass(frozen=True, slots=True)
class Looked(Outcome):
    """How a task of a dry run ends: `seen` is what its object was like, None where it could not be
    looked at.
    """

    seen: Guard | None = None


class DryRun(BatchOperation):
    """Nobody asks for it by name, so it is not in the registry: a job says that it is a dry run.

    Its tasks go together for one thing alone: to see in a listing what each would have to be asked
    for. How they end is found out one by one.
    """

    name = label = "Dry run"
    does = "Says of each object what would happen to it. Nothing is changed."
    risk = Risk.SAFE
    batch_size = MOST_LISTED

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Never:
        raise TypeError("it is made from another operation")

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return f"Looks at {counted(total)} and changes nothing."

    def summary(self) -> list[tuple[str, str]]:
        return self._operation.summary()

    def target_buckets(self) -> list[str]:
        return self._operation.target_buckets()

    def target_places(self) -> list[tuple[str, str]]:
        return self._operation.target_places()

    def foresee(self, target: Target, context: Context) -> Steps:
        return self._operation.foresee(target, context)

    def only_look(self, target: Target, context: Context) -> Call | None:
        return self._operation.only_look(target, context)

    def foretold(self, target: Target, context: Context, data: Mapping[str, Any]) -> Outcome | None:
        """What `run` says of an object that was listed where its `only_look` succeeded with `data`;
        None where that has to be seen step by step.
        """
        steps = reads_alone(self.foresee(target, context), Sight(target, context, Guard()))
        next(steps)
        try:
            steps.send(Answer(200, "", "", data))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome if type(outcome) is Outcome else None
        return None

    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        by_bucket: dict[str, list[int]] = {}
        for n in are_listed(targets):
            by_bucket.setdefault(targets[n].bucket, []).append(n)
        together = [some for some in by_bucket.values() if len(some) >= FEWEST]
        alone = set(range(len(targets))).difference(*together)
        return [*together, *([n] for n in sorted(alone))]

    def most_at_once(self, target: Target, context: Context) -> int:
        return self.batch_size

    def run_many(self, targets: Sequence[Target], context: Context) -> Generator[Step, Any, Ended]:
        """Nothing is decided here. An operation whose own first read is HeadObject needs no listing.
        Of one object it is looked whether the listing says the same as HeadObject does, which the
        job that is run for real will ask.
        """
        sight = Sight(targets[0], context)
        first = next(self.foresee(targets[0], context), None)
        if first is not None and not sight.shows(first):
            seen = yield from listed(targets, context)
            if seen and (yield from _is_like_a_look(targets[0].bucket, seen, context)):
                context.seen_before |= {(targets[0].bucket, key): seen[key] for key in seen}
        return Ended([None] * len(targets), [[n] for n in range(len(targets))])

    def run(self, target: Target, context: Context) -> Steps:
        sight = Sight(target, context, _listed(target, context))
        outcome = yield from reads_alone(self.foresee(target, context), sight)
        if sight.is_wanted:
            sight.notice(sight.look, (yield sight.look))
        if type(outcome) is not Outcome:
            return outcome  # it says more than how the task ends
        said = (outcome.succeeded, outcome.http_status, outcome.code, outcome.message)
        return Looked(*said, seen=sight.seen)


class Sight:
    """What is seen of a task's object: in a listing, else in the first HeadObject of the task's own
    that passes, or by one before all other reads. Before, not after: what changes in between is then
    not taken for what was looked at.
    """

    def __init__(self, target: Target, context: Context, listed: Guard | None = None) -> None:
        self.seen = listed
        self.is_wanted = listed is None
        if self.is_wanted:
            self.look = looks.ask(target, context, "HeadObject", is_look=False)

    def shows(self, step: Step) -> bool:
        return isinstance(step, Call) and (step.to, step.action, step.params) == (
            self.look.to,
            self.look.action,
            self.look.params,
        )

    def notice(self, step: Step, answer: Any) -> None:
        """What came of a step, whichever it was."""
        if self.is_wanted and self.shows(step) and isinstance(answer, Answer):
            self.is_wanted = False
            if says_gone("HeadObject", answer):
                self.seen = Guard(is_absent=True)
            elif not answer.code:
                self.seen = guard_of(answer)


def _listed(target: Target, context: Context) -> Guard | None:
    return None if target.version_id else context.seen_before.get((target.bucket, target.key))


def _is_like_a_look(bucket: str, seen: Guards, context: Context) -> Generator[Step, Any, bool]:
    """Some storages have another ETag or another size in their listings."""
    key = next(iter(seen))
    answer: Answer = yield looks.ask(Target(bucket, key), context, "HeadObject")
    return not answer.code and not difference(seen[key], guard_of(answer))


def reads_alone(steps: Foresight, sight: Sight) -> Steps:
    """The same steps, until one that is no read. Raises WriteInDryRunError there, which fails the
    task alone, and nothing is sent.
    """
    told: Any = None
    while True:
        try:
            step = steps.throw(told) if isinstance(told, Exception) else steps.send(told)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        try:
            checked = _checked(step)
            if sight.is_wanted and not sight.shows(step):
                sight.notice(sight.look, (yield sight.look))
            told = yield checked
            sight.notice(step, told)
        except Exception as error:
            told = error


def _checked(step: Step) -> Step:
    if isinstance(step, Call):
        return _read(step)
    if isinstance(step, Stream):
        return replace(step, call=_read(step.call))
    if isinstance(step, Together):
        return replace(step, calls=_reads(step))
    if isinstance(step, Later):
        return step
    raise WriteInDryRunError(f"{type(step).__name__} is nothing that a dry run does")


def _reads(step: Together) -> Generator[Call, None, None]:
    yield from map(_read, step.calls)


def _read(call: Call | Relay) -> Call:
    if isinstance(call, Relay) or not call.action.startswith(READS):
        action = "Relay" if isinstance(call, Relay) else call.action
        raise WriteInDryRunError(f"{action} may change something")
    return call
