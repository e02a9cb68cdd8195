"""A copy that its storage makes with one request, and what some storages do not take with it."""

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobs.operations import tags
from jobs.operations.base import DONE, Finding, Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying import copy_looks
from jobs.operations.copying.large_copy_limits import says_too_large
from jobs.operations.copying.large_copy_source import refused
from jobs.operations.steps import Later, Step
from jobs.s3.answers import Answer
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.services.habits import Habits
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy


def only_call(copy: "PutObjectCopy", target: Target, context: Context) -> Call | None:
    habits = context.habits_of(copy.place(context))
    tags_later = habits.tags_after_copy and (copy.new_tags is not None or _loses_tags(copy))
    if tags_later or habits.tags_after_every_copy or _locks_later(copy, habits):
        return None
    return copy.copy_call(target, context)


def run(
    copy: "PutObjectCopy", target: Target, context: Context
) -> Generator[Step, Any, Outcome | Answer]:
    """An Answer where it says that the object is too large for one request. The tags to keep are
    read before the copy.
    """
    source_tags = None
    if _reads_tags(copy, context.habits_of(copy.place(context))):
        tagging = yield from copy.read_tags(target, context)
        if tagging.code:
            return outcome_of(tagging)
        source_tags = tags.from_answer(tagging.data)
    began_s = context.now_s()
    answer: Answer = yield copy.copy_call(target, context)
    while answer.proof is Proof.ODD:
        settled = yield from copy_looks.settle(copy, target, context, began_s, answer)
        if settled is not None:
            if not settled.succeeded:
                return settled
            break
        if not (yield Later()):
            return outcome_of(answer)
        answer = yield copy.copy_call(target, context)
    else:
        if says_too_large(answer):
            return answer
        if answer.code:
            return refused(answer)
    return (yield from complete(copy, target, context, answer, source_tags))


def complete(
    copy: "PutObjectCopy",
    target: Target,
    context: Context,
    answer: Answer,
    source_tags: tags.Tags | None,
) -> Steps:
    """By calls of their own, what this storage does not take with a copy: of the version that the
    copy made; of the newest one where its answer names none.
    """
    there = copy.place(context)
    habits = context.habits_of(there)
    made = {"Key": copy.target_key(target.key)}
    if answer.data.get("VersionId"):
        made["VersionId"] = answer.data["VersionId"]
    calls: list[tuple[str, Call]] = []
    wanted = copy.new_tags if copy.new_tags is not None else source_tags
    # A copy whose metadata were replaced has no tags there already.
    clears = copy.new_tags == () and copy.metadata.replaced is None
    if habits.tags_after_copy and wanted is not None and (wanted or clears):
        tagging = {"Tagging": {"TagSet": tags.to_tag_set(wanted)}}
        calls.append(("its tags were not set", Call(there, "PutObjectTagging", made | tagging)))
    if habits.lock_after_copy:
        calls += copy_looks.lock_calls(copy, there, made)
    for lacking, call in calls:
        answer = yield call
        if answer.code:
            outcome = outcome_of(answer)
            message = f"The object was copied, but {lacking}: {outcome.message}"
            return replace(outcome, message=message)
    return DONE


def mend(
    copy: "PutObjectCopy", target: Target, context: Context, finding: Finding
) -> Generator[Step, Any, bool]:
    habits = context.habits_of(copy.place(context))
    if finding.lost not in copy_looks.MENDED:
        return False
    if finding.lost == copy_looks.TAGS:
        habits.tags_after_copy = True
        keeps_all = copy.new_tags is None and not _loses_tags(copy)
        habits.tags_after_every_copy = habits.tags_after_every_copy or keeps_all
    else:
        habits.lock_after_copy = True
    source_tags = None
    if _reads_tags(copy, habits):
        answer = yield from copy.read_tags(target, context)
        if answer.code:
            return False
        source_tags = tags.from_answer(answer.data)
    outcome = yield from complete(copy, target, context, Answer(200, "", ""), source_tags)
    return outcome.succeeded


def _loses_tags(copy: "PutObjectCopy") -> bool:
    """Whether the source's tags are to be kept though its metadata are not."""
    return copy.new_tags is None and copy.metadata.replaced is not None


def _reads_tags(copy: "PutObjectCopy", habits: Habits) -> bool:
    loses = habits.tags_after_copy and _loses_tags(copy)
    return copy.new_tags is None and (loses or habits.tags_after_every_copy)


def _locks_later(copy: "PutObjectCopy", habits: Habits) -> bool:
    return habits.lock_after_copy and bool(copy_looks.LOCK_MEMBERS & copy.members.keys())
