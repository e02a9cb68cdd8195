"""Objects of a list of several buckets are counted by bucket, with the chunk that they belong to."""

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine import claims, recording
from jobs.engine.chunk_rows import put_results
from jobs.manifests.frozen_list import Rows
from jobs.operations.base import DONE, Outcome
from tests.make import make_chunk, make_job

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")

GONE = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
OUTCOMES = (DONE, DONE, GONE, None)


class Kept(dict):
    def put(self, name, data):
        self[name] = data


def run(job, buckets, outcomes=OUTCOMES):
    """A chunk of a row in each of these buckets, recorded."""
    make_chunk(job, position=job.chunks.count() * len(buckets), rows=len(buckets))
    [claim] = claims.claim_chunks(job.pk, 1, owner="me", lease_s=10)
    keys = [f"k{n}" for n in range(len(buckets))]
    rows = Rows(list(buckets), keys, keys, [None] * len(buckets))
    done = put_results(Kept(), claim, rows, outcomes, buckets=job.buckets)
    assert recording.record_all([done], now=timezone.now()) == []


def counts(job):
    found = job.bucket_counts.values_list("bucket", "succeeded", "failed")
    return {bucket: (succeeded, failed) for bucket, succeeded, failed in found}


def make(buckets):
    listed = {name: [6, 1] for name in buckets}
    return make_job(JobStatus.ACTIVE, succeeded=0, total=12, buckets=listed)


def test_each_bucket_counts_what_was_run_in_it_over_all_chunks():
    job = make(["archive", "photos"])
    run(job, ["photos", "archive", "photos", "photos"])
    run(job, ["photos", "photos", "archive", "archive"])
    assert counts(job) == {"archive": (1, 1), "photos": (3, 1)}


def test_list_of_one_bucket_counts_nothing_apart():
    job = make(["photos"])
    run(job, ["photos"] * 4)
    assert counts(job) == {}
