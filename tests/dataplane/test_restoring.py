"""Restores over the data plane, at a storage of archived objects that keeps AWS's rules."""

import re
import threading
from collections import Counter

import pytest

from jobs.dataplane.trust import Trust
from jobs.operations import registry
from jobs.operations.initiate_restore_object import NO_EXPEDITED, REQUESTED, RESTORED, RUNNING
from tests.dataplane.conftest import targets
from tests.dataplane.test_pacing import Pace, done, paced
from tests.s3_double import Reply, described, error, reply

SPEED = {"Standard": 1, "Bulk": 0}


class Archive:
    """A fake of RestoreObject and HeadObject alone. An overlapping restore is taken if it has the
    same days and a faster tier, or if the object is restored already. `loses` are the keys whose
    next answer is not sent though the restore was requested.
    """

    def __init__(self):
        self.in_progress, self.restored, self.loses = {}, {}, set()
        self.asked = Counter()
        self._lock = threading.Lock()

    def __call__(self, received):
        with self._lock:
            key = received.path.rpartition("/")[2]
            if received.method == "HEAD":
                shown = key in self.in_progress or key in self.restored
                restore = 'x-amz-restore: ongoing-request="true"\r\n' if shown else ""
                return described(headers=f"x-amz-storage-class: GLACIER\r\n{restore}")
            assert (received.method, received.target.partition("?")[2]) == ("POST", "restore")
            self.asked[key] += 1
            answer = self._restore(key, received.body.decode())
            if key in self.loses:
                self.loses.remove(key)
                return Reply(b"", close=True)
            return answer

    def _restore(self, key, body):
        days, tier = re.search(r"<Days>(\d+)</Days>.*<Tier>(\w+)</Tier>", body).groups()
        if key in self.restored:
            self.restored[key] = days
            return reply(200)
        before = self.in_progress.get(key)
        if before and (before[0] != days or SPEED[before[1]] >= SPEED[tier]):
            return error(409, "RestoreAlreadyInProgress", "Object restore is already in progress")
        self.in_progress[key] = (days, tier)
        return reply(202)


@pytest.fixture
def archive(double):
    double.answer = Archive()
    return double.answer


@pytest.fixture
def run(run_both):
    return run_both


def restore(days=3, tier="STANDARD"):
    wanted = {"ExpirationInDays": days, "GlacierJobTier": tier}
    return registry.get("S3InitiateRestoreObject").parse(wanted)


def test_restores_are_requested_once_each(run, archive):
    batch = run(targets("a", "b", "c"), operation=restore())
    assert batch.outcomes == [REQUESTED] * 3
    assert archive.asked == dict.fromkeys("abc", 1)
    assert archive.in_progress["a"] == ("3", "Standard")


def test_restore_in_progress_is_refused_or_hurried_as_the_storage_has_it(run, archive):
    archive.in_progress = {"other": ("9", "Bulk"), "same": ("3", "Standard"), "slow": ("3", "Bulk")}
    archive.restored = {"there": "1"}
    batch = run(targets("other", "same", "slow", "there"), operation=restore())
    codes = [outcome.code for outcome in batch.outcomes]
    assert codes == ["RestoreAlreadyInProgress", "RestoreAlreadyInProgress", "", ""]
    assert [outcome.http_status for outcome in batch.outcomes[:2]] == [409, 409]
    assert batch.outcomes[2:] == [REQUESTED, RESTORED]


def test_restore_whose_answer_was_lost_is_not_told_to_have_failed(run, archive):
    archive.loses = {"b"}
    batch = run(targets("a", "b"), operation=restore())
    assert batch.outcomes == [REQUESTED, RUNNING]
    assert archive.asked == {"a": 1, "b": 2}


def test_lack_of_expedited_retrievals_fails_its_task_at_once_and_cuts_no_rate(run, double, archive):
    refusal = error(503, NO_EXPEDITED, "Glacier expedited retrievals are currently not available.")
    double.answer = lambda received: refusal if "k3" in received.path else archive(received)
    pace = Pace(10_000.0)
    keys = [f"k{n}" for n in range(6)]
    batch = paced(run, pace, keys, restore()).result(30)
    assert done(batch) == 5
    assert (batch.outcomes[3].http_status, batch.outcomes[3].code) == (503, NO_EXPEDITED)
    assert pace.of_bucket.answers == [False] * 6


def test_first_tasks_are_looked_at_and_a_request_that_was_not_kept_is_no_success(run, double):
    def forgets(received):
        is_head = received.method == "HEAD"
        return described(headers="x-amz-storage-class: GLACIER\r\n") if is_head else reply(202)

    double.answer = forgets
    batch = run(targets("a"), operation=restore(), trust=Trust())
    assert [outcome.code for outcome in batch.outcomes] == ["NotKept"]
