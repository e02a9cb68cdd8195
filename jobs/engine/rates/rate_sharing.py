"""What the workers tell each other about rates, through Redis: one round trip for everything.

A key for each bucket of an endpoint, and for each job with a ceiling, holds a hash: a field per
worker with what it counted and needs, and, for a bucket, the rate that all of them share. Who
closes the window for all is whoever asks first; the others read what came of it. Redis may be
away: nothing here is needed for work to go on.
"""

import hashlib
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass

from redis import Redis
from redis.exceptions import RedisError

from jobs import queueing
from jobs.engine.rates.rate_limit import WINDOW_S, Counts, Demand, Known, Rate, known_next
from jobs.services.destination import Destination

PREFIX = "batchconsole:rate:"
KNOWN = b"known"
KEPT_S = 600
"""How long a rate is remembered after the last request."""
PRESENT_S = 2.0
"""A worker that was not heard of for longer leaves its share to the others."""
RECENT_S = 15.0
"""So long after its last cut a rate counts as throttled."""
TIMEOUT_S = 1.0


def key_of_destination(to: Destination) -> str:
    """The same for all credentials: a storage counts requests, not who sends them."""
    name = f"{to.endpoint.url.rstrip('/').lower()} {to.name}"
    return f"{PREFIX}{to.service}:{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def key_of_job(job_id: str) -> str:
    return f"{PREFIX}job:{job_id}"


@dataclass(frozen=True, slots=True)
class Mine:
    """What this worker says under one key; `rate` is the one that it goes by, None for a job,
    whose ceiling nobody has to find.
    """

    counts: Counts
    demand: Demand
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What stands under a key: the rate of all workers together, and what the others need."""

    rate: Rate | None
    others: Sequence[Demand]


class Sharing:
    """For one worker process and one of its threads; `worker` is unlike any other's name."""

    def __init__(self, worker: str, redis: Redis | None = None) -> None:
        self._worker = worker.encode()
        self._redis = redis or queueing.connection(timeout_s=TIMEOUT_S)
        self._ahead_s: float | None = None

    def swap(self, mine: Mapping[str, Mine]) -> dict[str, Shared]:
        """Tell what is mine, hear what is theirs. Raises RedisError."""
        if self._ahead_s is None:
            self._set_clock(self._redis.time())
        keys, rated = list(mine), [key for key in mine if mine[key].rate]
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hset(key, self._worker, self._text(mine[key]))
                pipe.expire(key, KEPT_S)
                pipe.hgetall(key)
            for key in rated:
                pipe.set(f"{key}:turn", self._worker, nx=True, px=int(WINDOW_S * 900))
            pipe.time()
            *answers, clock = pipe.execute()
        self._set_clock(clock)
        found = dict(zip(keys, answers[2 : 3 * len(keys) : 3], strict=True))
        turns = dict(zip(rated, answers[3 * len(keys) :], strict=True))
        return self._heard(mine, found, {key for key, won in turns.items() if won})

    def leave(self, keys: Collection[str]) -> None:
        """Others may have this worker's share. Raises RedisError."""
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hdel(key, self._worker)
            pipe.execute()
        self._redis.connection_pool.disconnect()

    def _heard(
        self, mine: Mapping[str, Mine], found: Mapping[str, "Fields"], to_decide: set[str]
    ) -> dict[str, Shared]:
        heard = {}
        with self._redis.pipeline(transaction=False) as pipe:
            for key, fields in found.items():
                present = self._present(fields)
                known = _known_of(fields.get(KNOWN))
                if key in to_decide:
                    before, known = known, self._decide(known, mine[key], present)
                    if known is not before:
                        pipe.hset(key, KNOWN, _text_of(known))
                        for gone in set(fields) - set(present) - {KNOWN}:
                            pipe.hdel(key, gone)
                others = [entry.demand for name, entry in present.items() if name != self._worker]
                heard[key] = Shared(known.rate if known else mine[key].rate, others)
            pipe.execute()  # nothing is sent when there was nothing to decide
        return heard

    def _decide(self, known: Known | None, mine: Mine, present: "Present") -> Known:
        counts = {name.decode(): entry.counts for name, entry in present.items()}
        now_s = self._now_s()
        if known is None:
            return Known(mine.rate or Rate(), now_s, counts)
        return known_next(known, counts, now_s)

    def _present(self, fields: "Fields") -> "Present":
        oldest_s = self._now_s() - PRESENT_S
        present = {}
        for name, text in fields.items():
            if name != KNOWN:
                at_s, answers, throttled, waits, used_per_s, hungry = json.loads(text)
                if at_s >= oldest_s:
                    counts = Counts(answers, throttled, waits)
                    present[name] = Mine(counts, Demand(used_per_s, hungry))
        return present

    def _text(self, entry: Mine) -> str:
        return json.dumps([self._now_s(), *astuple(entry.counts), *astuple(entry.demand)])

    def _set_clock(self, clock: tuple[int, int]) -> None:
        self._ahead_s = clock[0] + clock[1] / 1e6 - time.monotonic()

    def _now_s(self) -> float:
        """On Redis's clock, which all workers share."""
        return time.monotonic() + (self._ahead_s or 0.0)


Fields = Mapping[bytes, bytes]
Present = dict[bytes, Mine]


def _known_of(text: bytes | None) -> Known | None:
    if text is None:
        return None
    rate, at_s, seen, throttled_at_s, settling = json.loads(text)
    counts = {worker: Counts(*numbers) for worker, numbers in seen.items()}
    return Known(Rate(*rate), at_s, counts, throttled_at_s, settling)


def _text_of(known: Known) -> str:
    seen = {worker: astuple(counts) for worker, counts in known.seen.items()}
    facts = [astuple(known.rate), known.at_s, seen, known.throttled_at_s, known.settling]
    return json.dumps(facts)


def throttled_rate(keys: Collection[str], redis: Redis | None = None) -> float | None:
    """The lowest rate, in requests per second, that the storage lately allowed under one of
    `keys`; None where none was throttled, or Redis does not tell.
    """
    try:
        client = redis or queueing.connection(timeout_s=TIMEOUT_S)
        with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hget(key, KNOWN)
            pipe.time()
            *texts, clock = pipe.execute()
    except RedisError:
        return None
    now_s = clock[0] + clock[1] / 1e6
    known = [found for text in texts if (found := _known_of(text))]
    return min((k.rate.per_s for k in known if now_s - k.throttled_at_s < RECENT_S), default=None)
