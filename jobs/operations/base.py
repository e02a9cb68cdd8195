"""What every operation is: a verb with checked parameters, and a small state machine per task."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from jobs.choices import Foreseen, ManifestField, OperationGroup, Risk
from jobs.errors import Problem
from jobs.operations.connected import Connected
from jobs.operations.context import Context
from jobs.operations.finding import NOTHING_TO_SEE as NOTHING_TO_SEE
from jobs.operations.finding import Finding as Finding
from jobs.operations.form import Form
from jobs.operations.permissions import Permission, of_calls
from jobs.operations.preconditions import Precondition
from jobs.operations.requests import Requests
from jobs.operations.saying import AtStake as AtStake
from jobs.operations.saying import counted as counted
from jobs.operations.saying import named as named
from jobs.operations.steps import Later, Step
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.s3.lacking import lacks
from jobs.services.call import Call
from jobs.spec.target import Target

SUCCESSFUL = "Successful"
"""ResultMessage of a plain S3 call that succeeded (docs/batch-operations.md, Rows of a report)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a task, as the report tells it."""

    succeeded: bool
    http_status: int
    code: str
    message: str


class NoSuchCall(Outcome):
    """How a task ends on a storage that cannot do such a thing to any object, so that the job need not
    ask for each.
    """

    __slots__ = ()

    @property
    def answer(self) -> Answer:
        return Answer(self.http_status, self.code, self.message)


NOT_KEPT = "NotKept"

DONE = Outcome(True, 200, "", SUCCESSFUL)
"""How nearly every task ends."""


Steps = Generator[Step, Any, Outcome]
"""A task on its way: yields what is to be done next (`operations.steps`), returns how it ended."""


class Operation(ABC):
    """`name` is the wire's, all other words are the console's.

    `does` is one sentence about what happens to each object. `loss` follows the number of objects
    before a job runs ("12 objects lose their current tags."), `undo` says what can be undone, and
    `understood` stands at the checkbox, where there is one. `lacks` is what a storage has not that
    answers 501: "This storage has no object tags". `form` asks for the parameters, and `examples`
    are some in wire form, the first the plainest, together using every member. `calls` are the actions
    of its tasks, `back` is how to go back by hand, and `again` what a task does that runs twice
    (docs/operations.md has them in a table).

    With `single_bucket` all objects of a job lie in one bucket; an operation that is not
    `idempotent` must bear that a task whose result was lost runs again. `chunk_rows` is how many
    tasks a worker takes at a time. One that has to be allowed for a Region first says in `opt_in`
    what that lets people do.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    group: ClassVar[OperationGroup]
    does: ClassVar[str]
    risk: ClassVar[Risk]
    loss: ClassVar[str] = "are changed."
    undo: ClassVar[str] = "You may not be able to undo this."
    understood: ClassVar[str] = "I understand what this does to these objects."
    lacks: ClassVar[str]
    calls: ClassVar[tuple[str, ...]] = ()
    back: ClassVar[str]
    again: ClassVar[str]
    form: ClassVar[Form] = Form()
    examples: ClassVar[tuple[Mapping[str, Any], ...]]
    single_bucket: ClassVar[bool] = False
    idempotent: ClassVar[bool] = True
    opt_in: ClassVar[str] = ""
    chunk_rows: ClassVar[int] = 500
    needs: ClassVar[frozenset[str]] = frozenset()
    """Actions without which no task can succeed: a storage that has none ends the job."""
    preconditions: ClassVar[tuple[Precondition, ...]] = ()
    """What every bucket of the list is asked for while the job is prepared."""
    needs_report: ClassVar[bool] = False
    """What it finds stands in the report alone: a job without one is refused."""
    keeps_state: ClassVar[bool] = False
    """Its tasks may yield `Keep`; `give_up` clears away what one left behind."""
    forgets_when_done: ClassVar[bool] = False
    """What a task kept is of no use once its success is recorded, and goes then by itself."""
    checks_rows: ClassVar[bool] = False
    """Rows are told by `unfit_row` while a job is prepared."""
    takes_delete_markers: ClassVar[bool] = False
    """It can do something to a delete marker; from other lists these are left out."""
    takes_free_keys: ClassVar[bool] = False
    """The key column of its lists may hold any text, which need not name an object."""
    settles: ClassVar[frozenset[str]] = frozenset()
    """Actions whose odd answers `run` settles by a look; others are asked for again."""
    guards_itself: ClassVar[bool] = False
    """Its own calls heed `Target.guard`, so that no look before is needed (`operations.guarded`)."""

    @classmethod
    @abstractmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        """From the wire structure of the member as JSON. Raises ValidationFailedError, with field
        paths such as `TagSet[1].Key`.
        """

    @abstractmethod
    def to_wire(self) -> dict[str, Any]: ...

    @abstractmethod
    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        """What will happen to how many objects of which buckets, as a sentence."""

    @abstractmethod
    def summary(self) -> list[tuple[str, str]]:
        """The parameters, as labels and values for a person."""

    def effect_on(self, key: str) -> str:
        """What happens to one object, as a sentence; empty where that cannot be said."""
        return ""

    def danger(self) -> Risk:
        """The risk with these parameters, where they make it another than the usual one."""
        return self.risk

    def at_stake(self) -> AtStake:
        """With these parameters, where they make it other than usual."""
        return AtStake(self.loss, self.undo, self.understood)

    def needs_object(self) -> bool:
        """Whether a task whose object is not there has nothing to do."""
        return True

    def conditions(self) -> tuple[Precondition, ...]:
        """`preconditions`, where these parameters make them other than usual."""
        return self.preconditions

    def unfit_columns(self, fields: Sequence[ManifestField]) -> str:
        """Why a list with these columns cannot be used, as a sentence; empty where it can."""
        return ""

    def unfit_row(self, bucket: str, key: str) -> str:
        """Why a row cannot be run, as "lies ..."; quick, as each is asked about if `checks_rows`."""
        return ""

    def too_late(self, now: datetime) -> list[Problem]:
        """What is wrong with them in a job that is made `now`, and was not always: a past date."""
        return []

    def unfit_for(self, buckets: Sequence[str], *, has_versions: bool) -> list[Problem]:
        """What is wrong with these parameters for a list that names these buckets, and versions."""
        return []

    def target_buckets(self) -> list[str]:
        """Buckets that are written besides those of the list."""
        return []

    def connections(self) -> list[Connected]:
        """What its tasks call besides storages."""
        return []

    def permissions(self) -> tuple[Permission, ...]:
        """What the role must be allowed for these parameters, and what helps looks."""
        return of_calls(self.needs)

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        """What the tasks of a list in these buckets ask for, where nothing goes wrong. The looks at
        the first objects of each bucket come on top.
        """
        return tuple(Requests(one) for one in self.calls or self.needs if one in self.needs)

    def knowing(self, found: Mapping[str, Any]) -> Self:
        """With what its preconditions found, by bucket (`Precondition.keep`)."""
        return self

    def target_places(self) -> list[tuple[str, str]]:
        """Those that lie in a Region that the parameters name: its slug, and the bucket."""
        return []

    def foresee(self, target: Target, context: Context) -> Steps:
        """What `run` would do, by reads alone: a task of a dry run; see `operations.foreseeing`."""
        return Outcome(
            True, 200, Foreseen.CANNOT_TELL, "Cannot tell: this operation has no preview."
        )
        yield

    def only_look(self, target: Target, context: Context) -> Call | None:
        """The one read that `foresee` is, where the data of its success alone decides what is said."""
        return None

    # --- How a task runs: see "The contract of a task" in jobs/README.md

    def only_call(self, target: Target, context: Context) -> Call | None:
        """The one call that a task is, where those of a bucket differ in nothing but what stands for
        the object (its key, its version, `PerObject` values) and a success ends the task as DONE:
        such calls cost half. None where tasks are more, or where that cannot be said yet.
        """
        return None

    def run(self, target: Target, context: Context) -> Steps:
        """The task, step by step, to its Outcome."""
        call = self.only_call(target, context)
        if call is None:
            raise TypeError(f"{self.name} says neither what its only call is nor how it runs")
        return outcome_of((yield call))

    def without_it(self, answer: Answer) -> str:
        """Why no task can succeed on a storage that has no such call."""
        return lacks(self.lacks, answer)

    def judge(self, call: Call, answer: Answer) -> Verdict | Later | None:
        """What an answer means, where that differs from what the service would make of it: a Verdict,
        or when to ask again. None leaves it to the service. Only for answers that are no plain
        success, so it costs nothing.
        """
        return None

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Any]:
        """Before one of a bucket's first tasks: what `check` will compare with."""
        return None
        yield

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        """After a task that succeeded: whether the storage did and kept what was asked. `before` is
        what `survey` returned, None where it was not asked.
        """
        return NOTHING_TO_SEE
        yield

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        """Get by calls of their own what a storage accepted and did not keep, and remember (in
        `Habits`) to do so from now on. False where that cannot be done.
        """
        return False
        yield

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        """Clear away what a task left behind whose state still lies there (`context.kept`) when its
        job ends: it was not run again, or it ended and did not forget its state. Returns why
        something stays, None where nothing does. May be done more than once.
        """
        return None
        yield


def outcome_of(answer: Answer) -> Outcome:
    """How a task ends whose last call was answered so; success is 200 in a report.

    See docs/batch-operations.md, Rows of a report.
    """
    if not answer.code:
        return DONE
    return Outcome(False, answer.http_status, answer.code, answer.message or answer.code)


def not_kept(finding: Finding) -> Outcome:
    """How a task ends whose call was accepted, and not done as asked."""
    return Outcome(False, 200, NOT_KEPT, finding.sentence)
