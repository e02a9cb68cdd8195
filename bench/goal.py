"""Measures one goal in a process of its own: python -m bench.goal NAME RESULT.json"""

import dataclasses
import json
import os
import sys
from pathlib import Path

from bench import machine
from bench.figures import Findings
from bench.place import place

COUNTING = {"G8", "G9", "multipart"}


def main() -> None:
    name, result = sys.argv[1:]
    os.sched_setaffinity(0, {machine.cores().house})
    found = Findings()
    with place(counting=name in COUNTING) as where:
        # Only now is there something for Django to be set up over.
        from bench import house  # noqa: PLC0415
        from bench.goals.table import GOALS  # noqa: PLC0415

        with house.opened(where.stub):
            GOALS[name](where, found)
    Path(result).write_text(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
