"""The soak on one database, that of the environment.

It ends when SOAK_KILLS processes were killed and SOAK_MINUTES have passed. SOAK_OBJECTS a job has,
and SOAK_JOBS run at a time. SOAK_SEED repeats the order of what happens. With SOAK_LONG=0 nothing
is away for a minute or more. An error at its end means: a task was lost, doubled or not told truly,
or a job did not end as it should.
"""

import faulthandler
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import django
import psutil
from redis.exceptions import RedisError

django.setup()

from django.conf import settings  # noqa: E402

from tests.postgres import Cluster, system_account  # noqa: E402
from tests.servers import free_port  # noqa: E402
from tests.soak.installation import Installation, wait_until  # noqa: E402
from tests.soak.jobs import Jobs  # noqa: E402
from tests.soak.mishaps import MISHAPS, ONCE, BrokenPromiseError, Chance  # noqa: E402

KILLS = int(os.environ.get("SOAK_KILLS", "50"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
OBJECTS = int(os.environ.get("SOAK_OBJECTS", "20000"))
JOBS = int(os.environ.get("SOAK_JOBS", "3"))
SEED = int(os.environ.get("SOAK_SEED", str(time.time_ns() % 1_000_000)))
LONG = os.environ.get("SOAK_LONG", "1") == "1"
PAUSE_S = (0.3, 3.0)
"""Between two mishaps: less than a lease, so that they meet each other's consequences."""
PATIENCE_S = 900.0
DELAY_S = 0.02
"""Of the storage, for a task's call."""
SLOW_S = 0.3
"""For what preparing and finishing ask, so that they take long enough for something to happen."""


def say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def main() -> int:
    faulthandler.register(signal.SIGUSR1)  # says where it is when it seems to hang
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    logging.disable(logging.ERROR)
    rng = random.Random(SEED)
    cluster = None
    if folder := os.environ.get("SOAK_CLUSTER"):
        cluster = Cluster(Path(folder), system_account())
        cluster.start()
        cluster.create_database()
    house = Installation(settings.DATA_DIR, free_port(), cluster)
    try:
        return Soak(house, rng).run()
    finally:
        house.end()


class Soak:
    def __init__(self, house: Installation, rng: random.Random) -> None:
        self.house, self.rng = house, rng
        self.jobs = Jobs(house, OBJECTS, rng)
        self.happened: Counter[str] = Counter()
        self.kills = 0
        self.problems: list[str] = []
        self.database = "PostgreSQL" if house.cluster else "SQLite"

    def run(self) -> int:
        say(f"{self.database}, seed {SEED}: jobs of {OBJECTS:,} objects, {JOBS} at a time")
        if not self.house.disk.is_own:
            say("  The work storage has no disk of its own here: it is never full.")
        self.house.storage.delay_s = DELAY_S
        self.house.storage.slow = {"photos": SLOW_S, "reports": SLOW_S}
        self.house.start()
        wait_until(lambda: "Ctrl-C" in self.house.said, within_s=60, what="the start")
        began_s = time.monotonic()
        try:
            self._ill_treat(began_s)
            self._come_to_an_end()
        except (TimeoutError, BrokenPromiseError) as problem:
            self.problems += [str(problem), *self.jobs.unfinished()]
        return self._result(time.monotonic() - began_s)

    def _ill_treat(self, began_s: float) -> None:
        once = [Chance(mishap, 1) for mishap in ONCE] if LONG else []
        told_s = began_s
        while self.kills < KILLS or time.monotonic() - began_s < MINUTES * 60:
            self._keep_busy()
            late = self.kills > KILLS // 3 * (3 - len(once)) // 2
            self._happen(once.pop() if once and late else self._chance())
            if time.monotonic() - told_s > 60:
                told_s = time.monotonic()
                say(f"  {self.kills} kills, {self.jobs.ended} jobs ended, {self.jobs.tally}")

    def _keep_busy(self) -> None:
        until_s = time.monotonic() + self.rng.uniform(*PAUSE_S)
        while time.monotonic() < until_s:
            self.jobs.look()
            while self.jobs.under_way < JOBS:
                self.jobs.begin()
            time.sleep(0.1)

    def _chance(self) -> Chance:
        weights = [chance.weight for chance in MISHAPS]
        while True:
            (chance,) = self.rng.choices(MISHAPS, weights)
            if self.house.disk.is_own or chance.name != "disk full":
                return chance

    def _happen(self, chance: Chance) -> None:
        try:
            killed = chance.mishap(self.house, self.rng)
        except (psutil.NoSuchProcess, RedisError):
            return  # what it was meant for is not there at the moment
        if killed or not chance.name.startswith("kill"):  # else there was nobody to kill
            self.kills += killed
            self.happened[chance.name] += 1

    def _come_to_an_end(self) -> None:
        self.jobs.calm = True

        def all_ended() -> bool:
            self.jobs.look()
            return self.jobs.under_way == 0

        wait_until(all_ended, within_s=PATIENCE_S, what="the end of all jobs")

    def _result(self, took_s: float) -> int:
        tally = self.jobs.tally
        tally.faults = self.happened.total()
        problems = [*self.problems, *self.jobs.wrong_ends, *self.house.storage.surprises]
        happened = Counter({"pause, resume or new priority": self.jobs.wishes}) + self.happened
        say(f"  {', '.join(f'{count} {name}' for name, count in happened.most_common())}")
        say(
            f"{self.database}: {self.kills} kills -9, {tally} in {self.jobs.ended} jobs,"
            f" {took_s:.0f} s"
        )
        for problem in problems:
            say(f"  PROBLEM: {problem}")
        return int(bool(problems) or not tally.sound)


if __name__ == "__main__":
    sys.exit(main())
