"""What happens to how many objects when many jobs run, are paused or cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, Sum

from jobs.choices import UNSTARTED, PauseCause, Risk
from jobs.console.forms.actions import TYPED
from jobs.models import BulkAction, BulkItem
from jobs.operations import registry
from jobs.operations.base import AtStake, Operation
from jobs.queries.job_list import operation_label
from jobs.queries.words import counted

_RISKS = list(Risk)


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs that do the same; `warning` is a sentence about their objects."""

    label: str
    jobs: int
    warning: str
    tone: str

    @property
    def title(self) -> str:
        return f"{self.label}: {counted(self.jobs, 'job')}"


@dataclass(frozen=True, slots=True)
class Stakes:
    """Of all jobs that would run. `buckets` are all of theirs, `risk` is the highest."""

    groups: Sequence[Group] = ()
    risk: Risk | None = None
    buckets: Sequence[str] = ()
    objects: int = 0
    understood: str = ""


@dataclass(slots=True)
class _Sum:
    risk: Risk
    jobs: int = 0
    objects: int = 0
    understood: set[str] = field(default_factory=set)


def stakes_of_run(bulk: BulkAction) -> Stakes:
    """One query over the jobs that can be run."""
    sums: dict[tuple[str, str, str], _Sum] = {}
    buckets: dict[str, None] = {}
    read = ("job__operation", "job__parameters", "job__found", "job__total_tasks", "job__buckets")
    for name, parameters, found, total, listed in _able(bulk).values_list(*read).iterator():
        risk, at_stake = _danger(name, parameters, found)
        key = (operation_label(name), at_stake.loss, at_stake.undo)
        one = sums.setdefault(key, _Sum(risk))
        one.risk = max(one.risk, risk, key=_RISKS.index)
        one.jobs += 1
        one.objects += total or 0
        one.understood.add(at_stake.understood)
        buckets.update(dict.fromkeys(listed))
    highest = max((one.risk for one in sums.values()), key=_RISKS.index, default=None)
    words = set[str]().union(*(one.understood for one in sums.values()))
    several = "I understand what these jobs do to these objects."
    return Stakes(
        groups=sorted((_group(*key, one) for key, one in sums.items()), key=lambda g: -g.jobs),
        risk=highest,
        buckets=list(buckets),
        objects=sum(one.objects for one in sums.values()),
        understood=words.pop() if len(words) == 1 else several,
    )


def _able(bulk: BulkAction) -> Any:
    return bulk.items.filter(state=BulkItem.State.WAITING)


def _danger(name: str, parameters: Any, found: Any) -> tuple[Risk, AtStake]:
    kind = registry.find(name)
    if kind is None:
        return Risk.DESTRUCTIVE, AtStake(Operation.loss, Operation.undo, Operation.understood)
    operation = kind.parse(parameters).knowing(found)
    return operation.danger(), operation.at_stake()


def _group(label: str, loss: str, undo: str, one: _Sum) -> Group:
    objects = counted(one.objects, "object")
    if one.risk is Risk.SAFE:
        return Group(label, one.jobs, f"{objects}. Nothing is changed.", "info")
    return Group(
        label, one.jobs, f"{objects} {loss} {undo}", "err" if one.risk in TYPED else "warn"
    )


def progress_of(bulk: BulkAction) -> dict[str, int]:
    """Of the jobs that can be done: objects that are changed already, that failed, and that are left; jobs
    that did not start, and those that somebody has to decide about.
    """
    causes = {"canary": PauseCause.CANARY, "storage": PauseCause.STORAGE}
    found = _able(bulk).aggregate(
        succeeded=Sum("job__tasks_succeeded", default=0),
        failed=Sum("job__tasks_failed", default=0),
        total=Sum("job__total_tasks", default=0),
        unstarted=Count("pk", filter=Q(job__status__in=UNSTARTED)),
        **{name: Count("pk", filter=Q(job__paused_cause=cause)) for name, cause in causes.items()},
    )
    left = max(0, found["total"] - found["succeeded"] - found["failed"])
    return {**found, "left": left}
