"""What buckets are asked for while a job is prepared, before anybody may run it."""

from collections import Counter
from types import SimpleNamespace

import pytest

from jobs.choices import JobStatus
from jobs.engine.preparing import planner
from jobs.errors import StorageUnavailableError
from jobs.models import JobEvent
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.s3 import storage
from jobs.s3.answers import Answer
from tests.engine.test_control_tries import let_time_pass

LOCKED = Answer(200, "", "", {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}})


@pytest.fixture(autouse=True)
def locks(monkeypatch):
    """Tagging, in a world in which it needs Object Lock."""
    monkeypatch.setattr(PutObjectTagging, "preconditions", (OBJECT_LOCK,))


@pytest.fixture
def asked(monkeypatch):
    """How often each bucket was asked; `answers` are given to it, by bucket."""

    def look(client, bucket, action):
        asked.counts[bucket] += 1
        answer = asked.answers.get(bucket, LOCKED)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    asked = SimpleNamespace(counts=Counter(), answers={})
    monkeypatch.setattr(storage, "look_at_bucket", look)
    return asked


@pytest.fixture
def buckets(s3, place):
    """Three of the server's, apart from the one with the list."""
    names = [f"{place.source}-{n}" for n in range(3)]
    for name in names:
        s3.create_bucket(Bucket=name)
    return names


def job_over(place, buckets):
    return place.make_job([[name, key] for key in ("a", "b") for name in buckets])


def test_bucket_without_object_lock_fails_the_job_with_its_name_and_line(place, steps, s3):
    locked = f"{place.source}-locked"
    s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    job = steps.prepare(job_over(place, [locked, place.source]))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidBucketState")
    assert job.failure_line == 2
    assert job.failure_reason == (
        f"Object Lock is not enabled on bucket {place.source}."
        " Replace all object tags needs it: line 2 names it."
    )
    assert steps.finish(job).status == JobStatus.FAILED


def test_buckets_with_object_lock_are_ready_for_confirmation(place, steps, s3):
    locked = f"{place.source}-locked"
    s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    job = steps.prepare(job_over(place, [locked]))
    assert (job.status, job.buckets) == (JobStatus.SUSPENDED, {locked: [2, 1, ""]})


def test_each_bucket_is_asked_once(place, steps, buckets, asked):
    job = steps.prepare(job_over(place, buckets))
    assert job.status == JobStatus.SUSPENDED
    assert asked.counts == dict.fromkeys(buckets, 1)


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (405, "MethodNotAllowed"), (501, "NotImplemented")]
)
def test_storage_that_does_not_tell_lets_the_job_go_on_and_that_is_said_once(
    place, steps, buckets, asked, status, code
):
    asked.answers = dict.fromkeys(buckets, Answer(status, code, ""))
    job = steps.prepare(job_over(place, buckets))
    assert job.status == JobStatus.SUSPENDED
    event = JobEvent.objects.get(job=job, kind=JobEvent.Kind.UNCHECKED)
    assert event.after == (
        "The storage does not say whether Object Lock is enabled on the buckets of the list"
        f" ({status} {code})."
    )


def test_storage_that_is_away_is_waited_for_and_asked_again(place, steps, buckets, asked):
    asked.answers[buckets[1]] = StorageUnavailableError("SlowDown", "Slow down.")
    job = steps.prepare(job_over(place, buckets))
    assert (job.status, job.waiting_for) == (JobStatus.PREPARING, "Preparing waits: Slow down.")
    asked.answers.clear()
    let_time_pass()
    assert steps.prepare(job).status == JobStatus.SUSPENDED


def test_stop_is_obeyed_between_two_buckets_and_none_is_asked_again(
    place, steps, buckets, asked, monkeypatch
):
    heard, check_buckets = [], planner.check_buckets

    def check(job, stop, *rest):
        heard.append(stop)
        return check_buckets(job, stop, *rest)

    def stop():
        steps.stop.set()
        assert heard[0].wait(60)
        return LOCKED

    monkeypatch.setattr(planner, "check_buckets", check)

    asked.answers[buckets[1]] = stop
    job = steps.prepare(job_over(place, buckets))
    assert job.status == JobStatus.PREPARING
    assert asked.counts == dict.fromkeys(buckets[:2], 1)
    steps.stop.clear()
    job = steps.prepare(job)
    assert (job.status, asked.counts) == (JobStatus.SUSPENDED, dict.fromkeys(buckets, 1))
    assert job.buckets == {name: [2, n + 1, ""] for n, name in enumerate(buckets)}


def test_turn_that_is_over_ends_between_two_buckets_and_each_turn_comes_further(
    place, steps, buckets, asked, monkeypatch
):
    monkeypatch.setattr(planner.conf, "time_box_s", lambda: -1)
    job = job_over(place, buckets)
    turns = 0
    while (job := steps.prepare(job)).status == JobStatus.PREPARING:
        turns += 1
        assert turns < 10
    assert job.status == JobStatus.SUSPENDED
    assert asked.counts == dict.fromkeys(buckets, 1)


def test_copy_whose_bucket_was_looked_at_is_ready_for_confirmation(place, steps):
    parameters = {"TargetResource": f"arn:aws:s3:::{place.reports}"}
    rows = place.list_of(["a"])
    job = steps.prepare(place.make_job(rows, operation="S3PutObjectCopy", parameters=parameters))
    assert (job.status, job.buckets) == (JobStatus.SUSPENDED, {place.source: [1, 1, ""]})


@pytest.mark.parametrize(
    ("fields", "rest", "is_refused"),
    [
        (("Bucket", "Key"), [], True),
        (("Bucket", "Key", "VersionId"), ["v1"], False),
    ],
)
def test_copy_onto_itself_that_changes_nothing_fails_while_it_is_prepared(
    place, steps, fields, rest, is_refused
):
    parameters = {"TargetResource": f"arn:aws:s3:::{place.source}"}
    rows = [[place.source, "a", *rest]]
    job = steps.prepare(
        place.make_job(rows, fields=fields, operation="S3PutObjectCopy", parameters=parameters)
    )
    assert (job.status == JobStatus.FAILING) == is_refused
    if is_refused:
        assert job.failure_code == "InvalidManifestContent"
        assert job.failure_reason.startswith("TargetResource: Objects of")
