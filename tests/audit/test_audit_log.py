"""Whatever is changed, by whichever door, is an entry of the audit log; and stays one."""

from importlib import import_module
from ipaddress import ip_network

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.utils import timezone

from jobs.access import access_keys, people
from jobs.audit.log import record
from jobs.choices import ManifestField
from jobs.lifecycle import commands
from jobs.lifecycle.creation import create_job
from jobs.models import AppendOnlyError, AuditEntry, Region, RoleCredentials, Webhook
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.allowed import allowed
from tests.connected import make_webhook
from tests.make import PASSWORD, TAGS, make_job, make_region, make_role, make_user

pytestmark = pytest.mark.django_db

SECRETS = ("wJalrXUtnFEMI", "whsec_", "/hook", PASSWORD, "pbkdf2", "md5$")


@pytest.fixture
def admin():
    return make_user("admin", name="root")


@pytest.fixture
def client(admin):
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.force_login(admin)
    return client


def last():
    return AuditEntry.objects.order_by("-id").first()


# --- What is done to jobs


def test_what_a_person_does_to_a_job_is_an_entry_with_who_where_before_and_after(client):
    job = make_job("Suspended", priority=10)
    answer = client.post(f"/jobs/{job.pk}/priority/", {"priority": "70"})
    row = last()
    assert (row.who, row.source_ip, row.door) == ("root@example.com", "192.0.2.7", "console")
    assert (row.action, row.target_type, row.target) == ("s3:UpdateJobPriority", "Job", job.pk)
    assert row.allowed and row.before["priority"] == 10
    assert row.after == {"priority": "70"}
    assert row.request_id == answer["x-request-id"]


@pytest.mark.parametrize(
    ("page", "status", "values", "action"),
    [
        ("cancel", "Suspended", {}, "s3:UpdateJobStatus"),
        ("pause", "Active", {}, "batchconsole:PauseJob"),
        ("limits", "Active", {"requests_per_s": "5"}, "batchconsole:UpdateJobLimits"),
        ("tags", "Active", {}, "s3:DeleteJobTagging"),
    ],
)
def test_every_command_on_a_job_is_an_entry(client, page, status, values, action):
    job = make_job(status)
    before = AuditEntry.objects.count()
    client.post(f"/jobs/{job.pk}/{page}/", values)
    assert AuditEntry.objects.count() == before + 1
    assert (last().action, last().target) == (action, job.pk)


def test_job_that_is_made_is_an_entry_with_who_made_it():
    ana = make_user(name="ana")
    region = make_region()
    spec = JobSpec(
        region=region.pk,
        role_arn=make_role(region).arn,
        operation="S3PutObjectTagging",
        parameters=TAGS,
        manifest=ManifestSpec(
            "lists", "list.csv", "d41d8", (ManifestField.BUCKET, ManifestField.KEY)
        ),
        report=ReportSpec(enabled=False),
        priority=10,
        client_request_token="once",
        tags={"team": "media"},
    )
    job = create_job(spec, by=allowed(ana), now=timezone.now())
    row = last()
    assert (row.who, row.action, row.target) == ("ana@example.com", "s3:CreateJob", job.pk)
    assert row.after["tags"] == {"team": "media"} and row.before is None


def test_command_that_fails_leaves_no_entry():
    job = make_job("Complete")
    before = AuditEntry.objects.count()
    with pytest.raises(commands.JobStatusError):
        commands.confirm(job.pk, by=allowed(), now=timezone.now())
    assert AuditEntry.objects.count() == before


def test_what_the_system_does_by_itself_stands_in_the_jobs_activity_alone():
    job = make_job("New")
    before = AuditEntry.objects.count()
    commands.begin_preparing(job.pk, now=timezone.now())
    assert AuditEntry.objects.count() == before


def test_refusal_is_an_entry(client):
    job, viewer = make_job("Suspended"), make_user("viewer", name="ben")
    client.force_login(viewer)
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 403
    row = last()
    assert not row.allowed
    assert (row.who, row.action) == ("ben@example.com", "s3:UpdateJobStatus")
    assert (row.target_type, row.target) == ("Job", job.pk)
    client.get("/regions/")
    assert (last().action, last().target) == ("batchconsole:ManageRegions", "/regions/")


# --- What is changed in forms


def test_region_that_is_changed_in_the_console_has_before_and_after(client, settings):
    region = make_region("eu", code="eu-west-1")
    values = {"name": "Europe", "code": "eu-west-1", "endpoint_url": region.endpoint_url}
    client.post(f"/regions/{region.slug}/", values)
    row = AuditEntry.objects.filter(target_type="Region").latest("id")
    assert (row.before["name"], row.after["name"]) == ("eu", "Europe")
    assert row.action == "batchconsole:ManageRegions"


def test_admin_site_is_no_way_round(client, admin):
    region = make_region("eu")
    url = f"/admin/jobs/region/{region.pk}/change/"
    page = client.get(url)
    form = page.context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value not in (None, False)}
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        values |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    answer = client.post(url, values | {"name": "Changed"})
    assert answer.status_code == 302
    row = AuditEntry.objects.filter(target_type="Region").latest("id")
    assert (row.door, row.who, row.after["name"]) == ("admin", "root@example.com", "Changed")


def test_secrets_are_never_written_but_that_they_changed_is(admin):
    region = make_region("eu")
    make_role(region)
    webhook = make_webhook("Chat")
    webhook.secret = "whsec_" + "A" * 32
    webhook.save()
    row = last()
    assert row.after["secrets"] == "changed"
    assert row.after["secret"] == "stored"
    keys = RoleCredentials.objects.get()
    keys.secret_access_key = "wJalrXUtnFEMI"
    keys.save()
    admin.set_password("another correct horse")
    admin.save()
    assert last().after["secrets"] == "changed"
    text = repr(list(AuditEntry.objects.values_list()))
    assert [secret for secret in SECRETS if secret in text] == []


def test_save_that_changes_nothing_and_what_use_changes_are_no_entries(client, admin):
    region = make_region("eu")
    webhook = make_webhook("Chat")
    before = AuditEntry.objects.count()
    region.save()
    webhook.checked_at = timezone.now()
    webhook.save()
    client.force_login(admin)  # writes last_login
    assert AuditEntry.objects.count() == before


def test_groups_that_somebody_gets_and_a_row_that_goes_are_entries():
    user, webhook = make_user(None, name="ana"), make_webhook("Chat")
    user.groups.add(Group.objects.get(name="Operator"))
    assert last().target == "ana@example.com"
    assert last().after == {"group add": ["Operator"]}
    webhook.delete()
    assert (last().target, last().before["name"], last().after) == ("Chat", "Chat", None)
    User.objects.filter(pk=user.pk).delete()
    assert last().before["username"] == "ana@example.com"


def test_who_is_deleted_stays_in_the_log(admin, client):
    client.post(f"/jobs/{make_job('Suspended').pk}/cancel/")
    admin.delete()
    assert AuditEntry.objects.filter(who="root@example.com", action="s3:UpdateJobStatus").exists()


def test_what_nobody_asked_for_comes_from_the_system():
    make_region("eu")
    assert (last().who, last().door, last().source_ip) == ("system", "system", "")
    assert Region.objects.exists() and not Webhook.objects.exists()


def test_what_is_done_to_people_and_keys_is_an_entry():
    ana, now = make_user(name="ana"), timezone.now()
    people.set_tags(ana, {"Department": "Finance"})
    assert last().after == {"tags": {"Department": "Finance"}}
    people.disable(ana, now)
    assert last().target == "ana@example.com"
    assert (last().before["is_active"], last().after["is_active"]) == (True, False)
    key = access_keys.create(ana, by=None, now=now, name="nightly")
    assert key.secret not in repr(last().after)
    access_keys.revoke(key, now)
    assert (last().target_type, last().target) == ("AccessKey", key.pk)
    assert last().after["revoked_at"]


# --- Append-only


def test_entries_cannot_be_changed_or_deleted_by_django():
    record("test", "Page", "/")
    row = last()
    row.who = "somebody else"
    for change in (
        row.save,
        row.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(who="x"),
        lambda: AuditEntry.objects.filter(pk=row.pk).update(who="x"),
    ):
        with pytest.raises(AppendOnlyError):
            change()


def test_database_refuses_to_change_an_entry_and_to_delete_one():
    record("test", "Page", "/")
    if connection.vendor == "sqlite":  # taken away for all tests, which are emptied so
        migration = import_module("jobs.migrations.0027_events")
        with connection.cursor() as cursor:
            cursor.execute(migration.SQLITE.format(verb="delete", stays=migration.STAYS))
    for sql in ("UPDATE jobs_auditentry SET who = 'x'", "DELETE FROM jobs_auditentry"):
        refused = pytest.raises(DatabaseError, match="stays as it was written")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert AuditEntry.objects.filter(action="test").exists()


# --- Request IDs


def test_every_answer_names_its_request_and_takes_the_name_of_a_proxy_of_ours_only(
    client, settings
):
    first, second = client.get("/jobs/"), client.get("/jobs/")
    assert len({first["x-request-id"], second["x-request-id"]}) == 2
    given = {"x-request-id": "from-the-proxy-1"}
    assert client.get("/jobs/", headers=given)["x-request-id"] != "from-the-proxy-1"
    settings.BATCHCONSOLE_TRUSTED_PROXIES = [ip_network("192.0.2.0/24")]
    assert client.get("/jobs/", headers=given)["x-request-id"] == "from-the-proxy-1"
    bad = {"x-request-id": "no\tgood one"}
    assert "no" not in client.get("/jobs/", headers=bad)["x-request-id"][:3]
