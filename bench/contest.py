"""Peers that take turns within one run."""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import programs, sizes, tools, trials
from bench.figures import Findings, Rounds, Sample
from bench.place import Place
from bench.programs import ProgramFailedError
from bench.stub import Stub

LONG_BOX_S = "3600"
WRK_S = 3
S3_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "x" * 40,
    "AWS_REGION": "us-east-1",
}


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    run: Callable[[], Sample]


def take_turns(peers: Sequence[Peer], *, runs: int | None = None) -> Rounds:
    """Every peer once for warmth, then all of them in turn, so many times."""
    runs = sizes.runs() if runs is None else runs
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in peers}
    for number in range(runs + 1):
        for peer in peers:
            sample = peer.run()
            say(f"  {number or 'warm'}  {peer.name}: {told(sample)}")
            if number:
                samples[peer.name].append(sample)
    return samples


def told(sample: Sample) -> str:
    text = f"{sample.per_s:,.0f}/s, {sample.cpu_per_1000_s:.3f} CPU-s per 1,000"
    return text + (f", {sample.pss_mb:.0f} MB" if sample.pss_mb else "")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def whole_job(
    place: Place, name: str, operation: str, tasks: int, found: Findings, *,
    url: str, in_flight: int = 128, dry_run: bool = False,
) -> Peer:  # fmt: skip
    """A prepared job from its first claim to its last record, checked afterwards."""

    def run() -> Sample:
        job = trials.prepared(place.stub, operation, tasks, url=url, dry_run=dry_run)
        took = programs.python(
            "bench.horse",
            BATCHCONSOLE_IN_FLIGHT=str(in_flight),
            BATCHCONSOLE_TIME_BOX_S=LONG_BOX_S,
        )
        found.wrong += trials.check_run(job, tasks)
        trials.clear(job)
        return Sample(tasks, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(name, run)


def transport(
    name: str, operation: str, tasks: int, found: Findings, *, url: str, in_flight: int = 128
) -> Peer:
    def run() -> Sample:
        took = programs.python("bench.transport", url, operation, tasks, in_flight)
        if took.said["succeeded"] != tasks:
            found.wrong.append(f"{name}: {took.said['succeeded']:,} of {tasks:,} succeeded")
        return Sample(tasks, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(name, run)


def boto3(name: str, call: str, calls: int, threads: int, *, url: str, each: int = 1) -> Peer:
    """`each` is how many tasks a call does."""

    def run() -> Sample:
        took = programs.python("bench.peers.boto3_threads", url, call, calls, threads)
        return Sample(calls * each, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(name, run)


def best_boto3(call: str, calls: int, *, url: str, each: int = 1) -> tuple[Peer, int]:
    """Of 16, 64 and 128 threads those that came furthest in a trial, and how many that are."""
    tried = []
    for threads in (16, 64, 128):
        peer = boto3(f"boto3, {threads} threads", call, calls, threads, url=url, each=each)
        sample = peer.run()
        say(f"  trial  {peer.name}: {told(sample)}")
        tried.append((sample.per_s, threads, peer))
    _, threads, peer = max(tried, key=lambda one: one[0])
    return peer, threads


def s5cmd(name: str, tasks: int, *arguments: str, url: str, workers: int = 128) -> Peer:
    def run() -> Sample:
        command = [tools.s5cmd(), "--log", "error", "--numworkers", str(workers)]
        took = programs.run([*command, "--endpoint-url", url, *arguments], environment=S3_KEYS)
        if "ERROR" in took.output:
            raise ProgramFailedError(f"s5cmd: {took.output[-500:]}")
        return Sample(tasks, took.wall_s, took.cpu_s, took.pss_mb)

    return Peer(name, run)


def s5cmd_by_line(name: str, line: str, tasks: int, *, url: str) -> Peer:
    """Commands from a file, a line per object; `{}` in `line` is the number of the object."""
    handle, path = tempfile.mkstemp(prefix="s5cmd-", suffix=".txt", dir=os.environ["DATA_DIR"])
    os.close(handle)
    Path(path).write_text("".join(f"{line.format(number)}\n" for number in range(tasks)))
    return s5cmd(name, tasks, "run", path, url=url)


def wrk(
    name: str, what: str, stub: Stub, offset: int, *, connections: int = 128, each: int = 1
) -> Peer:
    """The stub's own ceiling: bare requests, nothing signed, nothing read but the status."""
    command, environment = tools.wrk()
    script = Path(__file__).parent / "peers" / "wrk_requests.lua"
    command += ["-t1", f"-c{connections}", f"-d{WRK_S}s", "-s", str(script)]

    def run() -> Sample:
        took = programs.run([*command, stub.url(offset), "--", what], environment=environment)
        if "Non-2xx" in took.output or "Socket errors" in took.output:
            raise ProgramFailedError(f"wrk: {took.output[-500:]}")
        done = re.search(r"(\d+) requests in ([\d.]+)s", took.output)
        if not done:
            raise ProgramFailedError(f"wrk: {took.output[-500:]}")
        return Sample(int(done[1]) * each, float(done[2]), took.cpu_s, took.pss_mb)

    return Peer(name, run)
