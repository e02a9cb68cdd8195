"""An installation that is killed while a job waits for archived objects: nothing is asked for twice."""

import pytest
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.lifecycle import commands
from jobs.models import Chunk
from tests.allowed import allowed
from tests.counting_storage import Reply
from tests.engine.houses import see
from tests.faults import kill
from tests.servers import eventually

RESTORE = {"ExpirationInDays": 7, "WaitUntilReadable": True}


class Archive:
    """In front of a storage of a test: its objects are archived until they are `readable`."""

    def __init__(self, storage):
        self.readable, self.looked, self.hangs = False, 0, False
        self._storage, self._plain = storage, storage.answer
        storage.answer = self.answer

    def answer(self, request):
        place = request.bucket, request.key
        if request.method == "POST" and "restore" in request.query:
            self._storage.asked[place] += 1
            self._storage.done[place] += 1
            return Reply(202), 0.0
        if request.method == "HEAD" and place in self._storage.asked:
            self.looked += 1
            return None if self.hangs else self._shown(), 0.0
        return self._plain(request)

    def _shown(self):
        ongoing = str(not self.readable).lower()
        restore = ("x-amz-restore", f'ongoing-request="{ongoing}"')
        return Reply(headers=(("ETag", '"ab"'), ("x-amz-storage-class", "GLACIER"), restore))


def let_time_pass(job):
    Chunk.objects.filter(job=job, state=ChunkState.WAITING).update(not_before_s=0)


def all_wait(job):
    states = set(Chunk.objects.filter(job=job).values_list("state", flat=True))
    return states == {ChunkState.WAITING}


@pytest.mark.timeout(300)
def test_installation_that_is_killed_while_it_waits_and_while_it_looks_asks_for_nothing_twice(
    house,
):
    archive = Archive(house.storage)
    house.start()
    job = house.make(60, operation="S3InitiateRestoreObject", parameters=RESTORE)
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: all_wait(job))
    kill(*house.family.everyone())
    house.fault()

    archive.hangs, archive.looked = True, 0
    house.start()
    let_time_pass(job)
    eventually(lambda: archive.looked)
    kill(*house.family.horses("run"))
    house.fault()

    archive.hangs, archive.readable = False, True
    eventually(lambda: let_time_pass(job) or see(job).is_terminal, within_s=120)
    assert house.ends(job).repeated == 0
    assert see(job).tasks_succeeded == 60
