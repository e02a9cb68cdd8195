"""Whoever makes the list of a draft: one at a time, and none is missed for long."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.lifecycle import draft_work
from jobs.lifecycle.draft_work import FAILED, MAKING, READY, STALE_S, DraftWork
from jobs.models import Draft
from jobs.reports import retry_drafts
from jobs.reports.retry_drafts import WORK, make_list
from tests.make import make_failures, make_job, make_region, make_report, make_role, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(s3, s3_server, bucket):
    region = make_region("store", endpoint_url=s3_server)
    make_role(region)
    job = make_job("Complete", region=region, total=2, failed=2, report_bucket=bucket)
    make_failures(job, "NoSuchKey", tasks=2)
    key = f"out/job-{job.pk}/results/0.csv"
    body = b"".join(b"photos,%d,,failed,404,NoSuchKey,Gone\n" % n for n in range(2))
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    file = {"status": "failed", "key": key, "md5": "", "rows": 2, "size_bytes": len(body)}
    make_report(job, [file])
    return job


@pytest.fixture
def draft(job):
    retry = {"job": job.pk, "code": None, "rows": 2, "state": MAKING, "read": 0, "error": ""}
    retry |= {"called_s": 0.0, "seen_s": 0.0}
    now = timezone.now()
    return Draft.objects.create(
        owner=make_user(), data={"retry": retry}, created_at=now, updated_at=now
    )


def told(draft):
    draft.refresh_from_db()
    return draft.data["retry"]


def refreshed(draft):
    draft.refresh_from_db()
    return draft


def make(draft, **options):
    make_list(str(draft.pk), clock=timezone.now, **options)
    return told(draft)


def test_list_is_made_once(draft):
    found = make(draft)
    assert (found["state"], found["read"], found["buckets"]) == (READY, 2, {"photos": 2})
    assert make(draft) == found


def test_second_worker_leaves_the_list_to_the_first_until_that_is_taken_for_dead(draft):
    WORK.change(str(draft.pk), seen_s=timezone.now().timestamp())
    assert make(draft)["state"] == MAKING
    WORK.change(str(draft.pk), seen_s=timezone.now().timestamp() - STALE_S - 1)
    assert make(draft)["state"] == READY


def test_worker_that_is_stopped_leaves_the_list_to_the_next_at_once(draft):
    stop = threading.Event()
    stop.set()
    found = make(draft, stop=stop)
    assert found["state"] == MAKING and WORK.is_idle(draft, timezone.now())
    assert make(draft)["state"] == READY


def test_list_is_idle_when_nobody_was_called_or_seen_for_a_while(draft):
    now = timezone.now()
    assert WORK.is_idle(refreshed(draft), now)
    WORK.change(str(draft.pk), called_s=now.timestamp())
    assert not WORK.is_idle(refreshed(draft), now)
    later = now + timedelta(seconds=STALE_S + 1)
    assert WORK.is_idle(refreshed(draft), later)
    WORK.change(str(draft.pk), seen_s=later.timestamp())
    assert not WORK.is_idle(refreshed(draft), later)
    WORK.change(str(draft.pk), state=FAILED)
    assert not WORK.is_idle(refreshed(draft), later + timedelta(days=1))


def test_progress_is_noted_while_rows_are_read(draft, monkeypatch):
    monkeypatch.setattr(draft_work, "NOTE_EVERY_S", 0)
    seen, change = [], DraftWork.change

    def noted(self, draft_id, **facts):
        seen.append(facts)
        return change(self, draft_id, **facts)

    monkeypatch.setattr(DraftWork, "change", noted)
    make(draft)
    assert {"read", "seen_s", "error"} <= set(seen[0]) and seen[0]["read"] == 2


def test_job_whose_report_is_gone_ends_the_waiting(draft, job):
    job.report.delete()
    found = make(draft)
    assert found["state"] == FAILED and "Delete this draft." in found["error"]


def test_unexpected_trouble_is_told_and_tried_again(draft, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("odd")

    monkeypatch.setattr(retry_drafts, "write_list", broken)
    found = make(draft)
    assert found["state"] == MAKING and "RuntimeError" in found["error"]


def test_draft_that_is_gone_or_waits_for_nothing_is_left_alone(draft):
    Draft.objects.filter(pk=draft.pk).update(data={})
    make_list(str(draft.pk), clock=timezone.now)
    draft.delete()
    make_list("00000000-0000-4000-8000-000000000000", clock=timezone.now)
