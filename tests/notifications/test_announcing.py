"""Who is told of what, in which shape."""

import json
import logging
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Delivery, StatusChange, Subscription
from jobs.notifications import reminders
from jobs.notifications.announcing import announce
from jobs.notifications.events import event_of
from jobs.notifications.subscribers import told_at_the_end
from tests.make import make_job, make_region, make_user
from tests.notifications.conftest import subscribe

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture(autouse=True)
def can_mail(settings):
    settings.EMAIL_HOST = "mail.example.com"


def told(status="Complete", **fields):
    """The addresses that hear of a job's coming to `status`."""
    job = make_job(status, **fields)
    StatusChange.objects.filter(job=job).exclude(to_status=status).update(announced=True)
    announce(NOW)
    return sorted(Delivery.objects.filter(job=job).values_list("address", flat=True))


def test_event_has_the_shape_that_eventbridge_has_it_in():
    job = make_job("Failed", region=make_region("us-west-2"))
    change = job.status_changes.get(to_status="Failed")
    event = event_of(change)
    moment = change.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    detail = event["detail"]
    service = detail["serviceEventDetails"]
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(uuid, event.pop("id")) and re.fullmatch(uuid, detail.pop("eventID"))
    assert re.fullmatch("[0-9a-f]{32}", service.pop("jobEventId"))
    assert event == {
        "version": "0",
        "detail-type": "AWS Service Event via CloudTrail",
        "source": "aws.s3",
        "account": "123456789012",
        "time": moment,
        "region": "us-west-2",
        "resources": [],
        "detail": {
            "eventVersion": "1.05",
            "userIdentity": {"accountId": "123456789012", "invokedBy": "s3.amazonaws.com"},
            "eventTime": moment,
            "eventSource": "s3.amazonaws.com",
            "eventName": "JobStatusChanged",
            "awsRegion": "us-west-2",
            "sourceIPAddress": "s3.amazonaws.com",
            "userAgent": "s3.amazonaws.com",
            "readOnly": False,
            "eventType": "AwsServiceEvent",
            "serviceEventDetails": {
                "jobId": job.pk,
                "jobArn": f"arn:aws:s3:us-west-2:123456789012:job/{job.pk}",
                "status": "Failed",
                "failureCodes": ["FailureThresholdExceeded"],
                "statusChangeReason": [],
            },
        },
    }


def test_event_that_is_made_again_is_the_same_and_each_change_has_its_own():
    changes = make_job("Ready").status_changes.all()
    events = [event_of(change) for change in changes]
    assert events == [event_of(change) for change in changes]
    assert len({event["id"] for event in events}) == 4
    assert events[0]["detail"]["eventName"] == "JobCreated"
    assert events[0]["detail"]["serviceEventDetails"]["status"] == "New"


def test_subscription_tells_of_the_statuses_the_region_and_the_tag_that_it_names():
    there, elsewhere = make_region("there"), make_region("elsewhere")
    subscribe(address="all@example.com")
    subscribe(address="failed@example.com", statuses=["Failed"])
    subscribe(address="there@example.com", region=there)
    subscribe(address="media@example.com", tag_key="team", tag_value="media")
    subscribe(address="team@example.com", tag_key="team")
    assert told(region=elsewhere) == ["all@example.com"]
    assert told("Failed", region=elsewhere) == ["all@example.com", "failed@example.com"]
    assert told(region=there) == ["all@example.com", "there@example.com"]
    assert told(region=elsewhere, tags={"team": "ops"}) == ["all@example.com", "team@example.com"]
    assert told(region=elsewhere, tags={"team": "media"}) == [
        *("all@example.com", "media@example.com", "team@example.com")
    ]


def test_person_is_told_of_their_own_jobs_or_of_all_that_they_may_see():
    ana, ben = make_user(name="ana"), make_user("viewer", name="ben")
    subscribe(user=ana, own_jobs=True)
    subscribe(user=ben)
    assert told(owner=ana) == ["ana@example.com", "ben@example.com"]
    assert told(owner=ben) == ["ben@example.com"]


def test_nobody_is_told_of_a_job_that_they_may_not_see():
    nobody, gone = make_user(None), make_user(name="gone")
    for user in (nobody, gone):
        subscribe(user=user)
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    assert told(owner=nobody) == []


def test_who_is_told_by_two_subscriptions_is_told_once():
    ana = make_user(name="ana")
    subscribe(user=ana, own_jobs=True)
    subscribe(user=ana, statuses=["Complete"])
    subscribe(address="ana@example.com")
    assert told(owner=ana) == ["ana@example.com"]


def test_where_no_mail_server_is_configured_no_mail_is_put_off_for_ever(settings):
    settings.EMAIL_HOST = ""
    subscribe(address="all@example.com")
    assert told() == []


def test_subscription_to_one_job_goes_with_its_end():
    ana, job = make_user(name="ana"), make_job("Active")
    subscribe(user=ana, job=job, statuses=["Complete", "Failed", "Cancelled"])
    assert [one.name for one in told_at_the_end(job, NOW)] == ["ana@example.com"]
    announce(NOW)
    assert Subscription.objects.exists() and not Delivery.objects.exists()
    StatusChange.objects.create(job=job, at=NOW, from_status="Active", to_status="Cancelled")
    announce(NOW)
    assert not Subscription.objects.exists()
    assert Delivery.objects.get().status == "Cancelled"


def test_every_event_is_a_line_of_json_in_the_log_stream(caplog, monkeypatch):
    job = make_job("Preparing")
    monkeypatch.setattr(logging.getLogger("batchconsole.events"), "handlers", [caplog.handler])
    announce(NOW)
    announce(NOW)
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert [line["detail"]["eventName"] for line in lines] == ["JobCreated", "JobStatusChanged"]
    assert {line["detail"]["serviceEventDetails"]["jobId"] for line in lines} == {job.pk}


def test_announcing_fifty_changes_costs_as_many_queries_as_announcing_two(
    django_assert_max_num_queries,
):
    subscribe(address="all@example.com")
    make_job("New"), make_job("New")
    with django_assert_max_num_queries(10):
        announce(NOW)
    for _ in range(50):
        make_job("New")
    with django_assert_max_num_queries(10):
        announce(NOW)
    assert Delivery.objects.count() == 52


# --- Reminders


def waits(days, **fields):
    job = make_job("Suspended", **fields)
    type(job).objects.filter(pk=job.pk).update(suspended_at=NOW - timedelta(days=days))
    return job


def reminded():
    return list(Delivery.objects.values_list("address", flat=True))


@pytest.mark.parametrize(("days", "mails"), [(0.9, 0), (1, 1), (6.9, 1), (7, 1), (25, 1), (29, 1)])
def test_suspended_job_reminds_its_owner(days, mails):
    waits(days, owner=make_user(name="ana"))
    reminders.remind(NOW)
    assert reminded() == ["ana@example.com"] * mails


def test_owner_is_reminded_after_1_7_and_25_days_and_once_each():
    waits(0, owner=make_user(name="ana"))
    came = []
    for hours in range(30 * 24):
        if reminders.remind(NOW + timedelta(hours=hours)):
            came.append(hours / 24)
    assert came == [1, 7, 25]


def test_nobody_is_reminded_of_what_is_no_longer_suspended_or_may_not_be_seen():
    waits(2, owner=None)
    waits(2, owner=make_user(None))
    make_job("Ready", owner=make_user(), created_at=NOW - timedelta(days=9))
    assert reminders.remind(NOW) == 0
