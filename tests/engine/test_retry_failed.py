"""Retry failed from the browser's press to the last report, on real workers."""

from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.console import retry_failed
from jobs.lifecycle import commands
from jobs.models import Draft, Job
from tests.allowed import allowed
from tests.make import make_user
from tests.servers import eventually
from tests.wizard_walk import Wizard

pytestmark = pytest.mark.timeout(180)
AWKWARD = ["a b", "a+b", "50%", "%41", "é/ü", 'quo"te', "com,ma", '",', "日本", "a%2Fb"]
"""Each three times: there from the start, missing at first, and archived at first."""

FAST = {"BATCHCONSOLE_CHUNK_ROWS": "7", "BATCHCONSOLE_IN_FLIGHT": "4"}


@pytest.fixture
def workers(redis, start_process, start_worker):
    start_process("scheduler", **FAST)
    start_worker("control", **FAST)
    start_worker("run", **FAST)


@pytest.fixture
def client(place, client):
    client.force_login(make_user("operator"))
    return client


def raw(key):
    """As the manifest has it: only what must be encoded is, and a plus, of which somebody would have
    to say what it stands for.
    """
    return quote(key, safe='/,"')


def see(job):
    return Job.objects.get(pk=job.pk)


def run(job):
    """From New to its end; a person confirms."""
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: see(job).is_terminal)
    assert see(job).status == JobStatus.COMPLETE, see(job).failure_reason
    return see(job)


def retry(client, job, code=""):
    page = client.post(reverse("job-retry", args=[job.pk]), {"code": code})["Location"]
    wizard = Wizard(client, Draft.objects.latest("created_at"))
    if page != wizard.url("review"):
        assert page == reverse("retry-list", args=[wizard.draft.pk])
        eventually(lambda: client.get(page).get("Location") == wizard.url("review"))
    assert wizard.press("review").status_code == 303, wizard.html
    wizard.draft.refresh_from_db()
    return run(wizard.draft.job)


def rows_of(place, job):
    """Task status by raw key; no key twice."""
    rows = place.report_rows(job)
    assert len({row[1] for row in rows}) == len(rows) == job.tasks_done == job.total_tasks
    return {row[1]: row[3] for row in rows}


def failed(rows):
    return {key for key, status in rows.items() if status == "failed"}


def sentence(client, job):
    return " ".join(client.get(reverse("job-detail", args=[job.pk])).content.decode().split())


def test_every_object_has_one_final_state_after_retries_by_code_and_of_a_retry(
    place, client, workers, make_bucket
):
    target = make_bucket()
    there, missing, archived = ([f"{part}/{key}" for key in AWKWARD] for part in "tma")
    place.put_objects(there)
    for key in archived:
        place.s3.put_object(Bucket=place.source, Key=key, Body=b"x", StorageClass="GLACIER")
    job = run(
        place.make_job(
            [[place.source, raw(key)] for key in [*there, *missing, *archived]],
            operation="S3PutObjectCopy",
            parameters={"TargetResource": f"arn:aws:s3:::{target}"},
        )
    )
    assert dict(job.failure_causes.values_list("code", "tasks")) == {
        "NoSuchKey": len(missing), "ObjectNotInActiveTierError": len(archived),
    }  # fmt: skip
    first = rows_of(place, job)

    place.put_objects(missing[:-1])
    of_missing = retry(client, job, "NoSuchKey")
    place.put_objects(archived)
    of_archived = retry(client, job, "ObjectNotInActiveTierError")
    second, third = rows_of(place, of_missing), rows_of(place, of_archived)
    assert not set(second) & set(third) and set(second) | set(third) == failed(first)
    assert failed(second) == {raw(missing[-1])} and not failed(third)
    assert (of_missing.retry_of, of_archived.retry_of) == (job, job)
    assert "Of 20 failed objects, 19 succeeded in a retry and 1 still fails." in sentence(client, job)  # fmt: skip

    place.put_objects(missing[-1:])
    last = rows_of(place, retry(client, of_missing))
    assert set(last) == failed(second)
    assert "Of 20 failed objects, 20 succeeded in a retry." in sentence(client, job)
    final = first | second | third | last
    assert final == {raw(key): "succeeded" for key in [*there, *missing, *archived]}
    copied = [o["Key"] for o in place.s3.list_objects_v2(Bucket=target)["Contents"]]
    assert sorted(copied) == sorted([*there, *missing, *archived])
    assert see(job).tasks_failed == 20  # counters are those of one run


def test_long_list_is_made_by_a_worker(place, client, workers, monkeypatch):
    monkeypatch.setattr(retry_failed, "AT_ONCE_BYTES", 0)
    keys = [f"{key}/{n}" for key in AWKWARD for n in range(20)]
    job = run(place.make_job([[place.source, raw(key)] for key in keys]))
    place.put_objects(keys)
    again = retry(client, job, "NoSuchKey")
    assert rows_of(place, again) == {raw(key): "succeeded" for key in keys}
