"""Listing a bucket of a million keys at 20 ms beside boto3's paginator, over the same keys."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

from bench import machine, programs, sizes, tools
from bench.figures import Findings, Row, figure
from bench.listing_storage import KINDS, PAGE_ROWS
from bench.place import Place

GOAL = "listing"
KEYS = 1_000_000
DELAY_MS = 20
FEWER = 10
"""Memory is looked at with so many times fewer keys, too."""

MOST_MORE_MB = 16
FASTER = {"flat": 5.0, "hex": 5.0}


def beside_boto3(_: Place, found: Findings) -> None:
    keys = sizes.tasks(KEYS)
    for kind in KINDS:
        measure(kind, keys, found)


def measure(kind: str, keys: int, found: Findings) -> None:
    with _storage(kind, keys // FEWER) as url:
        few = _run("ours", url, found, keys // FEWER)
    with _storage(kind, keys) as url:
        ours, boto3 = (_run(peer, url, found, keys) for peer in ("ours", "boto3"))
    if ours["keys"] != boto3["keys"]:
        found.wrong.append(f"listing {kind}: other keys than boto3 lists")
    what = f"{keys:,} keys, {kind}"
    for peer, took in (("ours", ours), ("boto3", boto3)):
        text = f"{took['wall_s']:.1f} s"
        spent = f"{took['cpu_s']:.1f} CPU-s, {took['requests']} requests, {took['peak_mb']:.0f} MB"
        found.rows.append(Row(GOAL, f"{what}, {peer}", figure=text, note=spent))
    times, aim = boto3["wall_s"] / ours["wall_s"], FASTER.get(kind)
    found.add(
        GOAL,
        f"{what}: times boto3",
        figure([times]),
        digits=1,
        aim=f">= {aim:.0f}" if aim else "",
        met=times >= aim if aim else None,
    )
    least = -(-keys // PAGE_ROWS)
    more = 100 * (ours["requests"] / least - 1)
    found.add(
        GOAL,
        f"{what}: more requests than pages",
        figure([more]),
        digits=1,
        unit=" %",
        aim="<= 10 %",
        met=more <= 10,
    )
    grown = ours["peak_mb"] - few["peak_mb"]
    found.add(
        GOAL,
        f"{what}: MB more than with a tenth",
        figure([grown]),
        digits=1,
        aim=f"<= {MOST_MORE_MB}",
        met=grown <= MOST_MORE_MB,
    )


def _run(peer: str, url: str, found: Findings, keys: int) -> dict[str, Any]:
    took = programs.python("bench.listing_peer", peer, url, PYTHONHASHSEED="1").said
    with urllib.request.urlopen(f"{url}/data?said=1") as answer:  # noqa: S310 - one of our own
        took |= json.loads(answer.read())
    if took["rows"] != keys:
        found.wrong.append(f"listing: {peer} has {took['rows']:,} of {keys:,} keys")
    return took


@contextlib.contextmanager
def _storage(kind: str, keys: int) -> Iterator[str]:
    """Its URL; on the stub's core."""
    command = ["taskset", "-c", str(machine.cores().stub), sys.executable]
    command += ["-m", "bench.listing_storage", kind, str(keys), str(DELAY_MS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tools.ROOT) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield f"http://127.0.0.1:{int(line)}"
        finally:
            process.terminate()
