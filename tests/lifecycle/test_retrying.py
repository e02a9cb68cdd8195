"""What a retry is called, and which retries run the same objects."""

import pytest

from jobs.choices import JobStatus
from jobs.errors import ValidationFailedError
from jobs.lifecycle.retrying import description_of, in_the_way, why_not
from jobs.models import Job
from jobs.spec.retry_list import list_name
from tests.engine.places import new_place
from tests.make import make_failures, make_job, make_report

pytestmark = pytest.mark.django_db
CODES = [None, "NoSuchKey", "AccessDenied", "a code/with? signs", ""]


def retry_of(job, code, status="Active", **fields):
    key = f"out/job-{job.pk}/{list_name(job.pk, code)}"
    return make_job(status, retry_of=job, manifest_key=key, **fields)


def test_lists_of_different_codes_have_different_names_that_fit_any_storage():
    names = [list_name("7f3c", code) for code in CODES]
    assert len(set(names)) == len(names)
    assert names[:2] == ["retry-of-7f3c.csv", "retry-of-7f3c-NoSuchKey.csv"]
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in names)


@pytest.mark.parametrize("wanted", CODES)
@pytest.mark.parametrize("there", CODES)
def test_retries_are_in_each_others_way_when_they_share_objects(wanted, there):
    job = make_job("Complete", failed=9)
    retry = retry_of(job, there)
    shared = wanted == there or wanted is None or there is None
    found = in_the_way(job.retries.all(), job.pk, list_name(job.pk, wanted))
    assert found == (retry if shared else None)


@pytest.mark.parametrize("status", JobStatus.values)
def test_retry_is_in_the_way_until_it_has_ended_without_reaching_all_objects(status):
    job = make_job("Complete", failed=9)
    retry = retry_of(job, None, status)
    found = in_the_way(job.retries.all(), job.pk, list_name(job.pk, None))
    assert found == (None if status in ("Cancelled", "Failed") else retry)


@pytest.mark.parametrize("status", ["Complete", "Cancelled", "Failed"])
def test_ended_job_with_failures_and_a_report_may_be_retried(status):
    job = make_job(status, failed=9)
    make_failures(job, "NoSuchKey", tasks=9)
    make_report(job)
    assert why_not(job) == why_not(job, "NoSuchKey") == ""
    assert "with SlowDown" in why_not(job, "SlowDown")


def test_descriptions_count_the_retries_and_stay_within_the_limit():
    job = make_job("Complete", failed=9, description="Nightly tags")
    assert description_of(job) == "Retry 1 of Nightly tags"
    first = retry_of(job, "NoSuchKey", description="Retry 1 of Nightly tags")
    assert description_of(job) == description_of(first) == "Retry 2 of Nightly tags"
    nameless = make_job("Complete", failed=9)
    assert description_of(nameless) == f"Retry 1 of Job {nameless.short_id}"
    named_so = make_job("Complete", failed=9, description="Retry 7 of something")
    assert description_of(named_so) == "Retry 1 of Retry 7 of something"
    long = description_of(make_job("Complete", failed=9, description="x" * 256))
    assert len(long) == 256 and long.endswith("x…")


def test_every_door_makes_one_job_of_the_same_failed_objects(s3, s3_server, make_bucket):
    place = new_place(s3, s3_server, make_bucket)
    old = make_job("Complete", failed=9)

    def retry(code):
        return place.make_job([["b", "k"]], manifest_key=list_name(old.pk, code), retry_of=old.pk)

    made = retry("NoSuchKey")
    assert made.retry_of == old
    for code in ("NoSuchKey", None):
        with pytest.raises(ValidationFailedError, match=f"Job {made.short_id} retries these"):
            retry(code)
    retry("AccessDenied")
    assert Job.objects.filter(retry_of=old).count() == 2


def test_retry_of_a_job_that_is_gone_is_refused(s3, s3_server, make_bucket):
    place = new_place(s3, s3_server, make_bucket)
    with pytest.raises(ValidationFailedError, match="not there any more"):
        place.make_job([["b", "k"]], retry_of="00000000-0000-4000-8000-000000000000")
