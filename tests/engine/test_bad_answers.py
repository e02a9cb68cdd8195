"""A manifest at a storage that answers oddly, without end, or hardly at all."""

import threading

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine.preparing import planner
from jobs.models import Job
from jobs.workstore.store import FolderStore
from tests.bad_storage import answering
from tests.make import make_job, make_region, make_role

HEAD = ('ETag: "ab"', "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT", "Content-Length: 1000000000")

pytestmark = pytest.mark.django_db(transaction=True)


def prepare(bad, work, stop=None):
    region = make_region(endpoint_url=bad.endpoint.url)
    job = make_job("New", region=region, role=make_role(region), manifest_etag="ab")
    planner.prepare_job(job.pk, work=work, clock=timezone.now, stop=stop or threading.Event())
    return Job.objects.get(pk=job.pk)


@pytest.fixture
def work(tmp_path):
    return FolderStore(tmp_path / "store")


@pytest.mark.parametrize("left_out", range(3), ids=["ETag", "date", "length"])
def test_answer_about_a_manifest_that_lacks_something_fails_the_job_in_words(work, left_out):
    headers = [header for number, header in enumerate(HEAD) if number != left_out]
    with answering(lambda wire, asked: wire.head(*headers)) as bad:
        job = prepare(bad, work)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "OddAnswer")
    assert "lacks what it must have" in job.failure_reason and not job.control_tries


@pytest.mark.parametrize("does", ["trickle", "hang"])
def test_stop_is_heard_while_a_manifest_trickles_and_the_job_is_free_for_the_next(work, does):
    stop = threading.Event()

    def answer(wire, asked):
        wire.head(*HEAD, "Content-Range: bytes 0-999999999/1000000000")
        if asked.startswith("GET"):
            stop.set()
            getattr(wire, does)()

    with answering(answer) as bad:
        job = prepare(bad, work, stop)
    assert (job.status, job.waiting_for, job.control_tries) == (JobStatus.PREPARING, "", 0)
    assert job.control_lease_expires_s <= timezone.now().timestamp() + 1


def test_manifest_of_line_feeds_without_end_fails_the_job_soon(work):
    def answer(wire, asked):
        wire.head(*HEAD, "Content-Range: bytes 0-999999999/1000000000")
        if asked.startswith("GET"):
            wire.flood(b"\n" * 65536)

    with answering(answer) as bad:
        job = prepare(bad, work)
        assert bad.sent_bytes < 64 * 1024**2
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidManifestContent")
    assert "Line 1 and more than 10,000 after it are blank" in job.failure_reason
