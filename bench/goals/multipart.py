"""One object that is copied in 10,000 parts, with a kill -9 of its worker in the middle."""

import re
import time
from collections import Counter

from bench import machine, sizes, trials
from bench.crew import await_, crew
from bench.figures import Findings, figure
from bench.place import Place
from bench.stub import Stub
from jobs.choices import TERMINAL
from jobs.operations.copying.large_copy import AT_ONCE
from jobs.operations.copying.large_copy_limits import MOST_PARTS, USUAL_PART_BYTES

GOAL = "multipart"
AFTER_MS = 20
WITHIN_S = 300.0
_PART = re.compile(rb"^PUT \S*partNumber=(\d+)\S* (\d+)$", re.M)


def killed_in_the_middle(place: Place, found: Findings) -> None:
    parts = max(100, int(MOST_PARTS * min(1.0, sizes.number("BENCH_SCALE", 1.0))))
    repeated, took_s, undisturbed_s = [], [], []
    for _ in range(sizes.runs()):
        undisturbed_s.append(_copy(place, parts, found, is_killed=False)[1])
        again, whole_s = _copy(place, parts, found, is_killed=True)
        repeated.append(again)
        took_s.append(whole_s)
    found.add(
        GOAL, f"{parts:,} parts, kill -9 in the middle: parts sent again", figure(repeated),
        aim=f"<= {AT_ONCE}", met=max(repeated) <= AT_ONCE,
    )  # fmt: skip
    bound_s = parts * AFTER_MS / 1000 / AT_ONCE
    found.add(
        GOAL, f"{parts:,} parts at {AFTER_MS} ms, undisturbed, s", figure(undisturbed_s), digits=1
    )
    found.add(
        GOAL, f"the same, times the latency bound of {AT_ONCE} at once",
        figure([took / bound_s for took in undisturbed_s]), digits=2,
    )  # fmt: skip
    found.add(GOAL, "with the kill, the wait for its lease included, s", figure(took_s), digits=1)


def _copy(place: Place, parts: int, found: Findings, *, is_killed: bool) -> tuple[int, float]:
    """How many parts were sent again, and how long it took."""
    stub = place.counted
    before = sum(sent(stub).values())
    bucket = f"large-{parts * USUAL_PART_BYTES}"
    url = stub.url(AFTER_MS)
    job = trials.prepared(place.stub, trials.COPY, 1, url=url, bucket=bucket)
    cores = machine.cores()
    began_s = time.monotonic()
    with crew() as hands:
        victim = hands.worker("victim", "run", cores.client)
        hands.worker("control worker", "control", cores.house)
        hands.scheduler()
        if is_killed:
            await_(lambda: sum(sent(stub).values()) - before > parts * 0.4, within_s=WITHIN_S)
            victim.kill()
            victim.watch.end()
            hands.members.remove(victim)
            hands.worker("survivor", "run", cores.second)
        trials.await_status(job, TERMINAL)
    took_s = time.monotonic() - began_s
    found.wrong += trials.check_end(job, 1)
    return sum(sent(stub).values()) - before - parts, took_s


def sent(stub: Stub) -> Counter[int]:
    """How often each part was sent to the stub since it began."""
    assert stub.log is not None
    return Counter(int(number) for number, _ in _PART.findall(stub.log.read_bytes()))
