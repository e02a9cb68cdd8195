"""A year of an installation that is used a lot: very many jobs, nearly all of which have ended."""

import random
from datetime import timedelta

from django.db import connection

from jobs.choices import AWAITING_CONFIRMATION, ChunkState, JobStatus, PauseCause
from jobs.lifecycle.search_texts import search_text
from jobs.models import (
    Chunk,
    FailureCause,
    Job,
    JobTag,
    RateSample,
    Report,
    SearchText,
    StatusChange,
)
from tests.make import TAGS, listed_by, make_region, make_role, make_user

YEAR = timedelta(days=365)
OPERATIONS = {
    "S3PutObjectTagging": TAGS,
    "S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::photos"},
    "S3DeleteObject": {},
}
WORDS = ("nightly", "tags", "move", "archive", "photos", "invoices", "clean up", "team blue")
GOING = (
    *(JobStatus.ACTIVE, JobStatus.ACTIVE, JobStatus.READY, JobStatus.PREPARING, JobStatus.PAUSED),
    *(JobStatus.SUSPENDED, JobStatus.COMPLETING, JobStatus.SUSPENDED),
)
"""What the newest jobs do."""

BATCH = 2_000
PEOPLE = 20


def make_many(count, *, now, seed=0):
    """`count` jobs over a year, in four Regions. One in ten had failures; the retries of a few of
    these are among them. A few of the newest still go on and have chunks.
    """
    drawn = random.Random(seed)
    places = []
    for number in range(4):
        region = make_region(f"region-of-many-{number}")
        places.append((region, make_role(region)))
    owners = [make_user(name=f"person-{number}") for number in range(PEOPLE)]
    with_failures = []
    for first in range(0, count, BATCH):
        numbers = range(first, min(count, first + BATCH))
        jobs = [
            _job(drawn, n, count, now, places, with_failures, owners[n % PEOPLE]) for n in numbers
        ]
        Job.objects.bulk_create(jobs)
        SearchText.objects.bulk_create(SearchText(job=job, **search_text(job)) for job in jobs)
        JobTag.objects.bulk_create(
            JobTag(job=job, key="team", value=drawn.choice(("blue", "red", "green")))
            for job in jobs
            if drawn.random() < 0.3
        )
        StatusChange.objects.bulk_create(change for job in jobs for change in _changes(job))
        FailureCause.objects.bulk_create(
            FailureCause(job=job, code="AccessDenied", http_status=403, tasks=job.tasks_failed)
            for job in jobs
            if job.tasks_failed
        )
        Report.objects.bulk_create(_report(job) for job in jobs if job.status == JobStatus.COMPLETE)
        _going(drawn, [job for job in jobs if not job.is_terminal], now)
    analyze()


def _report(job):
    return Report(
        job=job,
        bucket="reports",
        manifest_key=f"out/job-{job.pk}/manifest.json",
        rows_failed=job.tasks_failed,
        size_bytes=100 * job.tasks_failed,
        written_at=job.terminated_at,
    )


def analyze():
    """As the database does by itself, some time after so much was written."""
    vacuums = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if vacuums else "ANALYZE")


def _job(drawn, number, count, now, places, with_failures, owner):
    from_end = count - 1 - number
    created_at = now - YEAR * (from_end + 1) / (count + 1)
    status = GOING[from_end] if from_end < len(GOING) else _ended(drawn)
    region, role = drawn.choice(places)
    operation = drawn.choice(list(OPERATIONS))
    total = drawn.randrange(1, 2_000_000)
    failed = drawn.randrange(1, total + 1) if drawn.random() < 0.1 else 0
    ended = status in (JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED)
    job = Job(
        region=region,
        role=role,
        owner=owner,
        description=f"{drawn.choice(WORDS)} {drawn.choice(WORDS)} {number}",
        priority=drawn.choice((10, 10, 10, 50)),
        status=status,
        operation=operation,
        parameters=OPERATIONS[operation],
        client_request_token=f"many-{number}",
        listed_by=listed_by(),
        report_bucket="reports",
        report_prefix="out",
        created_at=created_at,
        total_tasks=None if status == JobStatus.PREPARING else total,
        buckets={"photos": [total, 1]},
        tasks_failed=failed if ended else 0,
        tasks_succeeded=total - failed if ended else total // 2,
    )
    if with_failures and drawn.random() < 0.03:
        job.retry_of = drawn.choice(with_failures)
    if ended:
        job.started_at, job.terminated_at = created_at, created_at + timedelta(minutes=5)
    elif status == JobStatus.SUSPENDED:
        job.suspended_at, job.suspended_cause = created_at, AWAITING_CONFIRMATION
        job.tasks_succeeded = 0
    elif status == JobStatus.PAUSED:
        job.paused_cause = PauseCause.CANARY
    elif status == JobStatus.ACTIVE:
        job.started_at = job.active_since = created_at
    if ended and failed and len(with_failures) < 1000:
        with_failures.append(job)
    return job


def _ended(drawn):
    return drawn.choices((JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED), (94, 4, 2))[0]


def _changes(job):
    yield StatusChange(job=job, at=job.created_at, to_status=JobStatus.NEW)
    yield StatusChange(
        job=job, at=job.terminated_at or job.created_at, from_status=JobStatus.NEW,
        to_status=job.status,
    )  # fmt: skip


def _going(drawn, jobs, now):
    for job in jobs:
        if job.status not in (JobStatus.ACTIVE, JobStatus.READY, JobStatus.PAUSED):
            continue
        Chunk.objects.bulk_create(
            Chunk(
                job=job,
                position=500 * number,
                rows=500,
                segment="s",
                offset=number,
                length=1,
                state=ChunkState.DONE if number < 900 else ChunkState.PENDING,
            )
            for number in range(1_000)
        )
        slot_s = int(now.timestamp()) // RateSample.WIDTH_S * RateSample.WIDTH_S
        RateSample.objects.bulk_create(
            RateSample(
                job=job, at_s=slot_s - n * RateSample.WIDTH_S, succeeded=drawn.randrange(9999)
            )
            for n in range(90)
        )
