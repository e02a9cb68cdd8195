"""How many chunks a worker may begin beside those of slow and of silent storages."""

import threading
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from jobs.engine.open_chunks import MOST_OPEN_OF_ALL, SLOW_S, Open, OpenChunks
from jobs.models import Job
from jobs.workstore.store import FolderStore


class Room(OpenChunks):
    """Jobs are those of Regions by their numbers."""

    def open(self, region, *, for_s=0.0):
        claim = SimpleNamespace(position=0)
        chunk = Open(Job(region_id=region), claim, [], threading.Event(), Future())
        chunk.since_s -= for_s
        self.add(chunk)

    def free_for(self, region):
        return self.free(Job(region_id=region))


@pytest.fixture
def room(tmp_path, settings):
    settings.BATCHCONSOLE_IN_FLIGHT = 128
    with_nothing = Room(FolderStore(tmp_path), "here:1", None)
    yield with_nothing
    with_nothing.close()


def test_quick_region_has_as_many_chunks_beside_slow_ones_as_alone(room):
    for region in (1, 2, 3):
        room.open(region, for_s=2 * SLOW_S)
    assert [room.free_for(9), room.free_for(1)] == [1, 0]
    room.open(9)
    assert room.free_for(9) == 1
    room.open(9)
    assert room.free_for(9) == 0


def test_regions_that_are_quick_share_what_there_is_and_each_has_one(room):
    room.open(1)
    room.open(1)
    assert [room.free_for(9), room.free_for(1)] == [1, 0]
    room.open(9)
    assert room.free_for(9) == 0


def test_slow_region_gets_no_second_chunk_beside_others(room):
    for region in (1, 2, 3):
        room.open(region, for_s=2 * SLOW_S)
    assert [room.free_for(region) for region in (1, 2, 3)] == [0, 0, 0]


def test_last_place_is_for_a_region_that_has_none(room):
    for region in range(1, MOST_OPEN_OF_ALL - 1):
        room.open(region, for_s=2 * SLOW_S)
    room.open(9)
    assert [room.free_for(9), room.free_for(10)] == [0, 1]
    room.open(10)
    assert room.free_for(11) == 0
