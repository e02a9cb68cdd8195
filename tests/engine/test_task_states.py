"""Tasks that keep a small state of their own, which outlives a stop and a lost worker."""

import pytest

from jobs import conf
from jobs.choices import JobStatus
from jobs.engine import claims
from jobs.engine.task_states import MOST_BYTES, Left, TaskStates, kept_of, states_left
from jobs.errors import WorkStoreError
from jobs.models import Chunk
from jobs.spec.target import Target
from jobs.workstore.store import FolderStore
from tests.engine.test_open_chunks import see
from tests.engine.uploads import LEFT, ROWS, SLOW, Uploading


def test_task_that_was_stopped_goes_on_with_what_it_kept(uploads):
    job = uploads.job()
    uploads.run_until_only_slow_ones_are_left(job, uploads.stop.set)
    assert uploads.states(job) == LEFT
    uploads.run()
    assert see(job).tasks_succeeded == ROWS
    assert sorted(uploads.begun) == [f"k{n:03d}" for n in range(ROWS)]
    assert {upload[-2:] for upload in uploads.completed} == {"-1"}
    assert [key for key in SLOW if uploads.completed.count(f"{key}-1") != 2] == []
    assert uploads.states(job) == {}
    assert uploads.finish(job).status == JobStatus.COMPLETE
    assert uploads.aborted == []


def test_task_of_a_worker_that_died_goes_on_with_what_it_kept(uploads):
    uploads.may_go.set()
    job = uploads.job()
    lost = claims.claim_chunk(job.pk, owner="dead", lease_s=60)
    target = Target("photos", "k004")
    TaskStates(uploads.work, job.pk, [lost.position + 4], [target]).put(0, b"k004-before")
    Chunk.objects.filter(job=job).update(lease_expires_s=1)
    uploads.run()
    assert see(job).tasks_succeeded == ROWS
    assert "k004" not in uploads.begun and len(uploads.begun) == ROWS - 1
    assert "k004-before" in uploads.completed
    assert uploads.states(job) == {}


def test_task_fails_with_a_sentence_where_its_state_is_too_large(uploads, monkeypatch):
    uploads.may_go.set()
    monkeypatch.setattr(Uploading, "state_bytes", MOST_BYTES + 1)
    job = uploads.job()
    uploads.run()
    said = {sample.message for sample in see(job).failure_samples.all()}
    assert len(said) == 1 and "at most; this one has 16,385" in said.pop()


class Watched(FolderStore):
    """Notes which folders are listed."""

    def __init__(self, root):
        super().__init__(root)
        self.listed = []

    def list(self, prefix):
        self.listed.append(prefix)
        return super().list(prefix)


def test_states_are_looked_for_only_where_a_task_may_have_kept_one(uploads):
    uploads.may_go.set()
    uploads.work = Watched(conf.work_dir())
    kept, plain = uploads.job(), uploads.job(operation="S3DeleteObject")
    uploads.run()  # nobody tried them before
    assert uploads.work.listed == []
    again = uploads.job(operation="S3DeleteObject")
    Chunk.objects.filter(job=again).update(tried_since_s=1)
    uploads.run()  # the operation keeps none
    for job in (kept, plain, again):
        assert uploads.finish(job).status == JobStatus.COMPLETE
    assert [name for name in uploads.work.listed if name.endswith("/tasks/")] == [
        f"{kept.pk}/tasks/"
    ]


# --- How they lie


@pytest.mark.parametrize(
    "target",
    [
        Target("photos", "a/b c\n\u00e9\U0001f4f7", "v1"),
        Target("photos", 'quo"te', None),
        Target("photos", "null", "null"),
    ],
)
def test_state_lies_there_with_the_target_of_its_task(tmp_path, target):
    work = FolderStore(tmp_path)
    states = TaskStates(work, "1", [7, 10**12], [Target("photos", "other"), target])
    states.put(1, b"\x00{}\n\xff")
    assert [*states_left(work, "1")] == [Left(10**12, target, b"\x00{}\n\xff")]
    states.put(1, b"")
    states.put(1, b"")
    assert [*states_left(work, "1")] == []


@pytest.mark.parametrize(
    ("lies_there", "instead_of", "is_done"),
    [
        (b"", b"", True),
        (b"mine", b"mine", True),
        (b"next", b"mine", True),  # it was done, and the answer was lost
        (b"another's", b"mine", False),
        (b"another's", b"", False),
        (b"", b"mine", False),  # all of the job is cleared away
    ],
)
def test_state_takes_the_place_of_the_one_that_was_meant_alone(
    tmp_path, lies_there, instead_of, is_done
):
    work = FolderStore(tmp_path)
    states = TaskStates(work, "1", [7], [Target("photos", "a")])
    states.put(0, lies_there)
    assert states.swap(0, instead_of, b"next") == is_done
    left = [left.state for left in states_left(work, "1")]
    assert left == ([b"next"] if is_done else [lies_there] * bool(lies_there))


def test_state_that_is_gone_already_is_forgotten(tmp_path):
    states = TaskStates(FolderStore(tmp_path), "1", [7], [Target("photos", "a")])
    assert states.swap(0, b"mine", b"")


def test_states_are_found_for_their_own_rows_alone(tmp_path):
    work = FolderStore(tmp_path)
    rows = [0, 9, 10, 11, 19, 20, 100]
    states = TaskStates(work, "1", rows, [Target("photos", str(row)) for row in rows])
    for index, row in enumerate(rows):
        states.put(index, b"%d" % row)
    TaskStates(work, "12", [10], [Target("photos", "a")]).put(0, b"another job's")
    assert kept_of(work, "1", range(10, 20)) == {0: b"10", 1: b"11", 9: b"19"}
    assert kept_of(work, "1", range(12, 19)) == {}


def test_state_that_is_damaged_is_said_to_be_so(tmp_path):
    work = FolderStore(tmp_path)
    for name, data in (("000000000000001", b"half"), ("odd", b"")):
        work.put(f"1/tasks/{name}.bin", data)
        with pytest.raises(WorkStoreError):
            [*states_left(work, "1")]
        work.delete("1/tasks")
