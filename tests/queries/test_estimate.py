"""What a job is estimated to ask for, and how long it takes at which measured rate."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Job, RateSample
from jobs.operations import registry
from jobs.queries.estimate import Rate, estimate, measured_rate
from tests.make import TAGS, make_job, make_region

NOW = timezone.now()
TAGGING = "S3PutObjectTagging"


def of(name, parameters=None, objects=1_000, **more):
    operation = registry.get(name).parse(parameters or {})
    return estimate(operation, objects, ["photos"], more.pop("rate", None), **more)


def asked(found):
    return {one.action: number for one, number in found.requests}


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda one: one.name)
def test_every_operation_says_what_it_asks_for_and_names_only_its_calls(operation):
    for example in operation.examples:
        parsed = operation.parse(example)
        requests = parsed.requests(["photos"])
        assert requests
        assert {one.action for one in requests} <= set(operation.calls)


def test_requests_are_counted_by_what_is_asked_for():
    assert asked(of(TAGGING, TAGS)) == {"PutObjectTagging": 1_000}
    assert asked(of("S3DeleteObject", objects=2_500)) == {"DeleteObjects": 3}
    moved = of("S3MoveObject", {"TargetResource": "arn:aws:s3:::archive"})
    assert asked(moved) == {"HeadObject": 3_000, "CopyObject": 1_000, "DeleteObject": 1_000}
    assert moved.all_requests == 5_000 and not moved.is_upper


def test_requests_for_some_of_the_objects_are_at_most_so_many():
    found = of("S3MergeObjectTagging", TAGS)
    assert found.is_upper and found.all_requests == 2_000


def test_copy_onto_itself_reads_first():
    onto_itself = of("S3PutObjectCopy", {"TargetResource": "arn:aws:s3:::photos"})
    assert asked(onto_itself)["HeadObject"] == 1_000


def test_guarded_job_looks_at_each_object_once_more():
    assert asked(of(TAGGING, TAGS, guarded=True))["HeadObject"] == 1_000
    moved = of("S3MoveObject", {"TargetResource": "arn:aws:s3:::archive"}, guarded=True)
    assert asked(moved)["HeadObject"] == 3_000


def test_duration_is_that_of_the_rate_unless_the_jobs_own_limit_is_slower():
    rate = Rate(50.0, 1, True)
    assert of(TAGGING, TAGS, rate=rate).takes_s == 20
    slow = of(TAGGING, TAGS, rate=rate, requests_per_s=10)
    assert slow.is_held and slow.takes_s == 100
    assert of(TAGGING, TAGS, rate=rate, requests_per_s=1_000).takes_s == 20


def test_without_a_rate_or_a_number_of_objects_no_duration_is_told():
    assert of(TAGGING, TAGS).takes_s is None
    assert of(TAGGING, TAGS, objects=None, rate=Rate(50.0, 1, True)).takes_s is None
    assert of(TAGGING, TAGS, requests_per_s=10).takes_s == 100


def ran(region, per_s, *, slots=5, **fields):
    """A job that did so many tasks per second, and took twice the time for it."""
    tasks = per_s * slots * RateSample.WIDTH_S
    active_s = 2 * slots * RateSample.WIDTH_S
    job = make_job("Complete", region=region, total=tasks, active_elapsed_s=active_s, **fields)
    RateSample.objects.filter(job=job).delete()
    for number in range(slots):
        RateSample.objects.create(
            job=job, at_s=number * RateSample.WIDTH_S, succeeded=per_s * RateSample.WIDTH_S
        )
    return job


def rate_of(region, operation=TAGGING, visible=None):
    return measured_rate(Job.objects.all() if visible is None else visible, region, operation, NOW)


@pytest.mark.django_db
def test_rate_is_the_median_of_jobs_of_the_operation_in_the_region():
    here, there = make_region(), make_region()
    for per_s in (10, 20, 90):
        ran(here, per_s)
    ran(here, 500, operation="S3DeleteObject", parameters={})
    ran(there, 700)
    assert rate_of(here) == Rate(20.0, 3, True)
    assert rate_of(here).source == "3 earlier jobs of this operation in this Region"


@pytest.mark.django_db
def test_rate_of_other_operations_stands_in_and_says_so():
    here = make_region()
    ran(here, 30, operation="S3DeleteObject", parameters={})
    assert rate_of(here) == Rate(30.0, 1, False)
    assert "other operations" in rate_of(here).source


@pytest.mark.django_db
def test_short_job_counts_by_its_active_time():
    here = make_region()
    ran(here, 100, slots=1)
    assert rate_of(here).per_s == 50.0


@pytest.mark.django_db
def test_jobs_that_say_nothing_about_the_storage_do_not_count():
    here = make_region()
    hidden = ran(here, 10, created_at=NOW - timedelta(days=1))
    ran(here, 10, requests_per_s=10)
    ran(here, 10, in_flight=1)
    ran(here, 10, dry_run=True)
    make_job("Complete", region=here, total=3, active_elapsed_s=1)
    assert rate_of(here, visible=Job.objects.exclude(pk=hidden.pk)) is None
    assert rate_of(here) == Rate(10.0, 1, True)


@pytest.mark.django_db
def test_rate_takes_two_queries_however_many_jobs(django_assert_num_queries):
    here = make_region()
    for _ in range(4):
        ran(here, 10)
    with django_assert_num_queries(2):
        rate_of(here)
