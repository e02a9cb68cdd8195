"""Choosing in the browser who is told of what, and what became of each message."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import AuditEntry, Delivery, StatusChange, Subscription, Webhook
from jobs.notifications.announcing import announce
from tests.connected import make_webhook
from tests.make import make_job, make_region, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def can_mail(settings):
    settings.EMAIL_HOST = "mail.example.com"


@pytest.fixture
def ana():
    return make_user("viewer", name="ana")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(ana):
    return signed_in(ana)


@pytest.fixture
def admin(db):
    return signed_in(make_user("admin", name="root"))


def text(response):
    return unescape(response.content.decode())


def told(job, status="Complete"):
    StatusChange.objects.create(job=job, at=timezone.now(), from_status="Active", to_status=status)
    announce(timezone.now())
    return sorted(Delivery.objects.filter(job=job).values_list("address", flat=True))


def test_person_asks_to_be_told_and_takes_it_back(client, ana):
    make_region("eu")
    region = make_region("us")
    values = {"jobs": "own", "moments": ["Failed", "Suspended"], "region": region.pk}
    answer = client.post(reverse("own-notifications"), values | {"tag": "team=media"}, follow=True)
    row = Subscription.objects.get()
    assert (row.user, row.own_jobs, sorted(row.statuses)) == (ana, True, ["Failed", "Suspended"])
    assert (row.region, row.tag_key, row.tag_value) == (region, "team", "media")
    assert "Jobs that I created" in text(answer) and "team=media" in text(answer)
    client.post(reverse("own-notifications-remove", args=[row.pk]))
    assert not Subscription.objects.exists()


def test_subscription_of_another_stays(client):
    row = Subscription.objects.create(user=make_user(), created_at=timezone.now())
    client.post(reverse("own-notifications-remove", args=[row.pk]))
    assert Subscription.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"jobs": "own"}, "Choose at least one."),
        ({"moments": ["Failed"]}, "Choose which jobs."),
        ({"jobs": "own", "moments": ["Nonsense"]}, "Nonsense is not one of"),
        ({"jobs": "own", "moments": ["Failed"], "tag": "=media"}, "Write the key of the tag"),
        ({"jobs": "own", "moments": ["Failed"], "tag": "a\0b"}, "is not visible"),
        ({"jobs": "own", "moments": ["Failed"], "tag": "<x>"}, "use letters, digits"),
        ({"jobs": "own", "moments": ["Failed"], "region": "99"}, "Select a valid choice"),
    ],
)
def test_bad_input_gets_a_sentence(client, values, sentence):
    answer = client.post(reverse("own-notifications"), values)
    assert answer.status_code == 200 and sentence in text(answer)
    assert not Subscription.objects.exists()


def test_page_says_that_no_mail_server_is_configured(client, settings):
    settings.EMAIL_HOST = ""
    assert "No mail server is configured" in text(client.get(reverse("own-notifications")))


def test_tick_on_a_jobs_page_tells_at_its_end_and_is_taken_back(client):
    job = make_job("Active")
    page = reverse("job-detail", args=[job.pk])
    assert "Nobody is told when this job ends." in text(client.get(page))
    url = reverse("job-tell-me", args=[job.pk])
    client.post(url, {"on": "yes"})
    client.post(url, {"on": "yes"})
    assert Subscription.objects.count() == 1
    shown = text(client.get(page))
    assert "ana@example.com is told when this job ends." in shown
    assert 'aria-pressed="true"' in shown
    client.post(url, {"on": "no"})
    assert not Subscription.objects.exists()
    client.post(url, {"on": "yes"})
    assert told(job) == ["ana@example.com"]


def test_job_that_has_ended_offers_nothing(client):
    job = make_job("Complete")
    assert "told when this job ends" not in text(client.get(reverse("job-detail", args=[job.pk])))
    client.post(reverse("job-tell-me", args=[job.pk]), {"on": "yes"})
    assert not Subscription.objects.exists()


def test_administrator_tells_a_webhook_of_every_status_of_all_jobs(admin):
    webhook = make_webhook("Chat")
    values = {"webhook": webhook.pk, "moments": ["every"]}
    answer = admin.post(reverse("notifications"), values, follow=True)
    assert "Chat will be told." in text(answer) and "Every status" in text(answer)
    row = Subscription.objects.get()
    assert (row.webhook, row.statuses, row.own_jobs) == (webhook, [], False)
    assert AuditEntry.objects.filter(target_type="Subscription", target="Chat").exists()
    told(make_job("Active"))
    assert {one.webhook for one in Delivery.objects.all()} == {webhook}
    admin.post(reverse("notifications-remove", args=[row.pk]))
    assert not Subscription.objects.exists()


def test_administrator_chooses_one_receiver(admin):
    webhook = make_webhook("Chat")
    both = {"webhook": webhook.pk, "address": "team@example.com", "moments": ["Failed"]}
    assert "not both" in text(admin.post(reverse("notifications"), both))
    neither = {"moments": ["Failed"]}
    assert "Choose a webhook, or" in text(admin.post(reverse("notifications"), neither))
    admin.post(reverse("notifications"), both | {"webhook": ""})
    assert Subscription.objects.get().address == "team@example.com"


def test_webhook_that_is_told_of_jobs_is_not_deleted(admin):
    webhook = make_webhook("Chat")
    Subscription.objects.create(webhook=webhook, created_at=timezone.now())
    answer = admin.post(reverse("connection-delete", args=["webhooks", webhook.slug]), follow=True)
    assert "was not deleted" in text(answer) and Webhook.objects.exists()


def delivery(**fields):
    Subscription.objects.create(address="team@example.com", created_at=timezone.now())
    told(make_job("Active"))
    Delivery.objects.update(**fields)
    return Delivery.objects.latest("pk")


def test_deliveries_show_status_attempts_answer_and_next_try(admin):
    row = delivery(attempts=3, http_status=503, answer="<b>Try later</b>")
    shown = text(admin.get(reverse("delivery-list")))
    assert "Waiting" in shown and "503" in shown and "team@example.com" in shown
    assert "&lt;b&gt;Try later" in admin.get(reverse("delivery-list")).content.decode()
    assert row.message_id in text(admin.get(reverse("delivery", args=[row.pk])))
    assert "No deliveries" in text(admin.get(reverse("delivery-list") + "?state=given_up"))


def test_resend_tries_what_was_given_up_anew_and_nothing_that_is_on_its_way(admin):
    row = delivery(state="given_up", attempts=20)
    admin.post(reverse("delivery-resend", args=[row.pk]))
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
    until = timezone.now() + timedelta(minutes=1)
    Delivery.objects.update(leased_until=until)
    answer = admin.post(reverse("delivery-resend", args=[row.pk]), follow=True)
    assert "on its way" in text(answer)
    row.refresh_from_db()
    assert row.leased_until == until


def test_many_deliveries_have_pages(admin):
    row = delivery()
    Delivery.objects.bulk_create(
        Delivery(
            message_id=str(number),
            event=row.event,
            job=row.job,
            address="team@example.com",
            created_at=row.created_at,
            next_at=row.next_at,
            give_up_at=row.give_up_at,
        )
        for number in range(60)
    )
    first = admin.get(reverse("delivery-list"))
    found = first.context["found"]
    second = admin.get(f"{reverse('delivery-list')}?{found.older}").context["found"]
    keys = [one.pk for one in [*found.rows, *second.rows]]
    assert len(keys) == len(set(keys)) == Delivery.objects.count() and not second.older
