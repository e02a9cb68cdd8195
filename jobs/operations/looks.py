"""What an object is like, read back: for `Operation.survey` and `check`.

A look that is refused proves nothing: roles that may only do what their job needs are common.
"""

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jobs.operations import tags
from jobs.operations.base import Finding
from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.operations.storage_clock import Age, age
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.faults import says_gone
from jobs.s3.marks import name_a_storage
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.spec.target import Target

Look = Generator[Step, Any, Finding]


Identity = tuple[int, str, datetime | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of an object, as HeadObject tells them."""

    size_bytes: int
    etag: str
    last_modified: datetime | None
    data: Mapping[str, Any]

    @property
    def identity(self) -> Identity:
        """The same for one object as it was, and hardly for another that took its place."""
        return self.size_bytes, self.etag, self.last_modified

    def is_content_of(self, other: "Facts") -> bool:
        return (self.size_bytes, self.etag) == (other.size_bytes, other.etag)


def facts_in(answer: Answer) -> Facts | None:
    """None for a refusal, and for an answer that lacks what it must have."""
    data = answer.data
    if answer.code or "ContentLength" not in data or "ETag" not in data:
        return None
    return Facts(int(data["ContentLength"]), data["ETag"], data.get("LastModified"), data)


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer to a look, and when it was asked for and came, in seconds since 1970."""

    answer: Answer
    asked_s: float
    came_s: float

    @property
    def facts(self) -> Facts | None:
        return facts_in(self.answer)

    @property
    def is_gone(self) -> bool:
        return says_gone("HeadObject", self.answer)

    def age(self, moment_s: float) -> Age:
        """Of the object's last change."""
        changed = self.facts.last_modified if self.facts else None
        return age(changed, self.answer, moment_s, asked_s=self.asked_s, now_s=self.came_s)

    @property
    def said(self) -> str:
        """The answer, shortly."""
        return f"{self.answer.http_status or ''} {self.answer.code}".strip()


def ask(target: Target, context: Context, action: str, *, is_look: bool = True) -> Call:
    return Call(
        context.bucket(target.bucket), action, addressed(target), is_look=is_look, is_aside=True
    )


def see(target: Target, context: Context, *, is_look: bool = True) -> Generator[Step, Any, Seen]:
    """HeadObject has no words. Where its refusal has no mark either, GetObject shows who says so.
    With `is_look` false it is more than a look: what is done next depends on it.
    """
    asked_s = context.now_s()
    answer = yield ask(target, context, "HeadObject", is_look=is_look)
    if answer.http_status >= 400 and answer.proof is not Proof.PROVEN:
        call = ask(target, context, "GetObject", is_look=is_look)
        answer = yield replace(call, params={**call.params, "Range": "bytes=0-0"})
    return Seen(answer, asked_s, context.now_s())


def facts_of(target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
    return facts_in((yield ask(target, context, "HeadObject")))


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object and its tags; None for what could not be read."""

    facts: Facts | None
    tags: tags.Tags | None


def facts_and_tags(target: Target, context: Context) -> Generator[Step, Any, Tagged]:
    facts = yield from facts_of(target, context)
    answer = yield ask(target, context, "GetObjectTagging")
    return Tagged(facts, None if answer.code else tags.from_answer(answer.data))


def unseen(action: str, answer: Answer) -> Finding:
    """Noted, never a failure."""
    said = f"{answer.http_status} {answer.code}" if answer.http_status else answer.code
    return Finding(
        unseen=f"{action} was answered with {said}",
        speaks_against=answer.proof is not Proof.PROVEN or name_a_storage(answer.headers),
    )


def unseen_by(seen: Seen) -> Finding:
    return unseen("HeadObject", seen.answer)


def look_at_tags(target: Target, context: Context, wanted: Collection[tuple[str, str]]) -> Look:
    """Whether the object has exactly these tags."""
    answer = yield ask(target, context, "GetObjectTagging")
    if answer.code:
        return unseen("GetObjectTagging", answer)
    found = tags.from_answer(answer.data)
    return Finding() if sorted(found) == sorted(wanted) else Finding(lost="tags")
