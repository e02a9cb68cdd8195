"""A storage that accepts what it does not keep is found out in mid-run, and asked about."""

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, PauseCause
from jobs.lifecycle import pauses
from jobs.models import Job
from jobs.operations import checked
from tests.allowed import allowed
from tests.bent_storage import Answered, bent

KEYS = [f"{n:03}.jpg" for n in range(40)]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(checked, "LASTS_S", 0)


@pytest.fixture
def asked(place, s3_server):
    """The keys that were tagged, by the storage's word; their tags are lost."""
    tagged = []

    def loses_tags(sent):
        if sent.method == "PUT" and sent.is_about("tagging"):
            tagged.append(sent.target.partition("?")[0].rpartition("/")[2])
            return Answered()
        return sent

    place.put_objects(KEYS)
    with bent(s3_server, loses_tags) as url:
        place.region.endpoint_url = url
        place.region.save()
        yield tagged


def begun(place, steps, **fields):
    job = place.make_job(place.list_of(KEYS))
    Job.objects.filter(pk=job.pk).update(**fields)
    job = steps.prepare(job)
    if job.status == JobStatus.SUSPENDED:
        steps.confirm(job)
    steps.run()
    return steps.see(job)


def test_job_pauses_at_the_first_object_and_goes_on_unchecked_when_a_person_says_so(
    place, steps, asked
):
    job = begun(place, steps)
    assert (job.status, job.paused_cause) == (JobStatus.PAUSED, PauseCause.STORAGE)
    seen = f"s3://{place.source}/{asked[0]}"
    assert job.paused_reason == (
        f"The storage accepted the tags and did not keep them. Seen at {seen}"
    )
    assert set(asked) == {asked[0]}
    assert (job.tasks_succeeded, job.tasks_failed) == (0, 1)
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 39, 1)
    assert sorted(set(asked)) == KEYS
    [failed] = [row for row in place.report_rows(job) if row[3] == "failed"]
    assert failed[5] == "NotKept"


def test_job_of_an_api_client_fails_at_the_first_object(place, steps, asked):
    job = begun(place, steps, confirmation_required=False)
    job = steps.finish(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "NotKept")
    assert set(asked) == {asked[0]}
