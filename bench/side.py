"""One of the two codes that bench.pair compares, as a process: a line with the name of a measurement
comes in, a line of JSON with what a whole job took goes out.

The file is laid into the old commit's tree as well, so it asks of bench/ only what that has had.
"""

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import django

django.setup()

from django.conf import settings  # noqa: E402

import jobs  # noqa: E402
from bench import contest, house, lists, machine, sizes, trials  # noqa: E402
from bench.figures import Findings  # noqa: E402
from bench.place import Place  # noqa: E402
from bench.stub import Stub  # noqa: E402


class Measurement(NamedTuple):
    """A whole job of so many tasks at a port of the stub."""

    operation: str
    tasks: int
    offset: int


MEASUREMENTS = {
    "tagging job": Measurement(trials.TAGGING, 100_000, 0),
    "copy job": Measurement(trials.COPY, 100_000, 0),
    "tagging job over TLS": Measurement(trials.TAGGING, 60_000, 43),
    "batch delete": Measurement(trials.deletion() or "", 600_000, 0),
}
"""By their names in bench.pair. Two seconds of CPU or three: with less, chance is what differs."""


def measured(place: Place, name: str) -> dict[str, object]:
    operation, tasks, offset = MEASUREMENTS[name]
    found, url = Findings(), place.stub.url(offset)
    sample = contest.whole_job(place, name, operation, sizes.tasks(tasks), found, url=url).run()
    facts = {"tasks": sample.tasks, "wall_s": sample.wall_s, "cpu_s": sample.cpu_s}
    return {**facts, "wrong": found.wrong}


def tell(facts: object) -> None:
    print(json.dumps(facts), flush=True)


def main() -> None:
    base, folder = sys.argv[1:]
    os.sched_setaffinity(0, {machine.cores().house})
    place = Place(settings.DATA_DIR, Stub(int(base), Path(folder)), "sqlite")
    for each in MEASUREMENTS.values():  # now, since later both sides may want to write one
        lists.write(place.stub.files, sizes.tasks(each.tasks))
    with house.opened(place.stub):
        tell({"jobs": str(Path(jobs.__path__[0]).parent)})
        for line in sys.stdin:
            tell(measured(place, line.strip()))


if __name__ == "__main__":
    main()
