"""What the demo puts into the database."""

import csv
import gzip
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, unquote_plus

import pytest
from django.contrib.auth.models import User

from jobs.choices import JobStatus
from jobs.lifecycle import commands
from jobs.management import demo_data, demo_jobs, demo_objects
from jobs.models import Job, Region, RoleCredentials
from tests.allowed import allowed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.mark.django_db
def test_demo_data_when_it_is_seeded_twice_is_there_once_and_knows_the_new_port() -> None:
    demo_data.seed(storage_port=8001, now=NOW)
    demo_data.seed(storage_port=8002, now=LATER)
    region = Region.objects.get()
    assert region.endpoint_url == "http://127.0.0.1:8002"
    assert region.emptied_at == LATER
    assert RoleCredentials.objects.get().region == region
    assert User.objects.get().check_password("demo")
    assert Job.objects.get().status == JobStatus.NEW


@pytest.mark.django_db
def test_unfinished_job_of_an_earlier_demo_fails_and_says_why() -> None:
    demo_data.seed(storage_port=8001, now=NOW)
    job = Job.objects.get()
    for status in (JobStatus.PREPARING, JobStatus.READY):
        commands.move(job.pk, status, now=NOW)
    demo_data.seed(storage_port=8001, now=LATER)
    job.refresh_from_db()
    assert job.status == JobStatus.FAILING
    assert job.failure_code == "DemoStorageRestarted"
    assert "The demo storage keeps nothing between starts" in job.failure_reason
    assert Job.objects.exclude(pk=job.pk).get().status == JobStatus.NEW


@pytest.mark.django_db
def test_finished_job_of_an_earlier_demo_is_left_as_it_is() -> None:
    demo_data.seed(storage_port=8001, now=NOW)
    job = Job.objects.get()
    commands.cancel(job.pk, by=allowed(), now=NOW, reason="")
    demo_data.seed(storage_port=8001, now=LATER)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert job.failure_code == ""


@pytest.mark.django_db
def test_jobs_that_each_demo_shows_are_made_anew_and_those_of_people_stay() -> None:
    for moment in (NOW, LATER):
        demo_data.seed(storage_port=8001, now=moment)
        demo_data.create_jobs(now=moment)
    shown = Job.objects.filter(client_request_token__startswith=demo_jobs.SHOWN)
    assert shown.count() == 7
    assert {job.created_at.date() for job in shown} == {LATER.date()}
    assert not shown.filter(confirmation_required=True).exists()
    dry_run = shown.get(dry_run=True)
    Job.objects.exclude(pk__in=shown).update(guarded_by=dry_run, status=JobStatus.COMPLETE)
    demo_data.seed(storage_port=8001, now=LATER)
    assert shown.get() == dry_run


def test_inventory_of_the_demo_names_its_data_and_all_photos() -> None:
    objects = dict(demo_objects.inventory())
    (file,) = json.loads(objects[demo_objects.INVENTORY])["files"]
    data = objects[file["key"]]
    assert file == {
        "key": file["key"],
        "size": len(data),
        "MD5checksum": hashlib.md5(data).hexdigest(),
    }
    rows = list(csv.reader(io.StringIO(gzip.decompress(data).decode())))
    assert [unquote_plus(row[1]) for row in rows] == demo_objects.photo_keys()


def test_demo_keys_are_five_thousand_and_survive_the_manifest() -> None:
    keys = demo_objects.photo_keys()
    assert len(set(keys)) == len(keys) == demo_objects.PHOTO_COUNT
    assert set(demo_objects.AWKWARD) < set(keys)
    rows = list(csv.reader(io.StringIO(demo_objects.plain_manifest().decode("ascii"))))
    assert [unquote(key) for _, key in rows] == keys
    assert {bucket for bucket, _ in rows} == {demo_objects.PHOTOS}


@pytest.mark.django_db
def test_database_is_in_real_use_once_it_has_an_administrator_of_its_own() -> None:
    demo_data.seed(storage_port=8001, now=NOW)
    assert not demo_data.is_in_real_use()
    User.objects.create_superuser("alice@example.org", password="a long password")
    assert demo_data.is_in_real_use()


def test_empty_database_is_in_no_real_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_data.connection.introspection, "table_names", lambda: [])
    assert not demo_data.is_in_real_use()
