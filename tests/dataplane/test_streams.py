"""Bodies that are handed on as they come: never held whole, and lost without harm."""

import asyncio
import contextlib
import functools
import hashlib
import resource
import sys
import threading
from dataclasses import dataclass, field

import pytest

from jobs.dataplane.plane import DataPlane
from jobs.dataplane.work import Work
from jobs.operations.base import outcome_of
from jobs.operations.steps import Stream
from jobs.s3.endpoints import Endpoint
from jobs.services.s3 import S3Service
from tests.dataplane.conftest import KEYS, Limits, Places, quickly, targets
from tests.dataplane.steps_at_work import Stepping, part
from tests.s3_double import TAGS, error, reply

PIECE = bytes(range(256)) * 256
MANY = 800
"""Pieces of 64 KiB: 50 MB."""

IN_SOCKETS_BYTES = 16 * 1024 * 1024
"""What the system itself may hold of a connection between two of its own processes."""


@dataclass
class Sender:
    """Answers every request with a long body; `breaks_after` so many pieces the connection ends."""

    port: int = 0
    asked: int = 0
    sent_bytes: int = 0
    pieces: int = MANY
    breaks_after: int | None = None
    breaks_once: bool = False
    connections: int = 0
    gone: threading.Event = field(default_factory=threading.Event)

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                await self._answer(writer)
                if self.breaks_after is not None:
                    self.breaks_after = None if self.breaks_once else self.breaks_after
                    break
        writer.close()
        self.gone.set()

    async def _answer(self, writer):
        size = len(PIECE) * self.pieces
        head = (
            f"HTTP/1.1 200 OK\r\nx-amz-request-id: R\r\nETag: x\r\nContent-Length: {size}\r\n\r\n"
        )
        writer.write(head.encode())
        for _ in range(self.pieces if self.breaks_after is None else self.breaks_after):
            writer.write(PIECE)
            await writer.drain()
            self.sent_bytes += len(PIECE)


@pytest.fixture
def sender():
    made, ready, stops = Sender(), threading.Event(), []

    async def serve():
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()], daemon=True)
    thread.start()
    assert ready.wait(60)
    yield made
    stops[0]()
    thread.join()


def streaming(into, *, is_quick=False):
    def steps(target, context):
        answer = yield Stream(part(context, target.key, "GetObject"), into, is_quick=is_quick)
        return answer.code

    return Stepping(steps)


def from_sender(run, sender, operation, *keys, **options):
    places = Places(Endpoint(f"http://127.0.0.1:{sender.port}", "us-east-1", "path"), KEYS)
    return run(targets(*keys), operation=operation, places=places, **options)


def grown_bytes(since):
    unit = 1 if sys.platform == "darwin" else 1024
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - since) * unit


def test_long_body_waits_in_the_storage_for_a_taker_that_is_slow(run, sender):
    taken, most, paused = bytearray(1), [0], threading.Event()
    total = [0]

    def into(data):
        if not total[0]:
            paused.wait(0.5)  # the sender sends all that the other side takes meanwhile
        total[0] += len(data)
        most[0] = max(most[0], sender.sent_bytes - total[0])
        taken[0] ^= data[-1]

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    operation = streaming(into)
    assert from_sender(run, sender, operation, "a").outcomes[0].succeeded
    assert operation.returned == {"a": ""}
    assert total[0] == MANY * len(PIECE)
    assert most[0] < IN_SOCKETS_BYTES
    assert grown_bytes(before) < 2 * IN_SOCKETS_BYTES


@pytest.mark.parametrize("is_quick", [False, True])
def test_pieces_come_in_order_and_whole(run, double, is_quick):
    body = b"".join(b"%07d\n" % n for n in range(50_000))
    double.answer = lambda received: reply(200, body)
    pieces = []
    run(targets("a"), operation=streaming(pieces.append, is_quick=is_quick))
    assert b"".join(pieces) == body


@pytest.mark.parametrize("is_quick", [False, True])
def test_taker_that_breaks_fails_its_task_and_ends_the_connection(run, sender, is_quick):
    def into(data):
        raise ValueError("not what was expected")

    batch = from_sender(run, sender, streaming(into, is_quick=is_quick), "a")
    assert batch.outcomes[0].code == "InternalError"
    assert "not what was expected" in batch.outcomes[0].message
    assert sender.gone.wait(20)
    assert sender.sent_bytes < IN_SOCKETS_BYTES


@pytest.mark.parametrize("is_quick", [False, True])
def test_body_that_is_lost_in_the_middle_is_not_asked_for_again_by_itself(run, sender, is_quick):
    sender.breaks_after = 40
    sizes = []
    operation = streaming(lambda data: sizes.append(len(data)), is_quick=is_quick)
    from_sender(run, sender, operation, "a", patience_s=5)
    assert operation.returned == {"a": "ConnectionClosedError"}
    assert sum(sizes) == 40 * len(PIECE)
    assert sender.asked == 1


def test_body_that_never_began_is_asked_for_again(run, double):
    first = iter([reply(503, b"", close=True)])
    double.answer = lambda received: next(first, reply(200, b"content"))
    pieces = []
    operation = streaming(pieces.append)
    assert run(targets("a"), operation=operation).outcomes[0].succeeded
    assert (operation.returned, pieces) == ({"a": ""}, [b"content"])
    assert len(double.received) == 2


GATHERED = 256 * 1024


def gathering(into, began=None, most=1, *, is_quick=False):
    """Objects one after the other, with what came of each."""

    def steps(target, context):
        codes = []
        for _ in range(most):
            call = part(context, target.key, "GetObject")
            codes.append((yield Stream(call, into, began, GATHERED, is_quick)).code)
        return codes

    return Stepping(steps)


def test_short_body_is_taken_on_the_loop_and_a_long_one_apart(run, double):
    bodies = {"short": b"x" * (GATHERED - 1), "long": b"y" * (2 * GATHERED)}
    double.answer = lambda received: reply(200, bodies[received.path.rpartition("/")[2]])
    names = {}
    for key in bodies:
        taken = []
        into = lambda data: taken.append((threading.current_thread().name, bytes(data)))  # noqa: E731, B023
        run(targets(key), operation=gathering(into))
        assert b"".join(data for _, data in taken) == bodies[key]
        names[key] = {name for name, _ in taken}
    assert names["short"] == {"dataplane"}
    assert all(name.startswith("apart") for name in names["long"])


def test_long_body_of_a_quick_taker_never_leaves_the_loop(run, sender):
    names = set()
    into = lambda data: names.add(threading.current_thread().name)  # noqa: E731
    assert from_sender(run, sender, gathering(into, is_quick=True), "a").outcomes[0].succeeded
    assert names == {"dataplane"}


def test_head_is_told_once_and_before_the_first_piece(run, sender):
    told = []
    operation = gathering(lambda data: told.append("piece"), told.append)
    assert from_sender(run, sender, operation, "a").outcomes[0].succeeded
    assert (told[0].http_status, told[0].headers["etag"]) == (200, "x")
    assert set(told[1:]) == {"piece"}


@pytest.mark.parametrize("is_quick", [False, True])
def test_long_body_is_whole_and_in_order_whatever_buffers_it_came_in(run, sender, is_quick):
    sender.pieces = 83
    hashed = hashlib.sha256()
    from_sender(run, sender, gathering(hashed.update, is_quick=is_quick), "a")
    assert hashed.hexdigest() == hashlib.sha256(PIECE * 83).hexdigest()


def test_connection_of_a_slow_taker_serves_again(run, sender):
    sender.pieces = 40
    sizes, slow = [], threading.Event()

    def into(data):
        slow.wait(0.02)
        sizes.append(len(data))

    operation = gathering(into, most=3)
    from_sender(run, sender, operation, "a")
    assert operation.returned == {"a": ["", "", ""]}
    assert sum(sizes) == 3 * 40 * len(PIECE)
    assert sender.connections == 1


def test_long_body_that_is_lost_in_the_middle_was_taken_up_to_a_piece(run, sender):
    sender.breaks_after = 40
    hashed, taken = hashlib.sha256(), []

    def into(data):
        hashed.update(data)
        taken.append(len(data))

    operation = gathering(into)
    from_sender(run, sender, operation, "a", patience_s=5)
    assert operation.returned == {"a": ["ConnectionClosedError"]}
    assert 0 < sum(taken) <= 40 * len(PIECE)
    assert hashed.digest() == hashlib.sha256((PIECE * 40)[: sum(taken)]).digest()


def test_body_of_which_nothing_was_handed_on_is_asked_for_again(run, sender):
    sender.pieces, sender.breaks_after, sender.breaks_once = 3, 1, True
    taken = []
    operation = gathering(lambda data: taken.append(bytes(data)))
    from_sender(run, sender, operation, "a", patience_s=5)
    assert operation.returned == {"a": [""]}
    assert b"".join(taken) == PIECE * 3
    assert sender.asked == 2


def test_body_through_boto3_is_handed_on_after_its_head(double):
    body = bytes(range(256)) * 3000
    double.answer = lambda received: reply(200, body, "ETag: e\r\n")
    by_boto3 = {"s3": functools.partial(S3Service, by_boto3=True)}
    plane = DataPlane(in_flight=4, services=by_boto3)
    taken, told = [], []
    operation = gathering(taken.append, lambda answer: told.append((len(taken), answer)))
    endpoint = Endpoint(f"http://127.0.0.1:{double.port}", "us-east-1", "path")
    try:
        limits = Limits(in_flight=4)
        work = Work(
            operation, targets("a"), Places(endpoint, KEYS), limits, threading.Event(), quickly
        )
        assert plane.submit(work).result(60).outcomes[0].succeeded
    finally:
        plane.close()
    assert b"".join(taken) == body
    ((before, answer),) = told
    assert (before, answer.headers["etag"]) == (0, "e")


def test_words_of_a_refusal_are_no_content(run, double):
    double.answer = lambda received: error(404, "NoSuchKey")
    pieces = []

    def steps(target, context):
        answer = yield Stream(part(context, target.key, "GetObject"), pieces.append)
        return outcome_of(answer)

    batch = run(targets("a"), operation=Stepping(steps))
    assert (batch.outcomes[0].http_status, batch.outcomes[0].code) == (404, "NoSuchKey")
    assert pieces == []


def test_body_without_content_is_a_success_with_no_piece(run, double):
    double.answer = lambda received: reply(200, b"")
    pieces = []
    operation = streaming(pieces.append)
    assert run(targets("a"), operation=operation).outcomes[0].succeeded
    assert (operation.returned, b"".join(pieces)) == ({"a": ""}, b"")


def test_others_are_answered_while_a_taker_takes_its_time(run, double):
    others = threading.Event()
    double.answer = lambda r: reply(200, TAGS if "tagging" in r.target else b"content")

    def steps(target, context):
        if target.key == "slow":
            taken = []
            yield Stream(
                part(context, "slow", "GetObject"), lambda d: taken.append(others.wait(20))
            )
            return taken
        code = (yield part(context, target.key)).code
        others.set()
        return code

    operation = Stepping(steps)
    run(targets("slow", "other"), operation=operation)
    assert operation.returned == {"slow": [True], "other": ""}


def test_what_is_stopped_in_the_middle_of_a_body_ends(run, sender):
    stop = threading.Event()

    def into(data):
        stop.set()
        raise ConnectionError("the taker was told to stop")

    batch = from_sender(run, sender, streaming(into), "a", "b", stop=stop, in_flight=1)
    assert batch.outcomes[1] is None
