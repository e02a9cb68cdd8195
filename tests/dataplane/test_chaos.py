"""A storage that does anything, to many chunks at once, with stops in between: each chunk ends, no
answer is taken for that to another request, and nothing is left behind.

What happens to a request is drawn from the seed, its object and how often it was asked for.
"""

import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from jobs.dataplane import flight
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.operations.delete_object import DeleteObject
from jobs.spec.target import Target
from tests import s3_double
from tests.dataplane.conftest import KEYS, Limits, Noting, Runner, quickly, targets
from tests.dataplane.test_pacing import Pace
from tests.dataplane.test_tasks import Twice
from tests.s3_double import Reply, error, plausible, reply
from tests.servers import eventually

CHUNKS = 30
CALM = 0.5
"""The share of requests that are answered as they should."""

IS_DONE = {""}
IS_GONE = {"NoSuchKey", "NoSuchVersion", "404"}
REFUSALS = ("NoSuchKey", "AccessDenied", "MethodNotAllowed", "NoSuchVersion")
UNANSWERED = ("An earlier request to delete this object", "No request to delete this object")
OUR_WORDS = {
    "TemporaryRedirect": "The bucket bucket",
    "MethodNotAllowed": "This storage has no deletion of objects",
    405: "This storage has no deletion of objects",
}
"""By code or by status."""
TROUBLES = (
    (503, "SlowDown"),
    (500, "InternalError"),
    (409, "OperationAborted"),
    (429, "Throttled"),
)


@dataclass
class Storage:
    """Answers for a double. `told` are the codes that were sent about an object, "" for success and
    "404" for a look that found nothing; whatever else refuses names its object in the message.
    """

    seed: int
    asked: Counter = field(default_factory=Counter)
    told: dict[str, set[str]] = field(default_factory=dict)

    def __call__(self, received):
        keys = re.findall(r"<Key>(chunk.*?)</Key>", received.body.decode()) or [
            received.path.rpartition("/")[2]
        ]
        self.asked[keys[0], received.method] += 1
        drawn = random.Random(f"{self.seed} {keys[0]} {received.method} {self.asked}")
        if received.method == "POST":
            return self.spoiled(drawn, self.to_many(drawn, received, keys))
        if received.method == "HEAD":
            return self.spoiled(drawn, self.to_look(drawn, received, keys[0]))
        return self.spoiled(drawn, self.to_one(drawn, received, keys[0]))

    def to_one(self, drawn, received, key):
        if drawn.random() < CALM:
            if received.method != "GET":
                self.tell(key, "")
            return plausible(received)
        kind = drawn.randrange(8)
        if kind < 3:
            return self.refusal(drawn, key)
        if kind < 6:
            status, code = drawn.choice(TROUBLES)
            self.tell(key, code)
            return error(status, code, f"About {key}.")
        if kind == 6:
            self.tell(key, "TemporaryRedirect")
            where = "Location: http://127.0.0.1:1/\r\n"
            return error(307, "TemporaryRedirect", f"About {key}.", where)
        code = drawn.choice(("RequestTimeTooSkewed", "RequestTimeTooSkewed", "ExpiredToken"))
        self.tell(key, code)
        return error(403, code, f"About {key}.")

    def to_look(self, drawn, received, key):
        if drawn.random() < CALM:
            return plausible(received)
        status = drawn.choice((404, 404, 403, 405, 500, 503, 307))
        if status == 404:
            self.tell(key, "404")
        return reply(status)

    def refusal(self, drawn, key):
        code = drawn.choice(REFUSALS)
        self.tell(key, code)
        return error(drawn.choice((400, 403, 404, 405)), code, f"About {key}.")

    def to_many(self, drawn, received, keys):
        if drawn.random() < 0.3:
            return error(drawn.choice((405, 501)), "NotImplemented")
        items = ""
        for key in keys:
            code = "" if drawn.random() < CALM else drawn.choice((*REFUSALS, "SlowDown"))
            self.tell(key, code)
            inside = f"<Code>{code}</Code><Message>About {key}.</Message>" if code else ""
            name = "Error" if code else "Deleted"
            items += f"<{name}><Key>{key}</Key>{inside}</{name}>" if drawn.random() < 0.95 else ""
        return reply(200, f"<DeleteResult>{items}</DeleteResult>".encode())

    def tell(self, key, code):
        self.told.setdefault(key, set()).add(code)

    def spoiled(self, drawn, answer):
        """What becomes of an answer on its way."""
        if drawn.random() < CALM:
            return answer
        forged = error(404, "Forged").data
        return drawn.choice(
            (
                lambda: Reply(b"", delay_s=None),
                lambda: Reply(b"", close=True),
                lambda: Reply(answer.data[: drawn.randrange(len(answer.data))], close=True),
                lambda: Reply(answer.data[: drawn.randrange(len(answer.data))]),
                lambda: Reply(drawn.randbytes(drawn.randrange(1, 200)), close=drawn.random() < 0.5),
                lambda: Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1_100_000),
                lambda: Reply(answer.data + forged),
                lambda: Reply(answer.data + forged[: drawn.randrange(len(forged))]),
                lambda: Reply(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer.data),
                lambda: replace(answer, close=True),
                lambda: replace(answer, delay_s=drawn.choice((0.01, 0.1, 0.6))),
                lambda: Reply(answer.data.replace(b"Date:", b"Connection: close\r\nDate:")),
            )
        )()  # fmt: skip


def drawn_work(drawn, number, double):
    """One of the works that jobs make; with a pace of its own, or none."""
    operation = drawn.choice((Noting(), OneCall(), OneCall(), Twice(), DeleteObject.parse({})))
    keys = [f"chunk{number}-{n}" for n in range(drawn.randrange(1, 40))]
    given = [Target(f"bucket{drawn.randrange(3)}", key) for key in keys]
    limits = Limits(
        in_flight=drawn.choice((1, 4, 16)),
        task_deadline_s=drawn.choice((0.05, 1.0)),
        patience_s=drawn.choice((0.3, 5.0)),
        begin_s=drawn.choice((0.2, float("inf"))),
    )
    work = Runner(None, double).work(given, operation, decide=quickly, keys=KEYS)
    pace = drawn.choice((None, Pace(2_000.0), Pace(None, in_flight=3), Pace(100.0)))
    return replace(work, limits=limits, pace=pace, place=str(double.port))


class OneCall(Noting):
    one_call = True


def check(work, batch, told):
    """Every outcome was said by the storage about that very object, and what has none may lack it."""
    assert len(batch.outcomes) == len(work.targets)
    is_deletion = isinstance(work.operation, DeleteObject)
    may_lack = work.stop.is_set() or batch.outage or batch.fatal or work.limits.begin_s < 60
    for target, outcome in zip(work.targets, batch.outcomes, strict=True):
        said = told.get(target.key, set())
        if outcome is None:
            assert may_lack
        elif outcome.succeeded:
            assert said & (IS_DONE | (IS_GONE if is_deletion else set()))
        elif is_deletion and outcome.message.startswith(UNANSWERED):
            assert (
                outcome.code in ("DeletionUnclear", "InvalidResponse") or outcome.http_status == 504
            )
        elif outcome.code not in ("AnswerTooLarge", "InvalidResponse", "404"):
            assert outcome.code in said
            ours = [OUR_WORDS.get(said) for said in (outcome.code, outcome.http_status)]
            begins = (f"About {target.key}.", *filter(None, ours))
            assert outcome.message.startswith(begins)


def nothing_is_left_of(plane, works):
    lanes = list(plane._lanes.values())
    pools = [pool for lane in lanes for pool in lane._pools.values()]
    return (
        not plane._flights
        and not any(share.running for share in plane._shares.values())
        and not any(work.pace.running for work in works if work.pace)
        and not any(lane.users for lane in lanes)
        and not any(pool._connecting for pool in pools)
        and not any(connection.exchange for pool in pools for connection in pool._all)
    )


@pytest.mark.parametrize("seed", range(4))
def test_chunks_end_as_they_were_told_and_leave_nothing_whatever_a_storage_does(seed, monkeypatch):
    monkeypatch.setattr(flight, "DRAIN_S", 0.5)
    drawn = random.Random(seed)
    plane = DataPlane(in_flight=16, timeouts=Timeouts(connect_s=5, silence_s=0.3))
    with s3_double.running() as here, s3_double.running() as there:
        storage = here.answer = there.answer = Storage(seed)
        works = [drawn_work(drawn, n, drawn.choice((here, there))) for n in range(CHUNKS)]
        timers = [
            threading.Timer(drawn.uniform(0, 2), work.stop.set)
            for work in works
            if drawn.random() < 0.4
        ]
        for timer in timers:
            timer.start()
        futures = [plane.submit(work) for work in works]
        for work, future in zip(works, futures, strict=True):
            check(work, future.result(timeout=120), storage.told)
        for timer in timers:
            timer.cancel()
        eventually(lambda: nothing_is_left_of(plane, works))
        here.answer = plausible
        afterwards = Runner(plane, here)(targets("a", "b", "c"), patience_s=60)
        assert all(outcome.succeeded for outcome in afterwards.outcomes)
        plane.close()


@pytest.mark.parametrize("seed", range(4, 8))
def test_chunks_end_when_the_plane_is_closed_at_any_moment(seed):
    drawn = random.Random(seed)
    plane = DataPlane(in_flight=16, timeouts=Timeouts(connect_s=5, silence_s=0.3))
    with s3_double.running() as double:
        storage = double.answer = Storage(seed)
        works = [drawn_work(drawn, n, double) for n in range(CHUNKS)]
        futures = [plane.submit(work) for work in works]
        enough = drawn.randrange(200)
        eventually(lambda: len(double.received) >= enough or all(f.done() for f in futures))
        plane.close()
        for work, future in zip(works, futures, strict=True):
            failure = future.exception(timeout=60)
            if failure is None:
                check(work, future.result(), storage.told)
            else:
                assert "the data plane was closed" in str(failure)
        assert not any(work.pace.running for work in works if work.pace)
        assert not any(share.running for share in plane._shares.values())
        assert not any(lane.users for lane in plane._lanes.values())
