"""Copies between two endpoints whose bytes flow through the worker: beside rclone, and beside s5cmd with a pipe in
the middle, one core each.
"""

import os
import shlex
from pathlib import Path

from bench import contest, programs, sizes, tools
from bench.contest import Peer
from bench.figures import Figure, Findings, Row, Sample, cpu, of, per_s, ratio
from bench.place import Place

GOAL = "streaming"
MIB = 1024**2
ROOM_MB = 64
IN_FLIGHT = 32
OURS, RCLONE, S5CMD = "data plane", "rclone", "s5cmd cat | s5cmd pipe"


def between_endpoints(place: Place, found: Findings) -> None:
    scale = sizes.number("BENCH_SCALE", 1.0)
    for size_bytes, objects in ((64 * MIB, max(4, int(32 * scale))), (MIB, int(1_000 * scale))):
        _beside_peers(place, found, size_bytes, objects)


def _beside_peers(place: Place, found: Findings, size_bytes: int, objects: int) -> None:
    name = f"{size_bytes // MIB}-mib"
    _make(place.stub.files, name, size_bytes, objects)
    peers = [_ours(place, name, size_bytes, objects, found)]
    rclone = tools.rclone()
    if rclone:
        peers.append(_rclone(place, rclone, name, size_bytes, objects))
    else:
        found.rows.append(Row(GOAL, RCLONE, figure="absent", note="there is no rclone here"))
    peers.append(_s5cmd(place, name, size_bytes, min(objects, 100)))
    rounds = contest.take_turns(peers)
    what = f"objects of {size_bytes // MIB} MiB"
    for peer in rounds:
        found.add(GOAL, f"{what}, {peer}: MiB/s", _times(of(rounds, peer, per_s), size_bytes / MIB))
        spent = _times(of(rounds, peer, cpu), 1024 * MIB / size_bytes / 1000)
        found.add(GOAL, f"{what}, {peer}: CPU-s per GiB", spent, digits=2)
    best = max((peer for peer in rounds if peer != OURS), key=lambda p: of(rounds, p, per_s).median)
    times = ratio(rounds, OURS, best, per_s)
    found.add(
        GOAL, f"{what}: bytes/s, times {best}", times, digits=2, aim=">= 1", met=times.median >= 1
    )


def _times(one: Figure, factor: float) -> Figure:
    return Figure(one.median * factor, one.low * factor, one.high * factor)


def _make(folder: Path, name: str, size_bytes: int, objects: int) -> None:
    """One file under many names."""
    original = folder / f"{name}-0"
    original.write_bytes(os.urandom(MIB) * (size_bytes // MIB))
    for number in range(1, objects):
        link = folder / f"{name}-{number}"
        if not link.exists():
            os.link(original, link)


def _prefix(name: str, size_bytes: int) -> str:
    """The stub says of what lies below that it has as many bytes."""
    return f"{size_bytes}/{name}"


def _ours(place: Place, name: str, size_bytes: int, objects: int, found: Findings) -> Peer:
    def run() -> Sample:
        prefix = _prefix("ours", size_bytes)
        url = place.stub.url()
        took = programs.python("bench.streaming", url, name, prefix, objects, IN_FLIGHT)
        if took.said["succeeded"] != objects:
            found.wrong.append(f"{name}: {took.said['succeeded']} of {objects} succeeded")
        if took.said["held_bytes"] > ROOM_MB * MIB:
            found.wrong.append(f"{name}: {took.said['held_bytes']:,} bytes were held at once")
        return Sample(objects, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(OURS, run)


def _rclone(place: Place, program: str, name: str, size_bytes: int, objects: int) -> Peer:
    """With all that spares it requests; `--disable copy`, since it takes the two for one storage."""
    listed = place.folder / f"{name}.txt"
    listed.write_text("".join(f"{name}-{number}\n" for number in range(objects)))
    remote = (
        f":s3,provider=Other,access_key_id={contest.S3_KEYS['AWS_ACCESS_KEY_ID']},"
        f"secret_access_key={'x' * 40},region=us-east-1,endpoint='{place.stub.url()}':"
    )
    command = [
        # Nothing here goes over TLS, and rclone cannot be told of certificates in this way.
        *("env", "-u", "AWS_CA_BUNDLE"),
        *(
            program,
            "copy",
            "--disable",
            "copy",
            f"{remote}files",
            f"{remote}sink/{_prefix('rclone', size_bytes)}",
        ),
        *("--files-from", str(listed), "--no-traverse", "--no-check-dest", "--s3-no-head"),
        *("--s3-no-check-bucket", "--transfers", "8", "--checkers", "8", "--config", "/dev/null"),
        *("--retries", "1", "--ignore-times", "--no-update-modtime"),
    ]
    environment = {"RCLONE_S3_DISABLE_HTTP2": "true", "GOMAXPROCS": "1"}

    def run() -> Sample:
        took = programs.run(command, environment=environment)
        return Sample(objects, took.wall_s, took.cpu_s, took.pss_mb)

    return Peer(RCLONE, run)


def _s5cmd(place: Place, name: str, size_bytes: int, objects: int) -> Peer:
    s5cmd = f"{shlex.quote(tools.s5cmd())} --log error --endpoint-url {place.stub.url()}"
    prefix = _prefix("s5cmd", size_bytes)
    script = (
        f"set -e; for n in $(seq 0 {objects - 1}); do"
        f" {s5cmd} cat s3://files/{name}-$n | {s5cmd} pipe s3://sink/{prefix}/$n; done"
    )

    def run() -> Sample:
        took = programs.run(["bash", "-c", script], environment=contest.S3_KEYS)
        if "ERROR" in took.output:
            raise programs.ProgramFailedError(f"s5cmd: {took.output[-500:]}")
        return Sample(objects, took.wall_s, took.cpu_s, took.pss_mb)

    return Peer(S5CMD, run)
