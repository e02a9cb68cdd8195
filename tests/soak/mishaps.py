"""What happens to an installation: a name, how often it happens beside the others, and a function
that does it, from the beginning to the end, and returns how many kill -9 it was.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from tests.faults import children_of, kill
from tests.soak.installation import Installation

Mishap = Callable[[Installation, random.Random], int]
STOPPED_WITHIN_S = 10.0
LEASE_S = 10.0
ANSWER_TIMEOUT_S = 60.0
SQLITE_PATIENCE_S = 30.0


class BrokenPromiseError(Exception):
    """Something took longer than it may, or did not happen at all."""


def _any(processes: list[psutil.Process], rng: random.Random) -> list[psutil.Process]:
    return [rng.choice(processes)] if processes else []


def kill_horse(house: Installation, rng: random.Random) -> int:
    return kill(*_any(house.family.horses("run"), rng))


def kill_worker(house: Installation, rng: random.Random) -> int:
    """Parent and horse together."""
    for worker in _any(house.family.workers("run"), rng):
        return min(1, kill(worker, *children_of(worker.pid)))
    return 0


def kill_parent(house: Installation, rng: random.Random) -> int:
    return kill(*_any(house.family.workers("run"), rng))


def kill_control(house: Installation, rng: random.Random) -> int:
    return min(1, kill(*house.family.workers("control"), *house.family.horses("control")))


def kill_scheduler(house: Installation, rng: random.Random) -> int:
    return kill(*house.family.part("scheduler"))


def kill_redis(house: Installation, rng: random.Random) -> int:
    return kill(*house.family.named("redis-server"))


def kill_all(house: Installation, rng: random.Random) -> int:
    house.kill_all()
    return 1


def stop_worker(house: Installation, rng: random.Random) -> int:
    for worker in _any(house.family.workers("run"), rng):
        worker.terminate()
        try:
            worker.wait(STOPPED_WITHIN_S)
        except psutil.TimeoutExpired as late:
            raise BrokenPromiseError("a stopped worker was still there after 10 s") from late
    return 0


def freeze_horse(house: Installation, rng: random.Random) -> int:
    for horse in _any(house.family.horses("run"), rng):
        horse.suspend()
        time.sleep(LEASE_S + 3)
        horse.resume()
    return 0


def forget_redis(house: Installation, rng: random.Random) -> int:
    house.redis().flushall()
    return 0


def database_away(house: Installation, rng: random.Random) -> int:
    with house.database_away(at_once=rng.random() < 0.5):
        time.sleep(rng.uniform(1, 12))
    return 0


def database_away_for_long(house: Installation, rng: random.Random) -> int:
    with house.database_away(at_once=True):
        time.sleep(SQLITE_PATIENCE_S + 10)
    return 0


def storage_away(house: Installation, rng: random.Random) -> int:
    with house.storage.away():
        time.sleep(rng.uniform(1, 15))
    return 0


def storage_away_for_two_minutes(house: Installation, rng: random.Random) -> int:
    with house.storage.away():
        time.sleep(120)
    return 0


def storage_silent(house: Installation, rng: random.Random) -> int:
    house.storage.silent |= {"photos", "reports", "archive"}
    time.sleep(rng.uniform(1, 15))
    house.storage.silent.clear()
    house.storage.break_connections()
    return 0


def storage_silent_for_long(house: Installation, rng: random.Random) -> int:
    """For longer than an answer is waited for."""
    house.storage.silent |= {"photos", "reports", "archive"}
    time.sleep(ANSWER_TIMEOUT_S + 15)
    house.storage.silent.clear()
    return 0


def storage_in_trouble(house: Installation, rng: random.Random) -> int:
    house.storage.throttled, house.storage.broken = 0.2, 0.1
    time.sleep(rng.uniform(2, 8))
    house.storage.throttled = house.storage.broken = 0.0
    return 0


def disk_full(house: Installation, rng: random.Random) -> int:
    with house.disk.full():
        time.sleep(rng.uniform(2, 12))
    return 0


@dataclass(frozen=True)
class Chance:
    mishap: Mishap
    weight: int

    @property
    def name(self) -> str:
        return self.mishap.__name__.replace("_", " ")


MISHAPS = (
    Chance(kill_horse, 8),
    Chance(kill_worker, 8),
    Chance(kill_parent, 3),
    Chance(kill_control, 5),
    Chance(kill_scheduler, 1),
    Chance(kill_redis, 2),
    Chance(kill_all, 2),
    Chance(stop_worker, 3),
    Chance(freeze_horse, 1),
    Chance(forget_redis, 3),
    Chance(database_away, 2),
    Chance(storage_away, 2),
    Chance(storage_silent, 1),
    Chance(storage_in_trouble, 2),
    Chance(disk_full, 2),
)
ONCE = (storage_away_for_two_minutes, database_away_for_long, storage_silent_for_long)
