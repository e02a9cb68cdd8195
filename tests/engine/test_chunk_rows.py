import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.engine.chunk_rows import MISSING_VERSION, encode, targets_of
from jobs.manifests.frozen_list import Rows
from jobs.manifests.rows import Row
from jobs.operations.base import DONE, Outcome
from jobs.reports.rows import report_row
from jobs.spec.target import Target
from jobs.workstore import results

texts = st.text(st.sampled_from('ab/%20é,"\r\n '), min_size=1, max_size=8)
rows = st.builds(
    lambda bucket, key, version_id: Row(bucket, key, key, version_id),
    st.sampled_from(["photos", "archive"]),
    st.sampled_from(["a", "b%20", "é"]) | texts,
    st.sampled_from([None, "", "v1"]) | texts,
)
outcomes = st.sampled_from(
    [
        DONE,
        DONE,
        DONE,
        Outcome(True, 200, "", "Successful"),
        Outcome(True, 200, "", "Successful, at the second attempt"),
        Outcome(False, 404, "NoSuchKey", 'No such "key", it seems.'),
        None,
    ]
)


def line(row: Row, outcome: Outcome) -> bytes:
    return report_row(
        bucket=row.bucket,
        raw_key=row.raw_key,
        version_id=row.version_id,
        succeeded=outcome.succeeded,
        http_status=outcome.http_status,
        code=outcome.code,
        message=outcome.message,
    )


def in_order(text: bytes) -> list[list[str]]:
    return sorted(csv.reader(io.StringIO(text.decode(), newline="")))


@settings(max_examples=500)
@given(st.lists(st.tuples(rows, outcomes)))
def test_what_is_put_for_a_chunk_are_the_report_rows_of_all_that_were_run(
    tasks: list[tuple[Row, Outcome | None]],
) -> None:
    run = [(row, outcome) for row, outcome in tasks if outcome is not None]
    found = results.decode(encode(Rows.of([row for row, _ in tasks]), [o for _, o in tasks]))
    for text, succeeded in zip(found, (True, False), strict=True):
        alone = [line(row, outcome) for row, outcome in run if outcome.succeeded == succeeded]
        assert in_order(text) == in_order(b"".join(alone))
        assert len(text) == sum(map(len, alone))


def test_empty_version_id_fails_that_task_alone() -> None:
    listed = [Row("photos", "a%20b", "a b", "v1"), Row("photos", "c", "c", "")]
    assert targets_of(Rows.of(listed)) == [Target("photos", "a b", "v1"), MISSING_VERSION]


def test_target_without_a_version_column_is_the_newest_version() -> None:
    assert targets_of(Rows.of([Row("photos", "c", "c", None)])) == [Target("photos", "c")]
