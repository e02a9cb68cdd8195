"""The jobs of a bulk action by what became of them, the first of each named."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from jobs.models import BulkAction, BulkItem, Job, JobQuerySet

NAMED = 5
MOST_GROUPS = 30
State = BulkItem.State


@dataclass(frozen=True, slots=True)
class Group:
    """`jobs` are the first few; `more` is how many are not among them."""

    state: State
    why: str
    number: int
    jobs: Sequence[Job]

    @property
    def more(self) -> int:
        return self.number - len(self.jobs)


def counts_of(bulk: BulkAction) -> dict[str, int]:
    """How many there are of each state."""
    found = dict(bulk.items.order_by().values_list("state").annotate(number=Count("pk")))
    return {state.value: found.get(state.value, 0) for state in State}


def groups_of(bulk: BulkAction, visible: JobQuerySet, *states: State) -> list[Group]:
    """The largest first. Only jobs that are still `visible` are named. As many queries as there are groups."""
    grouped = bulk.items.filter(state__in=states).order_by().values_list("state", "why")
    found = grouped.annotate(number=Count("pk")).order_by("-number", "why")[:MOST_GROUPS]
    return [_group(bulk, visible, State(state), why, number) for state, why, number in found]


def _group(bulk: BulkAction, visible: JobQuerySet, state: State, why: str, number: int) -> Group:
    items = bulk.items.filter(state=state, why=why)
    keys = list(items.order_by("pk").values_list("job_id", flat=True)[:NAMED])
    jobs = visible.in_bulk(keys)
    return Group(state, why, number, [jobs[key] for key in keys if key in jobs])
