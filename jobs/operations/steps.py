"""What a task does on its way: the steps that an operation's `run` yields, and how each is answered.

| step | what the task machine does | what the `yield` is answered with |
|---|---|---|
| `Call` | sends it, with the retries of its service | its final `Answer` |
| `Together` | sends several calls, or relays, side by side | their answers, in order |
| `Stream` | sends a call and hands on the body as it comes | its final `Answer` |
| `Later` | waits | whether the task may go on |
| `Apart` | runs a function off the loop | what it returned |
| `Keep` | remembers a small state beyond a pause or a kill | None |
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jobs.s3.answers import Answer
from jobs.s3.content import Content
from jobs.services.call import Call


@dataclass(frozen=True, slots=True)
class Relay:
    """One of a `Together`: `source` is answered with exactly `size_bytes` of an object whose ETag is
    `etag`, and the call that `upload` makes of them sends them elsewhere. They are held in memory
    meanwhile, of which all tasks of a worker share so much (`dataplane.room`); one that waits for room
    holds nothing. `differs` says in a thread what is wrong with what the other side has, as far as
    its answer shows, "" where nothing is.

    Answered with what the last call of the two was answered, or with CHANGED, INCOMPLETE or DIFFERS as
    code. Of a refusal the message says which call it was.
    """

    source: Call
    size_bytes: int
    etag: str
    upload: Callable[[bytearray], Call]
    differs: Callable[[Content, Answer], str]


CHANGED = "ObjectChanged"
"""The code of a task that left its object alone since it is another than the one that was seen."""

INCOMPLETE, DIFFERS = "IncompleteBody", "BadDigest"


@dataclass(frozen=True, slots=True)
class Together:
    """`at_once` of the calls are in flight at most, and all of them count in the job's limit. After
    one that failed for good no other is begun: those have None as their answer.
    """

    calls: Iterable[Call | Relay]
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Stream:
    """`into` is given the body of a successful answer piece by piece, in a thread of its own and in
    order; a view is lent until it returns. What comes faster than it takes waits in the storage. It is not sent again by itself once
    a piece was handed on: the answer then says that the connection was lost.

    `began` is told what the head of the answer says, before the first piece. Pieces are gathered
    until they have `gathered_bytes`, since each way to a thread costs; a body that is shorter comes
    on the loop itself, so what is done with it must be done within a millisecond. One that `is_quick`
    takes all its pieces there: half a MiB in less time than a way to a thread and back takes.
    """

    call: Call
    into: Callable[[bytes | memoryview], object]
    began: Callable[[Answer], object] | None = None
    gathered_bytes: int = 0
    is_quick: bool = False


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
