"""What a task does on its way: the steps that an operation's `run` yields, and how each is answered.

| step | what the task machine does | what the `yield` is answered with |
|---|---|---|
| `Call` | sends it, with the retries of its service | its final `Answer` |
| `Together` | sends several calls side by side | their answers, in order |
| `Stream` | sends a call and hands on the body as it comes | its final `Answer` |
| `Later` | waits | whether the task may go on |
| `Apart` | runs a function off the loop | what it returned |
| `Keep` | remembers a small state beyond a pause or a kill | None |
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jobs.s3.answers import Answer
from jobs.services.call import Call


@dataclass(frozen=True, slots=True)
class Together:
    """`at_once` of the calls are in flight at most, and all of them count in the job's limit. After
    one that failed for good no other is begun: those have None as their answer.
    """

    calls: Iterable[Call]
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Stream:
    """`into` is given the body of a successful answer piece by piece, in a thread of its own and in
    order; a view is lent until it returns. What comes faster than it takes waits in the storage. It is not sent again by itself once
    a piece was handed on: the answer then says that the connection was lost.

    `began` is told what the head of the answer says, before the first piece. Pieces are gathered
    until they have `gathered_bytes`, since each way to a thread costs; a body that is shorter comes
    on the loop itself, so what is done with it must be done within a millisecond.
    """

    call: Call
    into: Callable[[bytes | memoryview], object]
    began: Callable[[Answer], object] | None = None
    gathered_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Later:
    """Go on after `delay_s`, None for what is usual after so many tries. Answered with False where the
    task's budget is used up, and then at once: what was found so far is final. With `free` it is no
    failure that is waited for, and uses up nothing. With `few` it may be the object's own trouble:
    few waits have to do while others succeed.
    """

    delay_s: float | None = None
    free: bool = False
    few: bool = False


@dataclass(frozen=True, slots=True)
class Apart:
    """What takes longer than a millisecond, or waits for something that is no call."""

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Keep:
    """`state` lies in work storage before the task goes on (an upload's ID, say), and is
    `Context.kept` when the task is run again after a pause or a kill. b"" forgets it. Only for an
    operation that `keeps_state`.

    With `instead_of` it takes the place of that alone (b"" for nothing). Where anything else lies
    there, somebody else has taken over: the task goes no further, and counts as not run.
    """

    state: bytes
    instead_of: bytes | None = None


class Interrupted(Exception):
    """Thrown at a step of a request about many targets: nothing may begin any more. The outcomes
    that it then returns count, and what it yields is not done.
    """


Step = Call | Together | Stream | Later | Apart | Keep
