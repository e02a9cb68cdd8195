"""Whatever a storage, a thread or we ourselves do wrong: a chunk ends, and gives back what it has."""

import asyncio
import contextlib
import itertools
import socket
import struct
import threading
import time
from dataclasses import replace

import pytest

from jobs.dataplane import flight
from jobs.dataplane.lane import Lane
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Pool, Timeouts
from jobs.errors import StorageError
from jobs.operations.delete_object import DeleteObject
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.template import Origin
from jobs.services.s3 import S3Service, bucket_at
from jobs.spec.target import Target
from tests.dataplane.conftest import KEYS, LISTED, Listing, Noting, Runner, never, targets
from tests.dataplane.test_pacing import Pace
from tests.dataplane.test_tasks import SILENT, codes
from tests.s3_double import Reply, error, plausible, reply
from tests.sequential import Places
from tests.servers import eventually


@pytest.fixture
def patient(double):
    """Runs targets on a plane that waits for an answer for longer than any test does."""
    plane = DataPlane(in_flight=64, timeouts=Timeouts(connect_s=600, silence_s=600))
    yield Runner(plane, double)
    plane.close()


def test_call_through_boto3_that_breaks_us_fails_its_task_alone(patient, monkeypatch):
    def broken(self, call):
        raise ZeroDivisionError("in a thread")

    monkeypatch.setattr(S3Service, "perform", broken)
    (outcome,) = patient(targets("a"), operation=Listing()).outcomes
    assert (outcome.code, outcome.http_status) == ("InternalError", 500)
    assert "ZeroDivisionError('in a thread')" in outcome.message


def test_calls_that_wait_for_a_thread_are_not_made_once_their_chunk_is_over(
    patient, double, monkeypatch
):
    monkeypatch.setattr(flight, "DRAIN_S", 0.1)
    stop, go_on = threading.Event(), threading.Event()
    double.answer = lambda received: replace(LISTED, until=go_on.is_set)
    names = [f"key-{n}" for n in range(60)]
    work = patient.work(targets(*names), operation=Listing(), stop=stop, in_flight=60)
    done = patient.plane.submit(work)
    eventually(lambda: double.in_flight)
    stop.set()
    assert None in done.result(30).outcomes
    go_on.set()
    assert codes(patient(targets("last"), operation=Listing())) == [""]  # it waited behind them
    assert len(double.received) < 60


def test_answer_that_is_too_long_is_not_waited_for_and_no_answer_of_a_storage(patient, double):
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n" + b"x" * 1_200_000
    double.answer = lambda received: Reply(endless)
    assert codes(patient(targets("a"), decide=never)) == ["InvalidResponse"]
    double.answer = plausible
    assert codes(patient(targets("b"), decide=never)) == [""]
    assert double.connections == 2


@pytest.mark.parametrize("framing", ["Content-Length: 5", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize(("status", "code"), [(204, ""), (304, "304")])
def test_body_that_may_not_come_is_not_waited_for(patient, double, framing, status, code):
    head = f"HTTP/1.1 {status} Whatever\r\nx-amz-request-id: R1\r\n{framing}\r\n\r\n".encode()
    double.answer = lambda received: Reply(head)
    assert codes(patient(targets("a", "b"), decide=never, in_flight=1)) == [code, code]


@contextlib.contextmanager
def a_server_that(greets):
    """Its endpoint; what it does with a new connection, at once, is `greets`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                greets(listening.accept()[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield Endpoint(f"http://127.0.0.1:{listening.getsockname()[1]}", "us-east-1", "path")
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def slams(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def talks(connection):
    with contextlib.suppress(OSError):
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        connection.shutdown(socket.SHUT_WR)
    kept.append(connection)


kept = []


@pytest.mark.parametrize("greets", [socket.socket.close, slams, talks])
def test_connection_that_ends_as_soon_as_it_is_made_is_no_answer(patient, greets):
    with a_server_that(greets) as endpoint:
        places = Places(endpoint, KEYS)
        batch = patient(targets(*"abcdefgh" * 8), places=places, in_flight=64, patience_s=0.5)
    assert batch.outcomes == [None] * 64
    assert batch.outage.http_status == 0
    assert all(not pool._all for lane in patient.plane._lanes.values() for pool in pools_of(lane))
    kept.clear()


def pools_of(lane):
    return lane._pools.values()


def test_connection_that_was_lost_before_anything_was_sent_is_noticed_at_once(
    patient, double, monkeypatch
):
    connect = Pool._connect

    async def unlucky(self):
        connection = await connect(self)
        connection._transport.abort()
        await asyncio.sleep(0.05)  # it is told of its end
        return connection

    monkeypatch.setattr(Pool, "_connect", unlucky)
    batch = patient(targets("a", "b"), patience_s=0.1)
    assert (batch.outcomes, batch.outage.code) == ([None, None], "ConnectionClosedError")


def test_connection_that_cannot_be_made_for_an_unheard_of_reason_is_no_answer(patient, monkeypatch):
    async def broken(self):
        raise RuntimeError("boom")

    monkeypatch.setattr(Pool, "_connect", broken)
    batch = patient(targets("a"), patience_s=0.1)
    assert (batch.outcomes, batch.outage.code) == ([None], "EndpointConnectionError")


def test_connection_to_a_new_place_that_a_silent_one_leads_to_does_no_harm(patient):
    patient(targets("a"))
    (lane,) = patient.plane._lanes.values()
    (pool,) = pools_of(lane)
    last, seen, ports = lane.pool(Origin("last", 1, False)), [], itertools.count(1)
    pool.sweep = lambda: lane.pool(Origin("elsewhere", next(ports), False))
    last.sweep = lambda: seen.append(last)
    eventually(lambda: seen)


class Turns:
    """Those who ask a second time get a mistake of ours for an answer."""

    def __init__(self, waits_s):
        self.waits_s = waits_s

    def wait_s(self, now_s):
        if self.waits_s is None:
            raise RuntimeError("boom")
        waits_s, self.waits_s = self.waits_s, None
        return waits_s

    def answered(self, *, throttled):
        pass


@pytest.mark.parametrize("one_call", [False, True])
@pytest.mark.parametrize("waits_s", [0.0, 0.01])
def test_mistake_of_ours_at_a_gate_ends_the_chunk_or_its_task(
    patient, monkeypatch, one_call, waits_s
):
    monkeypatch.setattr(Noting, "one_call", one_call)
    pace = Pace()
    pace.of_bucket = Turns(waits_s)
    done = patient.plane.submit(replace(patient.work(targets("a", "b")), pace=pace))
    if done.exception(30) is None:
        assert codes(done.result())[1] == "InternalError"
    assert pace.running == 0
    assert patient.plane.share("").running == 0


DELETE = DeleteObject.parse({})


@pytest.mark.parametrize("place", ["s3.deletions.Listed.are_gone",
                                   "operations.deleting.delete_object_together.answers"])  # fmt: skip
def test_mistake_of_ours_in_an_answer_for_many_keys_fails_them(patient, double, monkeypatch, place):
    def broken(*args):
        raise RuntimeError("boom")

    monkeypatch.setattr(f"jobs.{place}", broken)
    double.answer = lambda received: reply(200, b"<DeleteResult></DeleteResult>")
    assert codes(patient(targets("a", "b"), operation=DELETE)) == ["InternalError"] * 2


def test_keys_go_one_by_one_though_the_refusal_of_many_took_all_the_time(patient, double):
    refused = replace(error(501, "NotImplemented"), delay_s=0.3)
    double.answer = lambda received: refused if received.method == "POST" else reply(204)
    batch = patient(targets("a", "b", "c"), operation=DELETE, begin_s=0.2)
    assert codes(batch)[0] == ""


def test_storage_that_others_kept_busy_was_not_silent_meanwhile(double):
    plane = DataPlane(in_flight=1)
    run, began_s = Runner(plane, double), time.monotonic()
    once = [SILENT, SILENT]  # the first is that of a connection which was used before

    def answer(received):
        if received.path.endswith("slow"):
            return Reply(reply().data, until=lambda: time.monotonic() > began_s + 1)
        return once.pop() if once else plausible(received)

    double.answer = answer
    slow = plane.submit(run.work(targets("slow"), patience_s=60))
    eventually(lambda: double.received)
    batch = plane.submit(run.work(targets("a"), patience_s=0.5)).result(30)
    assert (codes(batch), batch.outage, once) == ([""], None, [])
    assert codes(slow.result(30)) == [""]
    plane.close()


def test_nobody_can_take_back_what_is_on_its_way(patient, double):
    answered = threading.Event()
    double.answer = lambda received: Reply(reply().data, until=answered.is_set)
    done = patient.plane.submit(patient.work(targets("a")))
    assert not done.cancel()
    answered.set()
    assert codes(done.result(30)) == [""]


def test_place_that_cannot_be_used_keeps_no_other_place_for_itself(patient, double):
    class OneIsNowhere(Places):
        def bucket(self, name):
            nowhere = Endpoint("http://", "us-east-1", "path")
            return bucket_at(nowhere, KEYS, name) if name == "nowhere" else super().bucket(name)

    places = OneIsNowhere(double.endpoint, KEYS)
    for bucket in ("photos", "films", "music"):
        with pytest.raises(StorageError):
            patient([Target(bucket, "a"), Target("nowhere", "a")], places=places)
    assert [lane.users for lane in patient.plane._lanes.values()] in ([], [0])


def test_places_that_were_used_once_are_not_kept_for_ever(double, monkeypatch):
    monkeypatch.setattr("jobs.dataplane.plane.MAX_LANES", 2)
    plane = DataPlane(in_flight=4)
    for n in range(5):
        work = Runner(plane, double).work(targets("a"), keys=Credentials(f"AKID{n}", "secret"))
        assert codes(plane.submit(work).result(30)) == [""]
    eventually(lambda: len(plane._lanes) == 2)
    assert codes(Runner(plane, double)(targets("b"))) == [""]
    plane.close()


def test_closing_ends_whatever_goes_wrong_in_it(double, monkeypatch):
    plane = DataPlane(in_flight=4)
    Runner(plane, double)(targets("a"))
    monkeypatch.setattr(Lane, "close", lambda self: 1 / 0)
    closing = threading.Thread(target=plane.close, daemon=True)
    closing.start()
    closing.join(30)
    assert not closing.is_alive()


PAGE = b"<html><Error/></html>"
PAGE_OF_A_PROXY = Reply(b"HTTP/1.1 404 No\r\nContent-Length: %d\r\n\r\n%b" % (len(PAGE), PAGE))


@pytest.mark.parametrize(
    ("answer", "code"), [(PAGE_OF_A_PROXY, "InvalidResponse"), (reply(404, PAGE), "404")]
)
def test_answer_that_botocore_cannot_read_is_only_with_a_mark_one_of_a_storage(
    patient, double, answer, code
):
    double.answer = lambda received: answer
    operation = Noting("CopyObject", {"CopySource": {"Bucket": "photos", "Key": "b"}})
    assert codes(patient(targets("a"), operation=operation, decide=never)) == [code]
