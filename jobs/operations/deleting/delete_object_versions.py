"""Deleting by key: every version, delete markers alone, or noncurrent versions. What there is of the
key is listed, and exactly the versions that were listed are deleted: so what somebody writes meanwhile
is not touched, and a repeat does no harm.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.operations.base import Finding, NoSuchCall, Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.deleting import delete_object_alone, delete_object_together
from jobs.operations.deleting.delete_object_batches import MOST_KEYS, are_for_xml
from jobs.operations.deleting.delete_object_form import EVERY, MARKERS, NONCURRENT
from jobs.operations.deleting.object_versions import Entry, Listed, counted, versions_of
from jobs.operations.foreseeing import Foresight, already_so, from_refusal, would_change
from jobs.operations.looks import unseen
from jobs.operations.steps import Step
from jobs.operations.storage_clock import Age
from jobs.operations.unchanged import changed, difference, guard_of_entry
from jobs.s3.answers import Answer
from jobs.s3.deletions import ACTION
from jobs.s3.faults import Verdict, classify, means_no_such_call, says_gone
from jobs.spec.target import Target

VERSIONS_LEFT = "VersionsLeft"
NO_LATEST = "The storage does not say which version is the newest. Nothing was deleted."
_NOTHING = {
    EVERY: "There is no version of this key.",
    MARKERS: "The key has no delete marker.",
    NONCURRENT: "The key has no noncurrent version to delete.",
}


@dataclass(frozen=True, slots=True)
class ByKey:
    """One of the modes that go by keys. `kept` noncurrent versions of each stay."""

    mode: str
    kept: int = 0
    bypass: bool = False

    def run(self, target: Target, context: Context) -> Steps:
        before = yield from versions_of(target, context)
        if before.answer.code:
            return _refused(before.answer)
        if not before.entries:
            return Outcome(True, 200, "", f"Successful. {_NOTHING[self.mode]}")
        if self.mode == NONCURRENT and before.latest is None:
            return Outcome(False, 409, "NoLatestVersion", NO_LATEST)
        if why := _difference(target, before):
            return changed(why)
        going = self._going(before, context.tried_since_s)
        if not going and self.mode != EVERY:
            return Outcome(True, 200, "", f"Successful. {_NOTHING[self.mode]}")
        refusals = yield from self._delete(target, context, before, going)
        if self.mode == EVERY:
            return (yield from _counted_afterwards(target, context, going, refusals))
        return _ended(going, refusals)

    def foresee(self, target: Target, context: Context) -> Foresight:
        listed = yield from versions_of(target, context)
        if listed.answer.code:
            return from_refusal("ListObjectVersions", listed.answer)
        going = self._going(listed, 0.0)
        if not going:
            return already_so(_NOTHING[self.mode])
        message = f"Would be deleted for good: {counted(going)}."
        back = next((entry for entry in listed.entries if not entry.is_marker), None)
        latest = listed.latest
        if self.mode == MARKERS and latest and latest.is_marker:
            message += " The object comes back." if back else " Nothing is left of the key."
        elif self.mode == NONCURRENT:
            left = [entry for entry in listed.entries if entry not in going]
            message += f" Kept: {counted(left)}."
        return would_change(message)

    def check(self, target: Target, context: Context) -> Generator[Step, Any, Finding]:
        """That nothing is there any more which was to go, and was there when the task began."""
        listed = yield from versions_of(target, context)
        if listed.answer.code:
            return unseen("ListObjectVersions", listed.answer)
        there = self._going(listed, 0.0)
        began_s = context.tried_since_s or context.began_s
        if any(listed.age(entry, began_s) is Age.OLDER for entry in there):
            return Finding(lost="deletion")
        return Finding(is_unsure=bool(there))

    def _going(self, listed: Listed, tried_since_s: float) -> Sequence[Entry]:
        """What is to be deleted: of a task that was tried before, nothing that came later."""
        entries = listed.entries
        if self.mode == MARKERS:
            going = [entry for entry in entries if entry.is_marker]
        elif self.mode == NONCURRENT:
            old = [entry for entry in entries if not entry.is_latest]
            kept = [entry for entry in old if not entry.is_marker][: self.kept]
            going = [entry for entry in old if entry not in kept]
        else:
            going = list(entries)
        if not tried_since_s:
            return going
        return [entry for entry in going if listed.age(entry, tried_since_s) is not Age.NEWER]

    def _delete(
        self, target: Target, context: Context, listed: Listed, going: Sequence[Entry]
    ) -> Generator[Step, Any, Sequence[Outcome]]:
        """Refusals. With a guard the newest goes last: it shows a repeat that all is as it was."""
        last = [entry for entry in going if target.guard and entry is listed.latest]
        first = [entry for entry in going if entry not in last]
        refusals: list[Outcome] = []
        for part in (first, last):
            for start in range(0, len(part), MOST_KEYS):
                some = part[start : start + MOST_KEYS]
                refusals += yield from self._delete_some(target, context, some)
        return refusals

    def _delete_some(
        self, target: Target, context: Context, entries: Sequence[Entry]
    ) -> Generator[Step, Any, Sequence[Outcome]]:
        """Together where that goes; whatever that leaves open, each by a call of its own."""
        versions = [Target(target.bucket, target.key, entry.version_id) for entry in entries]
        refusals, open_ones = [], versions
        habits = context.habits_of(context.bucket(target.bucket))
        names = [entry.version_id for entry in entries]
        if len(versions) > 1 and habits.at_once > 1 and are_for_xml([target.key], names):
            answer = yield delete_object_together.call_for(
                versions, context.bucket(target.bucket), bypass=self.bypass
            )
            if classify(answer) is Verdict.STOP:
                return [outcome_of(answer)]
            if means_no_such_call(answer):
                habits.at_once = 1
            if not answer.code:
                open_ones = []
                told = delete_object_together.answers(versions, answer)
                for version, single in zip(versions, told, strict=True):
                    if single is None or classify(single) is Verdict.RETRY:
                        open_ones.append(version)
                    elif single.code and not says_gone(ACTION, single):
                        refusals.append(_about(version, outcome_of(single)))
        for version in open_ones:
            outcome = yield from delete_object_alone.run(version, context, bypass=self.bypass)
            if not outcome.succeeded:
                refusals.append(_about(version, outcome))
        return refusals


def _refused(answer: Answer) -> Outcome:
    """Of the listing: nothing was deleted."""
    if means_no_such_call(answer):
        message = "This storage has no listing of versions, so what there is of a key is not known."
        return NoSuchCall(False, answer.http_status, answer.code, message)
    return outcome_of(answer)


def _difference(target: Target, listed: Listed) -> str:
    """Of the newest version from what was seen of it."""
    if target.guard is None:
        return ""
    latest = listed.latest
    if latest is None:
        return "the storage does not say which version is the newest"
    if latest.is_marker and target.guard.etag:
        return "it was deleted"
    return difference(target.guard, guard_of_entry(latest))


def _about(version: Target, outcome: Outcome) -> Outcome:
    message = f"version {version.version_id}: {outcome.message}"
    return Outcome(False, outcome.http_status, outcome.code, message)


def _ended(going: Sequence[Entry], refusals: Sequence[Outcome]) -> Outcome:
    if refusals:
        return _failed(refusals, f"{len(refusals):,} of {len(going):,} were not deleted")
    return Outcome(True, 200, "", f"Successful. Deleted: {counted(going)}.")


def _failed(refusals: Sequence[Outcome], what: str) -> Outcome:
    """With the code of the first refusal."""
    first = refusals[0]
    return Outcome(False, first.http_status, first.code, f"{what}. The first is {first.message}")


def _counted_afterwards(
    target: Target, context: Context, going: Sequence[Entry], refusals: Sequence[Outcome]
) -> Steps:
    """The proof: a second listing, and only where that shows nothing has the task succeeded."""
    after = yield from versions_of(target, context)
    if after.answer.code:
        message = (
            "What is left of the key could not be counted: ListObjectVersions was answered with"
            f" {after.answer.code}."
        )
        return Outcome(False, after.answer.http_status or 500, after.answer.code, message)
    left = after.entries
    if not left:
        message = f"Successful. Deleted: {counted(going)}. Counted afterwards: nothing is left."
        return Outcome(True, 200, "", message)
    told = f"Counted afterwards, {counted(left)} {'is' if len(left) == 1 else 'are'} left"
    if refusals:
        return _failed(refusals, told)
    listed_before = {entry.version_id for entry in going}
    is_new = all(entry.version_id not in listed_before for entry in left)
    why = "written since the task began" if is_new else "though the storage said that it deleted it"
    return Outcome(False, 409, VERSIONS_LEFT, f"{told}, {why}.")
