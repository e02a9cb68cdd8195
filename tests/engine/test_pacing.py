"""What workers share through a real Redis, and how each goes on without one."""

import pytest
from redis import Redis
from redis.exceptions import RedisError

from jobs.engine.rates import rate_sharing
from jobs.engine.rates.pacing import Pacing
from jobs.engine.rates.rate_limit import START_PER_S, Counts, Demand, Rate
from jobs.engine.rates.rate_sharing import Mine, Sharing, key_of_destination, throttled_rate
from jobs.s3.endpoints import Endpoint
from jobs.services.s3 import bucket_at
from tests.servers import eventually

PHOTOS = bucket_at(Endpoint("http://storage.example", "us-east-1", "path"), None, "photos")
KEY = key_of_destination(PHOTOS)
HUNGRY = Demand(500.0, True)


def no_redis():
    return Redis(unix_socket_path="/nonexistent/redis.sock")


@pytest.fixture
def worker(redis):
    """worker("a") is the Pacing of a worker of that name."""
    made = []

    def make(name, client=redis):
        made.append(Pacing(Sharing(name, client)))
        return made[-1]

    yield make
    for pacing in made:
        pacing.close()


def pace_of(pacing, job="job-1", *, requests_per_s=None, in_flight=None):
    return pacing.pace_of(job, requests_per_s=requests_per_s, in_flight=in_flight)


class Asking:
    """Asks as often as it may, on a clock of its own, and is answered as `throttled` says."""

    def __init__(self, pace):
        self.turns = pace.turns(PHOTOS)
        self.now_s = 0.0

    def __call__(self, *, throttled=0.0, seconds=0.05):
        until_s, sent = self.now_s + seconds, 0
        while self.now_s < until_s:
            wait_s = self.turns.wait_s(self.now_s)
            self.now_s += wait_s or 0.0001
            if not wait_s:
                sent += 1
                self.turns.answered(throttled=sent * throttled % 1 >= 1 - throttled)
        return sent


# --- Ceilings of a job


def test_ceiling_is_divided_among_the_workers_that_run_the_job(worker):
    paces = [pace_of(worker(name), requests_per_s=90) for name in ("a", "b", "c")]
    asking = [Asking(pace) for pace in paces]

    def even():
        for ask in asking:
            ask()
        return [round(pace.meter.pacer.per_s) for pace in paces] == [30, 30, 30]

    eventually(even)


def test_share_of_a_worker_that_ends_goes_to_the_others(worker):
    first, second = worker("a"), worker("b")
    asking = [pace_of(pacing, requests_per_s=80) for pacing in (first, second)]
    ask = [Asking(pace) for pace in asking]
    eventually(lambda: all(a() for a in ask) and round(asking[0].meter.pacer.per_s) == 40)
    second.close()
    eventually(lambda: ask[0]() and asking[0].meter.pacer.per_s == 80)


def test_worker_that_was_killed_is_forgotten_after_a_while(worker, redis, monkeypatch):
    monkeypatch.setattr(rate_sharing, "PRESENT_S", 0.3)
    key = rate_sharing.key_of_job("job-1")
    Sharing("killed", redis).swap({key: Mine(Counts(), HUNGRY)})
    pace = pace_of(worker("a"), requests_per_s=80)
    ask = Asking(pace)
    eventually(lambda: ask() and pace.meter.pacer.per_s == 80)


def test_ceiling_that_a_person_changes_counts_at_once(worker):
    pacing = worker("a")
    pace = pace_of(pacing, requests_per_s=1_000, in_flight=10)
    pacing.refresh([("job-1", 20, 3), ("another", 1, 1)])
    assert (pace.meter.pacer.per_s, pace.in_flight) == (20, 3)
    assert Asking(pace)(seconds=2.0) == pytest.approx(40, abs=3)
    pacing.refresh([("job-1", None, None)])
    assert pace.meter.pacer.per_s is None and pace.in_flight > 1_000_000


def test_job_without_a_ceiling_is_held_by_the_storage_alone(worker):
    free, held = (pace_of(worker("a"), job) for job in ("free", "held"))
    held.limit(10, None)
    assert Asking(free)(seconds=1.0) > 300
    assert Asking(held)(seconds=1.0) < 15


# --- Limits of a bucket


def test_rate_that_one_worker_found_is_the_others_from_the_start(worker, redis):
    known = Rate(2_000.0, seeking=False)
    Sharing("before", redis).swap({KEY: Mine(Counts(), HUNGRY, known)})
    late = pace_of(worker("late"))
    late.turns(PHOTOS)
    eventually(lambda: late.turns(PHOTOS)._bucket.per_s < START_PER_S * 2.1)
    eventually(lambda: worker_rate(late) == 2_000)


def worker_rate(pace):
    return pace.turns(PHOTOS)._meter.rate.per_s


def test_throttled_answers_of_one_worker_slow_both_down(worker, redis):
    paces = [pace_of(worker(name)) for name in ("a", "b")]
    asking = [Asking(pace) for pace in paces]

    def slower():
        asking[0](throttled=0.5)
        asking[1]()
        return all(worker_rate(pace) < START_PER_S / 2 for pace in paces)

    eventually(slower)
    assert throttled_rate([KEY], redis) < START_PER_S / 2


def test_rate_is_forgotten_after_a_while_and_keys_are_few(worker, redis):
    Asking(pace_of(worker("a"), requests_per_s=50))()
    eventually(lambda: redis.exists(KEY))
    keys = redis.keys("*")
    assert len(keys) <= 3
    assert all(0 < redis.ttl(key) <= rate_sharing.KEPT_S or redis.pttl(key) >= 0 for key in keys)


def test_bucket_that_was_never_throttled_has_no_rate_to_show(worker, redis):
    pace = pace_of(worker("a"))
    ask = Asking(pace)
    eventually(lambda: ask() and worker_rate(pace) > START_PER_S)
    assert throttled_rate([KEY], redis) is None


def test_window_costs_one_round_trip_however_many_buckets_and_jobs(redis):
    sharing = Sharing("a", redis)
    mine = {f"{KEY}{n}": Mine(Counts(), HUNGRY, Rate()) for n in range(5)}
    mine |= {rate_sharing.key_of_job(str(n)): Mine(Counts(), HUNGRY) for n in range(5)}
    sharing.swap(mine)
    before = redis.info("stats")["total_commands_processed"]
    assert set(sharing.swap(mine)) == set(mine)
    # Within the same window nobody decides: what is sent is the pipeline alone.
    assert redis.info("stats")["total_commands_processed"] - before <= 10 * 3 + 5 + 1 + 1


# --- Without Redis


def test_worker_without_redis_paces_itself(worker):
    pace = pace_of(worker("a", no_redis()))
    ask = Asking(pace)
    eventually(lambda: ask() and worker_rate(pace) > START_PER_S)
    eventually(lambda: ask(throttled=0.5) and worker_rate(pace) < START_PER_S)


def test_worker_keeps_its_share_when_redis_goes_away(worker, redis):
    class Leaving(Sharing):
        here = True

        def swap(self, mine):
            if not self.here:
                raise RedisError("away")
            return super().swap(mine)

    Sharing("other", redis).swap({KEY: Mine(Counts(), HUNGRY, Rate(1_000.0, seeking=False))})
    sharing = Leaving("a", redis)
    pacing = Pacing(sharing)
    try:
        pace = pace_of(pacing)
        ask = Asking(pace)
        bucket = pace.turns(PHOTOS)._bucket
        eventually(lambda: ask() and 400 < bucket.per_s < 600)
        sharing.here = False
        looked_s = pacing._looked_s
        eventually(lambda: pacing._looked_s > looked_s)
        assert 400 < bucket.per_s < 700
    finally:
        pacing.close()


def test_page_hears_nothing_when_redis_is_away():
    assert throttled_rate([KEY], no_redis()) is None
