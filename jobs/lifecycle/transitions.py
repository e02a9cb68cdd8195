"""Which status may follow which (docs/batch-operations.md, Statuses), and nothing else.

Beyond AWS's: Completing may turn to Failing, since a report that cannot be written fails the job
(docs/batch-operations.md, Failures of a job), Suspended passes through Failing when it expires, and
Pausing ends at Completing when the requests in flight were the last ones of the job.
"""

from collections.abc import Mapping

from jobs.choices import JobStatus as S

NEXT: Mapping[S, frozenset[S]] = {
    S.NEW: frozenset({S.PREPARING, S.CANCELLED, S.FAILING}),
    S.PREPARING: frozenset({S.SUSPENDED, S.READY, S.CANCELLED, S.FAILING}),
    S.SUSPENDED: frozenset({S.READY, S.CANCELLED, S.FAILING}),
    S.READY: frozenset({S.ACTIVE, S.CANCELLED, S.FAILING}),
    S.ACTIVE: frozenset({S.PAUSING, S.COMPLETING, S.CANCELLING, S.FAILING}),
    S.PAUSING: frozenset({S.PAUSED, S.COMPLETING, S.CANCELLING, S.FAILING}),
    S.PAUSED: frozenset({S.ACTIVE, S.CANCELLING, S.FAILING}),
    S.COMPLETING: frozenset({S.COMPLETE, S.FAILING}),
    S.COMPLETE: frozenset(),
    S.CANCELLING: frozenset({S.CANCELLED}),
    S.CANCELLED: frozenset(),
    S.FAILING: frozenset({S.FAILED}),
    S.FAILED: frozenset(),
}


def may_follow(before: S, after: S) -> bool:
    return after in NEXT[before]


def sources_of(after: S) -> frozenset[S]:
    """Every status from which `after` may be entered."""
    return frozenset(before for before, nexts in NEXT.items() if after in nexts)
