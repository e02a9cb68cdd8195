"""What was announced arrives, at most one kill later, or is given up and shown."""

import json
import os
import signal
import threading
import time
from datetime import timedelta

import pytest

from jobs.engine import sweep
from jobs.lifecycle import commands
from jobs.models import Delivery, StatusChange
from jobs.notifications import announcing, delivering
from jobs.notifications.sending import Told
from tests.connected import make_webhook
from tests.make import make_job, make_user
from tests.notifications.conftest import subscribe
from tests.operations.invocations import SECRET, SECRET_BYTES, answered, webhook_holds
from tests.s3_double import Reply
from tests.servers import eventually

pytestmark = pytest.mark.django_db


def ended(**fields):
    """A job of which nobody was told anything yet but its end."""
    job = make_job("Complete", **fields)
    changes = StatusChange.objects.filter(job=job)
    changes.exclude(to_status="Complete").update(announced=True)
    return job


def states():
    return sorted(Delivery.objects.values_list("state", flat=True))


def test_webhook_gets_the_event_signed_as_standard_webhooks_say(webhook, double, deliver):
    subscribe(webhook=webhook, statuses=["Complete"])
    job = make_job("Complete")
    deliver()
    (received,) = double.received
    assert received.method == "POST" and received.target == "/hook"
    assert webhook_holds(received, SECRET_BYTES)
    event = json.loads(received.body)
    assert received.headers["webhook-id"] == event["id"]
    assert event["detail"]["eventName"] == "JobStatusChanged"
    assert event["detail"]["serviceEventDetails"]["jobId"] == job.pk
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.http_status) == ("delivered", 1, 204)


def test_mail_arrives_at_the_owner_with_what_came_of_the_job(mails, deliver):
    owner = make_user(name="ana")
    subscribe(user=owner, own_jobs=True, statuses=["Complete", "Failed"])
    job = make_job("Complete", owner=owner, description="Tag the\nphotos", total=1000, failed=3)
    make_job("Complete", owner=make_user())
    deliver()
    (mail,) = mails.received
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"] == "[batchconsole] Tag the photos: completed"
    text = mail.get_payload()
    assert f"https://console.example.com/jobs/{job.pk}/" in text
    assert "1,000 listed, 997 succeeded, 3 failed" in text
    row = Delivery.objects.get()
    assert mail["Message-ID"] == f"<{row.message_id}@batchconsole>"
    assert row.state == "delivered"


def test_every_status_is_told_of_once_in_order_and_a_second_look_finds_nothing(
    webhook, double, deliver
):
    subscribe(webhook=webhook)
    make_job("Ready")
    deliver()
    deliver()
    told = [json.loads(one.body)["detail"] for one in double.received]
    assert [one["serviceEventDetails"]["status"] for one in told] == [
        *("New", "Preparing", "Suspended", "Ready")
    ]
    assert [one["eventName"] for one in told] == ["JobCreated"] + ["JobStatusChanged"] * 3
    assert not StatusChange.objects.filter(announced=False).exists()


def test_command_writes_its_outbox_row_in_the_same_transaction_without_a_query_more(
    django_assert_num_queries,
):
    job = make_job("New")
    StatusChange.objects.update(announced=True)
    with django_assert_num_queries(5):  # savepoint, look, move, note, release
        commands.begin_preparing(job.pk, now=job.created_at)
    assert StatusChange.objects.get(announced=False).to_status == "Preparing"


def test_message_that_fails_is_tried_again_with_growing_pauses_under_the_same_id(
    webhook, double, deliver, clock
):
    double.answer = lambda received: answered(b"Try later", status=503)
    subscribe(webhook=webhook)
    ended()
    deliver()
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.http_status) == ("waiting", 1, 503)
    assert row.answer == "Try later"
    assert timedelta(seconds=8) <= row.next_at - clock.now <= timedelta(seconds=12)
    deliver()
    assert len(double.received) == 1
    clock.pass_(seconds=13)
    deliver()
    double.answer = lambda received: answered(status=200)
    clock.pass_(seconds=40)
    deliver()
    assert states() == ["delivered"]
    assert len({one.headers["webhook-id"] for one in double.received}) == 1
    assert len(double.received) == 3


def test_pauses_grow_to_an_hour_and_heed_what_the_receiver_asks_for():
    pauses = [delivering.delay_s(attempts) for attempts in range(1, 12)]
    assert 8 <= pauses[0] <= 12 and 24 <= pauses[1] <= 36
    assert pauses[-1] == 3600
    assert delivering.delay_s(1, 120) == 120
    assert delivering.delay_s(1, 1e9) == 3600


def test_message_is_given_up_after_a_day_and_resent_by_hand(webhook, double, deliver, clock):
    double.answer = lambda received: answered(status=500)
    subscribe(webhook=webhook)
    ended()
    deliver()
    for _ in range(30):
        clock.pass_(hours=1, minutes=1)
        deliver()
    row = Delivery.objects.get()
    assert row.state == "given_up"
    tries = len(double.received)
    assert 20 <= tries <= 30
    double.answer = lambda received: answered(status=200)
    deliver()
    assert len(double.received) == tries
    assert delivering.resend(row.pk, clock.now)
    deliver()
    assert states() == ["delivered"]
    assert len({one.headers["webhook-id"] for one in double.received}) == 1


def test_dead_destination_holds_up_no_other_and_is_asked_once(webhook, double, mails, deliver):
    dead = make_webhook("Dead", url="http://127.0.0.1:9/hook", secret=SECRET)
    ana = make_user(name="ana")
    for fields in ({"webhook": dead}, {"webhook": webhook}, {"user": ana}):
        subscribe(**fields)
    for _ in range(3):
        ended()
    deliver()
    assert len(double.received) == len(mails.received) == 3
    rows = Delivery.objects.filter(webhook=dead)
    assert sorted(rows.values_list("state", "attempts")) == [("waiting", 0)] * 2 + [("waiting", 1)]
    assert "Not reached" in rows.get(attempts=1).answer


def test_what_a_dead_destination_held_up_goes_when_it_is_back(webhook, double, deliver, clock):
    double.answer = lambda received: answered(status=503)
    subscribe(webhook=webhook)
    for _ in range(3):
        ended()
    deliver()
    assert len(double.received) == 1
    double.answer = lambda received: answered(status=200)
    clock.pass_(seconds=13)
    deliver()
    assert states() == ["delivered"] * 3


def test_message_that_is_refused_alone_holds_up_none(webhook, double, deliver):
    double.answer = lambda received: answered(status=400 if len(double.received) == 1 else 200)
    subscribe(webhook=webhook)
    ended(), ended()
    deliver()
    assert states() == ["delivered", "waiting"]


@pytest.mark.parametrize(
    "endless",
    [
        Reply(b"", delay_s=None),
        Reply(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10**4, bytewise=True, pause_s=0.05),
        Reply(
            b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n" + b"y" * 10**4,
            bytewise=True,
            pause_s=0.05,
        ),
    ],
    ids=["silent", "head", "body"],
)
def test_receiver_that_never_comes_to_an_end_is_left_at_the_deadline(
    webhook, double, deliver, monkeypatch, endless
):
    monkeypatch.setattr("jobs.notifications.sending.ANSWER_S", 0.3)
    double.answer = lambda received: endless
    subscribe(webhook=webhook)
    ended()
    before_s = time.monotonic()
    deliver()
    assert time.monotonic() - before_s < 3
    row = Delivery.objects.get()
    assert row.state == "waiting" and "No answer within" in row.answer


def test_receiver_that_sends_without_end_has_taken_the_message(webhook, double, deliver):
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n"
    double.answer = lambda received: Reply(head + b"y" * 10**6)
    subscribe(webhook=webhook)
    ended()
    deliver()
    row = Delivery.objects.get()
    assert row.state == "delivered" and len(row.answer) == 512


def test_mail_server_that_trickles_is_left_at_the_deadline(mails, deliver, monkeypatch):
    monkeypatch.setattr(delivering, "DEADLINE_S", 0.3)
    mails.trickles = threading.Event()
    subscribe(user=make_user())
    ended()
    before_s = time.monotonic()
    deliver()
    assert time.monotonic() - before_s < 3
    mails.trickles.set()
    row = Delivery.objects.get()
    assert row.state == "waiting" and "No end within" in row.answer


def test_address_that_is_refused_holds_up_no_other_mail(mails, deliver):
    mails.answers["RCPT"] = "550 No such user"
    subscribe(address="nobody@example.com")
    subscribe(address="team@example.com")
    ended()
    deliver()
    rows = Delivery.objects.all()
    assert {row.answer for row in rows} == {"550 No such user"}
    assert [row.attempts for row in rows] == [1, 1]


def test_redirect_is_not_followed(webhook, double, deliver):
    double.answer = lambda received: answered(status=302, headers="Location: /elsewhere\r\n")
    subscribe(webhook=webhook)
    ended()
    deliver()
    assert len(double.received) == 1
    assert "not followed" in Delivery.objects.get().answer


def test_private_address_that_nobody_allowed_is_not_called(webhook, double, deliver):
    type(webhook).objects.update(may_be_private=False)
    subscribe(webhook=webhook)
    ended()
    deliver()
    assert double.received == []
    assert "private network" in Delivery.objects.get().answer


def test_disabled_webhook_is_not_called_and_gets_its_messages_once_it_is_enabled(
    webhook, double, deliver, clock
):
    type(webhook).objects.update(disabled=True)
    subscribe(webhook=webhook)
    ended()
    deliver()
    assert double.received == [] and not delivering.has_due(clock.now)
    type(webhook).objects.update(disabled=False)
    assert delivering.has_due(clock.now)
    deliver()
    assert states() == ["delivered"]


def test_two_who_claim_get_one_message_each_and_who_was_too_late_notes_nothing(webhook, clock):
    subscribe(webhook=webhook)
    ended()
    announcing.announce(clock.now)
    first = delivering.claim(clock.now)
    assert first and delivering.claim(clock.now) is None
    clock.pass_(minutes=3)
    second = delivering.claim(clock.now)
    assert second and second.pk == first.pk and second.attempts == 2
    assert not delivering.note(first, Told(True), clock.now)
    assert states() == ["waiting"]
    assert delivering.note(second, Told(True), clock.now)


def test_one_destination_has_one_message_on_its_way(webhook, clock):
    subscribe(webhook=webhook)
    ended(), ended()
    announcing.announce(clock.now)
    assert delivering.claim(clock.now)
    assert delivering.claim(clock.now) is None


@pytest.mark.django_db(transaction=True)
def test_kill_between_sending_and_noting_loses_none_and_repeats_one_with_its_id(
    double, redis, start_worker, deliver, clock
):
    webhook = make_webhook("Chat", url=f"{double.endpoint.url}/hook", secret=SECRET)
    subscribe(webhook=webhook)
    jobs = [ended() for _ in range(4)]
    second_came = threading.Event()

    def answer(received):
        if len(double.received) == 2:
            second_came.set()
            return Reply(b"", delay_s=None)
        return answered(status=204)

    double.answer = answer
    worker = start_worker("control")
    hint()
    assert second_came.wait(60)
    os.kill(worker.process.pid, signal.SIGKILL)
    eventually(lambda: double.in_flight == 0)  # its call ends with it
    assert states() == ["delivered"] + ["waiting"] * 3
    clock.pass_(minutes=3)
    deliver()
    assert states() == ["delivered"] * 4
    ids = [one.headers["webhook-id"] for one in double.received]
    assert len(ids) == 5 and len(set(ids)) == 4
    assert ids[1] == ids[2]
    told = [json.loads(one.body)["detail"]["serviceEventDetails"] for one in double.received]
    assert {one["jobId"] for one in told} == {job.pk for job in jobs}


def hint():
    """Of the sweep, that something is to be sent."""
    sweep.sweep(now=StatusChange.objects.latest("at").at)
