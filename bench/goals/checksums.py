"""What Compute checksum costs: beside a bare receiver and the same hash, beside a boto3 script, and in
memory from small objects to large ones.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from bench import contest, lists, programs, sizes
from bench.contest import Peer
from bench.figures import MET, MISSED, Figure, Findings, Row, Sample, cpu, figure, of, ratio
from bench.place import Place

GOAL = "checksum"
MIB, GIB = 1024**2, 1024**3
LARGE_BYTES = 64 * MIB
STRONG, DEFAULT = "SHA256", "CRC64NVME"
IN_FLIGHT = 4


def computed(place: Place, found: Findings) -> None:
    _large(place, found)
    _small(place, found)
    _memory(place, found)


def reading(
    name: str, place: Place, bucket: str, key: str, objects: int, in_flight: int, algorithm: str,
    found: Findings,
) -> Peer:  # fmt: skip
    url = place.stub.url()

    def run() -> Sample:
        took = programs.python("bench.reading", url, bucket, key, objects, in_flight, algorithm)
        if took.said["succeeded"] != objects:
            found.wrong.append(f"{name}: {took.said['succeeded']:,} of {objects:,} succeeded")
        return Sample(objects, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(name, run)


def _receiver(name: str, place: Place, key: str, objects: int, algorithm: str) -> Peer:
    address = urlsplit(place.stub.url())

    def run() -> Sample:
        took = programs.python(
            "bench.peers.bare_receiver",
            *(address.hostname, address.port, f"/files/{key}", objects, algorithm),
        )
        return Sample(objects, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(name, run)


def _large(place: Place, found: Findings) -> None:
    (place.stub.files / "large").write_bytes(os.urandom(MIB) * (LARGE_BYTES // MIB))
    objects = max(16, int(128 * sizes.number("BENCH_SCALE", 1.0)))
    peers = []
    for algorithm in (STRONG, DEFAULT):
        peers.append(_receiver(f"bare {algorithm}", place, "large", objects, algorithm))
        name = f"data plane {algorithm}"
        peers.append(reading(name, place, "files", "large", objects, IN_FLIGHT, algorithm, found))
    rounds = contest.take_turns(peers)
    per_gib = GIB / LARGE_BYTES / 1000
    for algorithm in (STRONG, DEFAULT):
        for peer in (f"bare {algorithm}", f"data plane {algorithm}"):
            per_1000 = of(rounds, peer, cpu)
            gib = Figure(
                *(value * per_gib for value in (per_1000.median, per_1000.low, per_1000.high))
            )
            found.add(GOAL, f"64 MiB objects, {peer}: CPU-s per GiB", gib, digits=2)
        times = ratio(rounds, f"data plane {algorithm}", f"bare {algorithm}", cpu)
        found.add(
            GOAL, f"64 MiB objects, {algorithm}: CPU, times a bare receiver and the hash", times,
            digits=2, aim="<= 1.25", met=times.median <= 1.25,
        )  # fmt: skip


def _small(place: Place, found: Findings) -> None:
    objects = sizes.tasks(50_000)
    scripted = contest.boto3(
        "boto3, 16 threads", "checksum", sizes.tasks(5_000), 16, url=place.stub.url()
    )
    ours = reading(
        "1 KiB objects", place, lists.BUCKET, lists.key_of(1), objects, 64, STRONG, found
    )
    rounds = contest.take_turns([scripted, ours])
    for peer in rounds:
        name = peer if peer == ours.name else f"1 KiB objects, {peer}"
        found.add(GOAL, f"{name}: CPU-s per 1,000", of(rounds, peer, cpu), digits=3)
    times = ratio(rounds, scripted.name, ours.name, cpu)
    found.add(
        GOAL, "1 KiB objects: CPU of a boto3 script, times ours", times, digits=1, aim=">= 5",
        met=times.median >= 5,
    )  # fmt: skip


def _memory(place: Place, found: Findings) -> None:
    """The same number of objects at once, of one size and then of another."""
    largest = max(LARGE_BYTES, int(5 * GIB * sizes.number("BENCH_SCALE", 1.0)))
    peaks = []
    for size_bytes, objects in ((MIB, 2_000), (largest, 2 * IN_FLIGHT)):
        key = f"zeros-{size_bytes}"
        _sparse(place.stub.files / key, size_bytes)
        name = f"objects of {size_bytes // MIB:,} MiB"
        peer = reading(name, place, "files", key, objects, IN_FLIGHT, DEFAULT, found)
        peaks.append(max(peer.run().pss_mb or 0.0 for _ in range(2)))
        found.add(GOAL, f"{name}: peak PSS, MB", figure([peaks[-1]]), digits=0)
    growth = (max(peaks) / min(peaks) - 1) * 100
    verdict = MET if growth <= 10 else MISSED
    found.rows.append(Row(GOAL, "memory: difference, %", "<= 10", f"{growth:.0f}", "", verdict))


def _sparse(path: Path, size_bytes: int) -> None:
    with path.open("wb") as file:
        file.truncate(size_bytes)
