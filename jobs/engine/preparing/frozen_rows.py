"""The list of a dry run, kept in work storage while it runs: beside the results of each chunk lie its
rows with what was seen of their objects, for the job that runs them.
"""

from collections.abc import Sequence

from jobs.manifests import frozen_list
from jobs.manifests.frozen_list import Rows
from jobs.operations.base import Outcome
from jobs.operations.dry_run import Looked
from jobs.workstore import segments
from jobs.workstore.store import WorkStore

RESULTS, SEEN = "/results/", "/seen/"


def frozen_name(result_name: str) -> str:
    """Where the rows lie whose results are at `result_name`."""
    return result_name.replace(RESULTS, SEEN)


def put_frozen(
    work: WorkStore,
    result_name: str,
    rows: Rows,
    done: Sequence[int],
    outcomes: Sequence[Outcome | None],
) -> None:
    """Raises WorkStoreError."""
    guards = [outcome.seen if isinstance(outcome, Looked) else None for outcome in outcomes]
    block = frozen_list.frozen(rows.with_guards(done, guards))
    work.put(frozen_name(result_name), segments.pack([frozen_list.encode(block)]).data)


def read_frozen(work: WorkStore, result_name: str) -> Rows:
    """Raises WorkStoreError."""
    return frozen_list.decode(segments.unpack(work.read(frozen_name(result_name))))
