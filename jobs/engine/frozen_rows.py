"""The list of a dry run, kept in work storage while it runs: beside the results of each chunk lie its
rows with what was seen of their objects, for the job that runs them.
"""

from collections.abc import Sequence

from jobs.manifests.columns import Rows
from jobs.manifests.frozen import frozen_lines
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
    lines = frozen_lines(rows, done, guards)
    work.put(frozen_name(result_name), segments.pack([lines]).data)


def read_frozen_lines(work: WorkStore, result_name: str) -> list[bytes]:
    """Raises WorkStoreError."""
    return segments.unpack(work.read(frozen_name(result_name)))
