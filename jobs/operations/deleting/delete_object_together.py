"""Deleting many objects by one request. Its answer is not the answer for each: what it leaves open
is settled key by key, and a refusal of the whole is halved until the culprit stands alone.
"""

from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from jobs.operations import looks
from jobs.operations.base import DONE, Outcome, outcome_of
from jobs.operations.batch import Ended
from jobs.operations.context import Context
from jobs.operations.deleting.delete_object_form import BYPASS
from jobs.operations.steps import Interrupted, Later, Step, Together
from jobs.operations.storage_clock import Age
from jobs.s3.answers import Answer
from jobs.s3.deletions import ACTION, ALL_GONE, Listed
from jobs.s3.error_codes import STATUSES
from jobs.s3.faults import (
    Verdict,
    classify,
    is_never_cut_short,
    is_unreachable,
    may_have_been_done,
    may_have_been_heard,
    means_no_such_call,
    says_gone,
)
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target

MOST_REFUSALS = 10
"""Of whole requests in a chunk; then its other keys go alone."""

MOST_LOOKS = 64
"""After a request was refused as a whole."""

_REFUSED, _REFUSED_KEYS, _FINE = "refused", "keys refused", "fine after refused"


def judge(call: Call, answer: Answer) -> Verdict | None:
    """A request about many that is refused with 500 is halved, for one odd key may be its cause; to
    try it again as it is would take a minute. One that is to go slower is tried again.
    """
    is_refused = answer.http_status >= 500 and answer.proof is Proof.PROVEN
    if call.action == ACTION and is_refused and not is_never_cut_short(answer):
        return Verdict.FINAL
    return None


def run_many(
    targets: Sequence[Target], context: Context, *, bypass: bool = False
) -> Generator[Step, Any, Ended]:
    """With `bypass` also what governance retention protects."""
    outcomes: list[Outcome | None] = [None] * len(targets)
    try:
        return (yield from _ask(targets, context, outcomes, bypass))
    except Interrupted:
        return Ended(outcomes)


def _ask(
    targets: Sequence[Target],
    context: Context,
    outcomes: list[Outcome | None],
    bypass: bool,
) -> Generator[Step, Any, Ended]:
    """`outcomes` are those that are settled so far."""
    there = context.bucket(targets[0].bucket)
    pending: Sequence[int] = range(len(targets))
    while True:
        asked = targets if len(pending) == len(targets) else [targets[n] for n in pending]
        call = call_for(asked, there, bypass=bypass)
        sent_s = context.now_s()
        answer = yield call
        if answer.code:
            return (yield from _refused(answer, pending, targets, outcomes, context, sent_s))
        if answer is ALL_GONE and len(asked) == len(targets):  # nearly always so
            _accepted(asked, context)
            return Ended([DONE] * len(targets))
        found = answers(asked, answer)
        unclear, again = [], []
        for n, single in zip(pending, found, strict=True):
            if single is None or (may_have_been_done(single) and not targets[n].version_id):
                unclear.append(n)
            elif single.code and classify(single) is Verdict.RETRY:
                again.append((n, outcome_of(single)))
            else:
                outcomes[n] = _end(single)
        if unclear:
            if not any(found):
                # It names nothing: alone, each costs one request instead of two.
                context.habits_of(there).at_once = 1
            alone = [[n] for n in (*unclear, *(n for n, _ in again))]
            return Ended(outcomes, alone, tried_since_s=sent_s)
        _accepted(asked, context)
        if not again or not (yield Later()):
            for n, refused in again:
                outcomes[n] = refused
            return Ended(outcomes)
        pending = [n for n, _ in again]


def _refused(
    answer: Answer,
    pending: Sequence[int],
    targets: Sequence[Target],
    outcomes: list[Outcome | None],
    context: Context,
    sent_s: float,
) -> Generator[Step, Any, Ended]:
    """The request as a whole."""
    habits = context.habits_of(context.bucket(targets[0].bucket))
    if may_have_been_heard(answer):
        return (yield from _unheard(answer, pending, targets, outcomes, sent_s))
    if means_no_such_call(answer):
        habits.at_once = 1
        return Ended(outcomes, [[n] for n in pending])
    if classify(answer) is Verdict.STOP or (is_never_cut_short(answer)):
        for n in pending:
            outcomes[n] = outcome_of(answer)
        return Ended(outcomes)
    if (yield from _has_done_some(pending, targets, context, sent_s)):
        return Ended(outcomes, [[n] for n in pending], tried_since_s=sent_s)
    tally = context.tally
    tally[_REFUSED] += 1
    tally[_REFUSED_KEYS], tally[_FINE] = len(pending), 0
    if tally[_REFUSED] < MOST_REFUSALS:
        return Ended(outcomes, _halves(pending))
    if not habits.has_deleted_many:
        habits.at_once = 1
    return Ended(outcomes, [[n] for n in pending])


def survey(targets: Sequence[Target], context: Context) -> Generator[Step, Any, None]:
    """What some objects are like before a bucket's first request: where that is refused, they show
    whether it was so before anything was done, though they may be as young as the request.
    """
    newest = [target for target in targets if not target.version_id]
    some = newest[:: max(1, len(newest) // MOST_LOOKS)]
    found = yield Together([looks.ask(target, context, "HeadObject") for target in some], 16)
    for target, answer in zip(some, found, strict=False):
        facts = looks.facts_in(answer) if answer else None
        if facts:
            context.seen_before[target.bucket, target.key] = facts.identity


def _has_done_some(
    pending: Sequence[int], targets: Sequence[Target], context: Context, sent_s: float
) -> Generator[Step, Any, bool]:
    """Whether a request was refused in the middle of it: some storage goes from key to key. To ask
    for a part again would then delete what somebody wrote meanwhile. Up to MOST_LOOKS of the keys
    are looked at, from the first to the last; what was locked is still there, so it takes several.
    """
    some = [n for n in pending if not targets[n].version_id]
    known = [n for n in some if (targets[n].bucket, targets[n].key) in context.seen_before]
    every = max(1, len(some) // MOST_LOOKS)
    for n in known or [*some[::every], *some[-1:]]:
        seen = yield from looks.see(targets[n], context, is_look=False)
        before = context.seen_before.get((targets[n].bucket, targets[n].key))
        if seen.facts and before == seen.facts.identity:
            continue
        if seen.is_gone or (seen.facts and seen.age(sent_s) is not Age.OLDER):
            return True
    return False


def _unheard(
    answer: Answer,
    pending: Sequence[int],
    targets: Sequence[Target],
    outcomes: list[Outcome | None],
    sent_s: float,
) -> Generator[Step, Any, Ended]:
    """The answer was lost, or is nobody's that we know: it may have been done."""
    if not all(targets[n].version_id for n in pending):
        return Ended(outcomes, [[n] for n in pending], tried_since_s=sent_s)
    # To delete versions twice is to delete them once.
    if (yield Later(free=is_unreachable(answer))):
        return Ended(outcomes, _halves(pending))
    for n in pending:
        outcomes[n] = outcome_of(answer)
    return Ended(outcomes)


def _halves(pending: Sequence[int]) -> list[list[int]]:
    middle = (len(pending) + 1) // 2
    return [half for half in (list(pending[:middle]), list(pending[middle:])) if half]


def _accepted(asked: Sequence[Target], context: Context) -> None:
    """Two halves of a request that was refused go well one after the other: it was too long."""
    habits = context.habits_of(context.bucket(asked[0].bucket))
    habits.has_deleted_many = True
    tally: Counter[str] = context.tally
    refused = tally[_REFUSED_KEYS]
    if refused and refused // 2 <= len(asked) < refused:
        tally[_FINE] += 1
        if tally[_FINE] == 2:
            habits.at_once = min(habits.at_once, len(asked))


def call_for(targets: Sequence[Target], there: Destination, *, bypass: bool = False) -> Call:
    keys = [target.key for target in targets]
    versions = [target.version_id for target in targets if target.version_id]
    once = len(versions) < len(keys)
    if not bypass and (not versions or not once):
        return Call(there, ACTION, Listed(keys, versions or None), once=once)
    objects = [
        {"Key": target.key, "VersionId": target.version_id}
        if target.version_id
        else {"Key": target.key}
        for target in targets
    ]
    params = {"Delete": {"Objects": objects}} | ({BYPASS: True} if bypass else {})
    return Call(there, ACTION, params, once=once)


# --- What the answer says of each

Said = dict[tuple[str, str | None], Answer]


def answers(targets: Sequence[Target], answer: Answer) -> Sequence[Answer | None]:
    """An answer for each target as if it had been asked alone; None where nothing is clear."""
    if answer is ALL_GONE:
        return [answer] * len(targets)
    data = answer.data
    said = _said(data, str)
    found = [said.get((target.key, target.version_id)) for target in targets]
    if None not in found:
        return found
    found = _without_versions(targets, found, said)
    if any(found):
        return found
    # Some storage names keys as a URL would have them: believed where it names these, and all.
    quoted = _said(data, unquote)
    decoded = [quoted.get((target.key, target.version_id)) for target in targets]
    return found if None in decoded or len(quoted) != len(targets) else decoded


def _said(data: Mapping[str, Any], read: Any) -> Said:
    said: Said = {}
    for item in data.get("Deleted", ()):
        said[read(item.get("Key") or ""), item.get("VersionId") or None] = ALL_GONE
    for item in data.get("Errors", ()):
        said[read(item.get("Key") or ""), item.get("VersionId") or None] = _error(item)
    return said


def _without_versions(
    targets: Sequence[Target], found: Sequence[Answer | None], said: Said
) -> list[Answer | None]:
    """Some storage leaves the version out of its answer, and some has one that nobody named (Garage
    does). Either counts only where one version of the key was asked for, and one was answered.
    """
    asked = Counter(target.key for target in targets)
    by_key: dict[str, list[tuple[str | None, Answer]]] = defaultdict(list)
    for (key, version), single in said.items():
        by_key[key].append((version, single))

    def one(target: Target) -> Answer | None:
        named = by_key[target.key]
        if asked[target.key] > 1 or len(named) != 1:
            return None
        version, single = named[0]
        return single if version is None or target.version_id is None else None

    return [
        single if single is not None else one(target)
        for target, single in zip(targets, found, strict=True)
    ]


def _error(item: Mapping[str, Any]) -> Answer:
    """An error within the answer has no HTTP status; the one that it has alone."""
    code = str(item.get("Code") or "InternalError")
    return Answer(STATUSES.get(code, 400), code, str(item.get("Message") or ""))


def _end(single: Answer) -> Outcome:
    return DONE if says_gone(ACTION, single) else outcome_of(single)
