"""A storage with a limit that nobody knows, and workers that look for it: all in simulated time."""

import heapq
import random
from itertools import count

from jobs.engine.rates.rate_limit import (
    WINDOW_S,
    Counts,
    Demand,
    Known,
    Pacer,
    Rate,
    known_next,
    share_of,
)

SEND, ANSWER, LOOK = range(3)


class Worker:
    def __init__(self, per_s):
        self.pacer = Pacer(per_s)
        self.rate = Rate(per_s)
        self.answers = self.throttled = 0
        self.looked_s = 0.0
        self.seen = (0, 0)

    def demand(self, now_s):
        span_s, self.looked_s = max(now_s - self.looked_s, 0.001), now_s
        taken, waits = self.pacer.taken, self.pacer.waits
        used, hungry = taken - self.seen[0], waits > self.seen[1]
        self.seen = (taken, waits)
        return Demand(used / span_s, hungry)


class Simulation:
    """`log` holds a moment and whether it was throttled for each answer. `limits` are pairs: from
    which moment on the storage bears how many requests per second, None for any number.
    """

    def __init__(self, *limits, workers=1, in_flight=256, latency_s=0.02, chance=0.0, seed=1):
        self.rng = random.Random(seed)
        self.limits = list(limits)
        self.latency_s, self.chance = latency_s, chance
        self.workers = [Worker(Rate().per_s) for _ in range(workers)]
        self.known, self.turn_s, self.entries = None, -1.0, {}
        self.tokens, self.token_s = 10.0, 0.0
        self.log = []
        self.numbers = count()
        self.events = []
        for at, _ in enumerate(self.workers):
            self.plan(0.002 * at, LOOK, at)
            for _ in range(in_flight // workers):
                self.plan(0.0, SEND, at)

    def plan(self, at_s, kind, worker, attempt=0, throttled=False):
        event = (at_s, next(self.numbers), kind, worker, attempt, throttled)
        heapq.heappush(self.events, event)

    def run(self, seconds):
        while self.events[0][0] < seconds:
            now_s, _, kind, at, attempt, throttled = heapq.heappop(self.events)
            if kind == LOOK:
                self.look(at, now_s)
            elif kind == SEND:
                self.send(at, now_s, attempt)
            else:
                self.answer(at, now_s, attempt, throttled)
        return self

    def look(self, at, now_s):
        worker = self.workers[at]
        demand = worker.demand(now_s)
        self.entries[at] = Counts(worker.answers, worker.throttled, worker.pacer.waits), demand
        if now_s - self.turn_s >= 0.9 * WINDOW_S:
            self.turn_s = now_s
            counts = {str(name): entry[0] for name, entry in self.entries.items()}
            known = self.known or Known(worker.rate, now_s, counts)
            self.known = known_next(known, counts, now_s)
        worker.rate = self.known.rate
        others = [entry[1] for name, entry in self.entries.items() if name != at]
        worker.pacer.per_s = share_of(worker.rate.per_s, demand, others)
        self.plan(now_s + WINDOW_S + self.rng.uniform(0, 0.01), LOOK, at)

    def send(self, at, now_s, attempt):
        wait_s = self.workers[at].pacer.wait_s(now_s)
        if wait_s:
            self.plan(now_s + wait_s + self.rng.uniform(0, 0.001), SEND, at, attempt)
            return
        throttled = self.rng.random() < self.chance or not self.bears(now_s)
        delay_s = self.latency_s * self.rng.uniform(0.8, 1.2)
        self.plan(now_s + delay_s, ANSWER, at, attempt, throttled)

    def bears(self, now_s):
        limit = [limit for since_s, limit in self.limits if since_s <= now_s][-1]
        if limit is None:
            return True
        gathered = self.tokens + (now_s - self.token_s) * limit
        self.tokens, self.token_s = min(max(10, limit * 0.02), gathered), now_s
        self.tokens -= self.tokens >= 1
        return gathered >= 1

    def answer(self, at, now_s, attempt, throttled):
        worker = self.workers[at]
        worker.answers += 1
        worker.throttled += throttled
        self.log.append((now_s, throttled))
        pause_s = self.rng.uniform(0, min(5, 0.05 * 2**attempt)) if throttled else 0.0
        self.plan(now_s + pause_s, SEND, at, attempt + 1 if throttled else 0)

    def good_per_s(self, begin_s, end_s):
        good = [0 for at_s, throttled in self.log if begin_s <= at_s < end_s and not throttled]
        return len(good) / (end_s - begin_s)

    def throttled_share(self, begin_s, end_s):
        found = [throttled for at_s, throttled in self.log if begin_s <= at_s < end_s]
        return sum(found) / len(found)
