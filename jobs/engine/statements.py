"""The SQL of claiming and recording, in the dialects of both databases.

What runs once for every few hundred tasks is written by hand: the ORM takes more time for these
than the database does. Each function is one statement, whatever the number of its rows, by the
caller's `cursor()`: to open one costs about what a statement does.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

from jobs.engine import database

Value = str | int | float
ClaimedRow = tuple[int, str, int, int, str, int, int, int, int, float, float]
CeilingsRow = tuple[str, int | None, int | None]
SettledRow = tuple[int, int, int, int, str]
SettledPartRow = tuple[int, int, int, int, str, int, int]
ShrunkRow = tuple[int, int, int, int, int]
CauseRow = tuple[str, str, int, int]

_CLAIM = """
WITH picked AS MATERIALIZED (
  SELECT id FROM (SELECT id FROM jobs_chunk
                   WHERE job_id = %s AND state = 'Running' AND lease_expires_s < {now}
                   ORDER BY position LIMIT %s {lock}) AS abandoned
  UNION ALL
  SELECT id FROM (SELECT id FROM jobs_chunk
                   WHERE job_id = %s AND state = 'Pending'
                     AND position < (SELECT CASE WHEN canary_settled OR canary_tasks = 0
                                                 THEN {all_rows} ELSE canary_tasks END
                                       FROM jobs_job WHERE id = %s)
                   ORDER BY position LIMIT %s {lock}) AS free
  LIMIT %s)
UPDATE jobs_chunk
   SET state = 'Running', owner = %s, fence = fence + 1, lease_expires_s = {now} + %s,
       tried_since_s = CASE WHEN state = 'Running' AND tried_since_s = 0
                            THEN claimed_s ELSE tried_since_s END,
       claimed_s = {now}
 WHERE id IN (SELECT id FROM picked)
   AND EXISTS (SELECT 1 FROM jobs_job WHERE id = %s AND status IN ('Ready', 'Active'))
RETURNING id, job_id, position, rows, segment, "offset", length, skip, fence, claimed_s,
          tried_since_s
"""

_CLAIM_LEAST_TRIED = _CLAIM.replace("ORDER BY position", "ORDER BY fence, position")

_BEAT = """
UPDATE jobs_chunk SET lease_expires_s = {now} + %s
 WHERE state = 'Running' AND (id, fence) IN (VALUES {values})
RETURNING id
"""

_CEILINGS = """
SELECT id, requests_per_s, in_flight FROM jobs_job
 WHERE status = 'Active' AND id IN (VALUES {values})
"""

_RELEASE = """
UPDATE jobs_chunk SET state = 'Pending', owner = '', lease_expires_s = 0
 WHERE state = 'Running' AND (id, fence) IN (VALUES {values})
"""

_RELEASE_BEGUN = _RELEASE.replace(
    "SET",
    "SET tried_since_s = CASE WHEN tried_since_s = 0 THEN claimed_s ELSE tried_since_s END,",
)

_SETTLE = """
UPDATE jobs_chunk
   SET state = 'Done', succeeded = v.column3, failed = v.column4, result = v.column5,
       lease_expires_s = 0
  FROM (VALUES {values}) AS v
 WHERE jobs_chunk.id = v.column1 AND jobs_chunk.fence = v.column2 AND state = 'Running'
RETURNING jobs_chunk.id, jobs_chunk.fence
"""

# Apart, since SQLite writes to an index whatever is set, even to what it was.
_SETTLE_PART = _SETTLE.replace(
    "lease_expires_s = 0", "lease_expires_s = 0, position = v.column6, rows = v.column7"
)

_SHRINK = """
UPDATE jobs_chunk SET position = v.column3, rows = v.column4, skip = v.column5
  FROM (VALUES {values}) AS v
 WHERE jobs_chunk.id = v.column1 AND jobs_chunk.fence = v.column2 AND state = 'Running'
RETURNING jobs_chunk.id, jobs_chunk.fence
"""

_ADD_TO_JOB = """
UPDATE jobs_job
   SET tasks_succeeded = tasks_succeeded + %s, tasks_failed = tasks_failed + %s
 WHERE id = %s
RETURNING tasks_failed > 0 OR (canary_tasks > 0 AND NOT canary_settled),
          waiting_for = '' AND NOT EXISTS (
            SELECT 1 FROM jobs_job AS other
             WHERE other.status IN ('Ready', 'Active') AND other.id <> jobs_job.id)
"""

# Nearly always none failed. SQLite would write to two indexes for that, see above.
_ADD_SUCCEEDED = _ADD_TO_JOB.replace(", tasks_failed = tasks_failed + %s", "")

_ADD_TO_RATE = """
INSERT INTO jobs_ratesample (job_id, at_s, succeeded, failed) VALUES (%s, %s, %s, %s)
ON CONFLICT (job_id, at_s) DO UPDATE
   SET succeeded = jobs_ratesample.succeeded + excluded.succeeded,
       failed = jobs_ratesample.failed + excluded.failed
"""

_ADD_TO_CAUSES = """
INSERT INTO jobs_failurecause (job_id, code, http_status, tasks) VALUES {values}
ON CONFLICT (job_id, code, http_status) DO UPDATE
   SET tasks = jobs_failurecause.tasks + excluded.tasks
"""


_ADD_TO_FORESEEN = """
INSERT INTO jobs_foreseencount (job_id, kind, tasks) VALUES {values}
ON CONFLICT (job_id, kind) DO UPDATE SET tasks = jobs_foreseencount.tasks + excluded.tasks
"""

_ADD_TO_BUCKETS = """
INSERT INTO jobs_bucketcount (job_id, bucket, succeeded, failed) VALUES {values}
ON CONFLICT (job_id, bucket) DO UPDATE
   SET succeeded = jobs_bucketcount.succeeded + excluded.succeeded,
       failed = jobs_bucketcount.failed + excluded.failed
"""


class Standing(NamedTuple):
    """Of a job, once tasks were added to it. `doubtful`: a task of it failed, or its canary is
    still out. `alone`: no other job may run, and it waits for nothing.
    """

    doubtful: bool
    alone: bool


def cursor() -> CursorWrapper:
    """For the functions below, and to be closed as a context manager is."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "sqlite":
        return database.cursor()
    # Django's own searches every statement for the placeholders to replace, which takes longer than
    # to execute most of these; here it is done once.
    database.ensure_connection()
    return database.make_cursor(database.connection.cursor())


def claim(
    cursor: CursorWrapper,
    job_id: str,
    limit: int,
    *,
    owner: str,
    lease_s: float,
    least_tried: bool = False,
) -> list[ClaimedRow]:
    """Mark up to `limit` chunks of a runnable job, those of dead workers first, then by position.
    While a canary is out, none behind it. `least_tried`: those before others that were claimed less
    often, which takes a look at all of them.

    Picks, marks and returns in one statement, and so needs no lock of ours on either database. Of a
    chunk that a dead worker held it is noted since when that one may have tried its rows.
    """
    values = (job_id, limit, job_id, job_id, limit, limit, owner, lease_s, job_id)
    text = _CLAIM_LEAST_TRIED if least_tried else _CLAIM
    cursor.execute(_sql(text, cursor.db.vendor), values)
    return sorted(cursor.fetchall(), key=lambda row: int(row[2]))


def beat(cursor: CursorWrapper, held: Sequence[tuple[int, int]], *, lease_s: float) -> set[int]:
    """Extend the leases of chunks, given as (id, fence); returns the ids that are still held."""
    cursor.execute(_for_rows(_BEAT, cursor, held), [lease_s, *_flat(held)])
    return {row[0] for row in cursor.fetchall()}


def ceilings(cursor: CursorWrapper, job_ids: Sequence[str]) -> list[CeilingsRow]:
    """(id, requests_per_s, in_flight) of those of the jobs that are Active."""
    rows = [(job_id,) for job_id in job_ids]
    cursor.execute(_for_rows(_CEILINGS, cursor, rows), job_ids)
    return list(cursor.fetchall())


def release(cursor: CursorWrapper, held: Sequence[tuple[int, int]], *, begun: bool = False) -> None:
    """Give chunks back, as far as they are still held; with `begun` it stays known that their rows
    may have been tried.
    """
    text = _RELEASE_BEGUN if begun else _RELEASE
    cursor.execute(_for_rows(text, cursor, held), _flat(held))


def settle(cursor: CursorWrapper, done: Sequence[SettledRow]) -> set[tuple[int, int]]:
    """Mark chunks as done, all of them whole: (id, fence, succeeded, failed, result) each. Returns
    (id, fence) of those that were still held; the others are left alone.
    """
    cursor.execute(_for_rows(_SETTLE, cursor, done), _flat(done))
    return set(cursor.fetchall())


def settle_parts(cursor: CursorWrapper, done: Sequence[SettledPartRow]) -> set[tuple[int, int]]:
    """As `settle`, for chunks that become smaller by it: besides, position and rows of each."""
    cursor.execute(_for_rows(_SETTLE_PART, cursor, done), _flat(done))
    return set(cursor.fetchall())


def shrink(cursor: CursorWrapper, held: Sequence[ShrunkRow]) -> set[tuple[int, int]]:
    """Leave a part of each chunk in hand: (id, fence, position, rows, skip) each. As `settle`."""
    cursor.execute(_for_rows(_SHRINK, cursor, held), _flat(held))
    return set(cursor.fetchall())


def add_to_job(cursor: CursorWrapper, job_id: str, succeeded: int, failed: int) -> Standing:
    """On PostgreSQL, the row is ours from here until the transaction ends."""
    text, counts = (_ADD_TO_JOB, [succeeded, failed]) if failed else (_ADD_SUCCEEDED, [succeeded])
    cursor.execute(_sql(text, cursor.db.vendor), [*counts, job_id])
    return Standing(*map(bool, cursor.fetchone() or (False, False)))


def add_to_rate(cursor: CursorWrapper, job_id: str, at_s: int, succeeded: int, failed: int) -> None:
    cursor.execute(_sql(_ADD_TO_RATE, cursor.db.vendor), [job_id, at_s, succeeded, failed])


def add_to_causes(cursor: CursorWrapper, causes: Sequence[CauseRow]) -> None:
    """(job, code, HTTP status, tasks) each, in an order that all workers keep."""
    cursor.execute(_for_rows(_ADD_TO_CAUSES, cursor, causes), _flat(causes))


def add_to_foreseen(cursor: CursorWrapper, kinds: Sequence[tuple[str, str, int]]) -> None:
    """(job, kind, tasks) each, in an order that all workers keep."""
    cursor.execute(_for_rows(_ADD_TO_FORESEEN, cursor, kinds), _flat(kinds))


def add_to_buckets(cursor: CursorWrapper, counts: Sequence[tuple[str, str, int, int]]) -> None:
    """(job, bucket, succeeded, failed) each, in an order that all workers keep."""
    cursor.execute(_for_rows(_ADD_TO_BUCKETS, cursor, counts), _flat(counts))


def _for_rows(text: str, cursor: CursorWrapper, rows: Sequence[tuple[Value, ...]]) -> str:
    return _sql(text, cursor.db.vendor, len(rows), len(rows[0]))


@lru_cache
def _sql(text: str, vendor: str, rows: int = 0, width: int = 0) -> str:
    """In the dialect of the database, with so many rows of values in it."""
    one = "(" + ", ".join(["%s"] * width) + ")"
    sql = text.format(
        now=database.NOW_SQL[vendor],
        lock="FOR UPDATE SKIP LOCKED" if vendor == "postgresql" else "",
        all_rows=2**62,
        values=", ".join([one] * rows),
    )
    return sql.replace("%s", "?") if vendor == "sqlite" else sql


def _flat(rows: Sequence[tuple[Value, ...]]) -> list[Value]:
    return [value for row in rows for value in row]
