"""Whether the working tree takes more CPU than an old commit: `python -m bench.pair COMMIT`.

Whole jobs of both run against one stub, at the same time on one core, so that what disturbs one
disturbs the other; ratios are taken round by round. It ends with an error when a median is above
what is allowed, or a result was wrong.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine, place, report, tools
from bench import stub as stubs
from bench.figures import MISSED, Findings, Sample, cpu, figure, ratio
from bench.stub import Stub

WHAT = {
    "G1": ("tagging job", "copy job"),
    "G4": ("tagging job over TLS",),
    "G5": ("batch delete",),
}
"""What bench.side measures for each goal."""


Rounds = dict[str, list[Sample]]
"""By "old" and "new"; samples of one index were taken in one round."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`most` is what a median ratio may be; `in_turn` says that the two never run at once."""

    commit: str
    rounds: int
    goals: Sequence[str]
    most: float
    in_turn: bool

    @property
    def what(self) -> list[str]:
        return [name for goal in self.goals for name in WHAT[goal]]


class SideError(Exception):
    """One of the two codes could not be measured; the text is what it said."""


@dataclass(slots=True)
class Side:
    """The process of bench.side over one tree."""

    name: str
    process: subprocess.Popen[str]
    wrong: list[str]

    def begin(self, what: str) -> None:
        assert self.process.stdin
        print(what, file=self.process.stdin, flush=True)

    def end(self) -> Sample:
        """What was begun, when it has ended."""
        took = self.hear()
        self.wrong += [f"{self.name}: {sentence}" for sentence in took["wrong"]]
        return Sample(took["tasks"], took["wall_s"], took["cpu_s"])

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SideError(f"The {self.name} code could not be measured; see above.")
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.contextmanager
def tree_of(commit: str, folder: Path) -> Iterator[Path]:
    """A detached worktree of the commit, with our bench.side in it. Raises SystemExit."""
    tree = folder / "tree"
    _git("worktree", "add", "--detach", str(tree), commit)
    try:
        shutil.copy(Path(__file__).with_name("side.py"), tree / "bench" / "side.py")
        yield tree
    finally:
        _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> None:
    done = subprocess.run(["git", *words], cwd=tools.ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip())


@contextlib.contextmanager
def opened(name: str, tree: Path, folder: Path, stub: Stub) -> Iterator[Side]:
    """A side with a database, Redis and work storage of its own. Raises SideError."""
    (folder / "data").mkdir(parents=True)
    kept = {key: value for key, value in os.environ.items() if key not in place.FOREIGN}
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.side", str(stub.base), str(stub.folder)],
        cwd=tree,
        env={**kept, **place.variables(folder, stub), "PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    side = Side(name, process, [])
    try:
        if Path(side.hear()["jobs"]).resolve() != tree.resolve():
            raise SideError(f"The {name} side does not run the code of {tree}.")
        yield side
    finally:
        assert process.stdin and process.stdout
        process.stdin.close()  # which ends it, with all that it started
        process.wait()
        process.stdout.close()


def compared(old: Side, new: Side, plan: Plan) -> dict[str, Rounds]:
    """Samples by what was measured. Who goes first changes with every round, and a first round is
    thrown away.
    """
    found: dict[str, Rounds] = {name: {"old": [], "new": []} for name in plan.what}
    run = _in_turn if plan.in_turn else _at_once
    for number in range(plan.rounds + 1):
        for name in plan.what:
            order = (old, new) if number % 2 else (new, old)
            pair = run(order, name)
            told = _told(pair["old"], pair["new"])
            print(f"  {number or 'warm'}  {name}: {told}", file=sys.stderr, flush=True)
            if number:
                for side_name, sample in pair.items():
                    found[name][side_name].append(sample)
    return found


def _in_turn(order: Sequence[Side], name: str) -> dict[str, Sample]:
    found = {}
    for side in order:
        side.begin(name)
        found[side.name] = side.end()
    return found


def _at_once(order: Sequence[Side], name: str) -> dict[str, Sample]:
    for side in order:
        side.begin(name)
    return {side.name: side.end() for side in order}


def _told(old: Sample, new: Sample) -> str:
    text = f"CPU-s per 1,000: old {cpu(old):.5f}, new {cpu(new):.5f}"
    return f"{text}, ratio {cpu(new) / cpu(old):.3f}"


def judged(measured: dict[str, Rounds], most: float) -> Findings:
    """Rows of CPU per 1,000 and of ratios, of which each has to be at most `most`."""
    found = Findings()
    goal_of = {name: goal for goal, names in WHAT.items() for name in names}
    for name, rounds in measured.items():
        for side in ("old", "new"):
            used = figure([cpu(sample) for sample in rounds[side]])
            found.add(goal_of[name], f"{name}, {side}: CPU-s per 1,000", used, digits=5)
        times = ratio(rounds, "new", "old", cpu)
        found.add(
            goal_of[name], f"{name}: new, times old", times, digits=3, aim=f"<= {most:g}",
            met=times.median <= most,
        )  # fmt: skip
    return found


def measured_on(stub: Stub, plan: Plan) -> Findings:
    """On a stub that runs."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(_temporary()))
        tree = stack.enter_context(tree_of(plan.commit, folder))
        old = stack.enter_context(opened("old", tree, folder / "old", stub))
        new = stack.enter_context(opened("new", tools.ROOT, folder / "new", stub))
        found = judged(compared(old, new, plan), plan.most)
        found.wrong += old.wrong + new.wrong
    return found


def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bc-pair-", dir=os.environ.get("BENCH_DIR"))


def asked(arguments: Sequence[str]) -> Plan:
    """Raises SystemExit with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m bench.pair", description=__doc__)
    parser.add_argument("commit", help="the old one, which must have bench/")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--goals", default=",".join(WHAT), help="parted by commas")
    parser.add_argument("--most", type=float, default=1.05, help="allowed median ratio")
    parser.add_argument("--in-turn", action="store_true", help="one after the other")
    given = vars(parser.parse_args(arguments))
    goals = given.pop("goals").split(",")
    if unknown := [goal for goal in goals if goal not in WHAT]:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(WHAT)}")
    return Plan(goals=goals, **given)


def main(arguments: Sequence[str]) -> int:
    plan, facts = asked(arguments), machine.facts()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which leaves no worktree behind
    with _temporary() as folder:
        Path(folder).chmod(0o755)
        with stubs.running(Path(folder) / "stub") as stub:
            found = measured_on(stub, plan)
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    print(f"{plan.commit} and the working tree, medians of {plan.rounds} rounds\n")
    print(report.table(found.rows))
    for sentence in found.wrong:
        print(f"WRONG: {sentence}")
    print(f"\nwrong results: {len(found.wrong)}")
    return int(bool(found.wrong) or any(row.verdict == MISSED for row in found.rows))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (SideError, tools.MissingError) as problem:
        sys.exit(str(problem))
