"""Which core does what, and the facts of the machine that stand beside the figures."""

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cores:
    """Client and stub never share a core where there are two; the rest is for everything else."""

    client: int
    stub: int
    second: int
    house: int


@cache
def cores() -> Cores:
    """Of those that this process had when it first asked: it goes to one of them itself."""
    allowed = sorted(os.sched_getaffinity(0))
    match len(allowed):
        case 1:
            return Cores(*allowed * 4)
        case 2:
            return Cores(client=allowed[0], stub=allowed[1], second=allowed[0], house=allowed[1])
        case 3:
            return Cores(client=allowed[2], stub=allowed[1], second=allowed[0], house=allowed[0])
        case _:
            return Cores(client=allowed[2], stub=allowed[1], second=allowed[3], house=allowed[0])


def facts() -> dict[str, str]:
    return {
        "processor": _line_of("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_line_of('/proc/meminfo', 'MemTotal').split()[0]) / 1048576:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f} at the start",
    }


def _line_of(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "0"
