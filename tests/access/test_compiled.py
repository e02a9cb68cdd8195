"""What the database shows of the jobs is what the evaluator says of each."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from jobs.access.asking import job_arn, of_job
from jobs.access.compiled import Seen
from jobs.access.policy.evaluation import evaluate
from jobs.access.policy.parsing import parse
from jobs.errors import ValidationFailedError
from jobs.models import Job, Region
from tests.access.documents import TAG_KEYS, TAG_VALUES, documents
from tests.make import make_job, make_region, make_user

READING = "s3:DescribeJob"
REQUEST = {
    "aws:username": ("ana@example.com",),
    "aws:principaltag/team": ("blue",),
    "aws:principaltag/region": ("north",),
    "aws:currenttime": ("2026-11-27T12:00:00Z",),
    "aws:sourceip": ("10.1.2.3",),
}


def places():
    return {pk: job_arn(slug, "") for pk, slug in Region.objects.values_list("pk", "slug")}


def asked_about(job, person):
    """Its key, its ARN and all that the evaluator is told."""
    about = of_job(job)
    is_own = {"batchconsole:isjobowner": ("true" if job.owner_id == person.pk else "false",)}
    return job.pk, about.arn, {**REQUEST, **about.keys, **is_own}


def make_jobs(person):
    """Of every kind that the documents tell apart."""
    north, south = make_region(name="north"), make_region(name="south")
    kinds = [
        {},
        {"status": "Suspended", "priority": 11, "owner": person},
        {"status": "Suspended", "priority": 0, "total": 10},
        {"total": 3, "total_tasks": 3, "listed_bytes": 10},
        {"total_tasks": 3, "listed_bytes": 10, "dry_run": True, "sample_rows": 3},
        {
            "status": "Active",
            "total": 9,
            "listed_bytes": 11,
            "operation": "S3DeleteObject",
            "owner": make_user(),
        },
        {"status": "Complete", "operation": "S3PutObjectCopy", "priority": 2147483647},
    ]
    tags = [
        {},
        *({key: value} for key in TAG_KEYS[:2] for value in TAG_VALUES),
        {"team": "blue", "Team": "blue"},
        {"team": "blue", "Team": "red", "stage": "red"},
        {"stage": "blue"},
    ]
    for number, (kind, tag) in enumerate(itertools.product(kinds, tags)):
        make_job(
            **kind,
            id=f"{'ab*'[number % 3]}{number % 2}-{number}",
            region=(north, south)[number % 2],
            tags=tag,
        )


def shown(policies, person):
    told = Seen(REQUEST, places, person.pk).by(policies)
    if told is False:
        return set()
    jobs = Job.objects.all() if told is True else Job.objects.filter(told)
    return set(jobs.values_list("pk", flat=True))


class ShownJobs(TestCase):
    """Made once for all examples: they only read."""

    @classmethod
    def setUpTestData(cls):
        cls.person = make_user(None, name="ana")
        make_jobs(cls.person)
        jobs = Job.objects.select_related("region").prefetch_related("tags")
        cls.facts = [asked_about(job, cls.person) for job in jobs]

    @settings(max_examples=100)
    @given(st.lists(documents(), min_size=1, max_size=2))
    def test_database_shows_the_jobs_that_the_evaluator_allows(self, found):
        try:
            policies = [parse(document) for document in found]
        except ValidationFailedError:
            return
        allowed = {
            pk for pk, arn, keys in self.facts if evaluate(policies, READING, arn, keys).allowed
        }
        assert shown(policies, self.person) == allowed
