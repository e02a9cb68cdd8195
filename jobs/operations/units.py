"""What of a list is asked together."""

from collections.abc import Sequence
from typing import cast

from jobs.operations.base import Operation, Outcome
from jobs.operations.batch import BatchOperation
from jobs.spec.target import Target

Unit = int | Sequence[int]
"""What is asked together: a target's index, or those of several."""


def units_of(operation: Operation, targets: Sequence[Target | Outcome]) -> Sequence[Unit]:
    """In the order of the list; an Outcome among the targets is a unit of its own."""
    if not isinstance(operation, BatchOperation):
        return range(len(targets))
    if {Target}.issuperset(map(type, targets)):
        return [_unit(batch) for batch in operation.batches(cast(Sequence[Target], targets))]
    open_ones = [i for i, target in enumerate(targets) if isinstance(target, Target)]
    units: list[Unit] = [i for i, target in enumerate(targets) if isinstance(target, Outcome)]
    for batch in operation.batches([cast(Target, targets[i]) for i in open_ones]):
        units.append(_unit([open_ones[i] for i in batch]))
    return units


def _unit(indices: Sequence[int]) -> Unit:
    return indices if len(indices) > 1 else indices[0]
