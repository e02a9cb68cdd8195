"""A worker may die at any line: each test is one life per side effect, ended there.

Every job must come to its end, with each row once in the report and all that is counted from
the rows equal to them. The usual run takes every thirteenth point, `ALL_CRASHES=1` all of them.
"""

import functools
import os
from itertools import pairwise

import pytest
from django.utils import timezone

from jobs import conf
from jobs.choices import JobStatus, ReportScope
from jobs.lifecycle import commands, connections, freezing
from jobs.lifecycle.clean_up import clean_up
from jobs.lifecycle.creation import create_job
from jobs.lifecycle.transitions import may_follow
from jobs.models import (
    Chunk,
    FailureCause,
    FailureSample,
    Job,
    RateSample,
    Region,
    Report,
    StatusChange,
)
from jobs.services import s3
from tests.allowed import allowed
from tests.engine.crashes import Steps

STEP = 1 if os.environ.get("ALL_CRASHES") else 13
pytestmark = [
    pytest.mark.timeout(600),
    # How a thread dies.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture(params=[0, 1], ids=["boto3", "data plane"])
def mortals(request, place, redis, settings, monkeypatch):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    settings.BATCHCONSOLE_DATA_PLANE = request.param
    settings.BATCHCONSOLE_IN_FLIGHT = 1  # so that every life has the same points
    # Clients take longer to make than all else here, and remember nothing.
    for module in (s3, connections):
        cached = functools.cache(module.make_client)
        monkeypatch.setattr(module, "make_client", cached)
    place.put_objects(["a", "b", "c"])
    return Steps(monkeypatch)


def lives(place, steps, rows, play, step=STEP, **facts):
    """`play` a job once whole, and once for each point at which its process may end."""
    steps.mortal.points = 0
    yield play(place.make_job(rows, **facts)), "nowhere"
    points = steps.mortal.points
    assert points > 100
    for dies_at in range(1, points + 1, step):
        steps.hints.clear()
        steps.mortal.points, steps.mortal.dies_at, steps.mortal.died_at = 0, dies_at, ""
        job = play(place.make_job(rows, **facts))
        # Chunks that end at about the same time are recorded together, or not: a life may be shorter.
        assert steps.mortal.died_at or dies_at > points - 60, dies_at
        yield job, f"{steps.mortal.died_at}, point {dies_at} of {points}"


def check(place, job, died_at):
    """What must hold for a job at its end, wherever a worker of it died."""
    assert job.is_terminal, (died_at, job.status, job.waiting_for)
    check_way(job, died_at)
    check_counts(job, died_at)
    assert not Chunk.objects.filter(job=job).exists(), died_at
    assert not (conf.work_dir() / job.pk).exists(), died_at
    rows = [tuple(row[:2]) for row in place.report_rows(job)] if job.tasks_done else []
    assert len(rows) == len(set(rows)) == job.tasks_done, died_at
    if job.tasks_done:
        report = Report.objects.get(job=job)
        counted = (report.rows_succeeded, report.rows_failed)
        assert counted == (job.tasks_succeeded, job.tasks_failed), died_at
    return rows


def check_way(job, died_at):
    way = list(StatusChange.objects.filter(job=job).values_list("from_status", "to_status"))
    assert way[0] == ("", JobStatus.NEW) and way[-1][1] == job.status, (died_at, way)
    for (_, to), (left, entered) in pairwise(way):
        assert to == left and may_follow(JobStatus(left), JobStatus(entered)), (died_at, way)


def check_counts(job, died_at):
    for model in (FailureCause, FailureSample, RateSample):
        found = list(model.objects.filter(job=job))
        total = {
            FailureCause: lambda cause: cause.tasks,
            FailureSample: lambda _: 1,
            RateSample: lambda sample: sample.failed,
        }[model]
        assert sum(map(total, found)) == job.tasks_failed, (died_at, model)


def see(job):
    return Job.objects.get(pk=job.pk)


def confirmed(mortals, job):
    """A job from its list to its end, by a worker and a person who both may die once."""
    mortals.work_off()
    if see(job).status == JobStatus.SUSPENDED:
        mortals.try_to(lambda: commands.confirm(job.pk, by=allowed(), now=timezone.now()))
    if see(job).status == JobStatus.SUSPENDED:  # the page did not come back: try again
        commands.confirm(job.pk, by=allowed(), now=timezone.now())
    mortals.work_off()
    return see(job)


def test_job_completes_with_each_row_once_wherever_a_worker_dies(place, mortals):
    rows = place.list_of(["a", "gone", "b"])
    play = functools.partial(confirmed, mortals)
    for job, died_at in lives(place, mortals, rows, play):
        found = check(place, job, died_at)
        assert job.status == JobStatus.COMPLETE, died_at
        assert sorted(found) == sorted(map(tuple, rows)), died_at


def test_job_that_reads_reports_each_checksum_once_wherever_a_worker_dies(place, mortals):
    rows = place.list_of(["a", "gone", "b"])
    place.s3.put_object(Bucket=place.source, Key="b", Body=b"long " * 100_000)
    play = functools.partial(confirmed, mortals)
    kind = {"operation": "S3ComputeObjectChecksum", "parameters": {"ChecksumAlgorithm": "SHA256"}}
    messages = set()
    for job, died_at in lives(place, mortals, rows, play, 5 * STEP, **kind):
        found = check(place, job, died_at)
        assert job.status == JobStatus.COMPLETE, died_at
        assert sorted(found) == sorted(map(tuple, rows)), died_at
        messages.add(tuple(sorted(row[6] for row in place.report_rows(job))))
    assert len(messages) == 1, "a repeat reads the same"


def test_objects_are_copied_onto_themselves_whole_wherever_a_worker_dies(place, mortals):
    """Tags are kept in work storage and set after each copy."""
    Region.objects.update(tags_after_copy=True)
    rows = place.list_of(["a", "gone", "b"])
    change = {"ObjectMetadata": {"CacheControl": "max-age=60"}}

    def play(job):
        for key in ("a", "b"):
            facts = {"Metadata": {"n": "1"}, "Tagging": "t=1", "Body": b"content"}
            place.s3.put_object(Bucket=place.source, Key=key, **facts)
        return confirmed(mortals, job)

    kind = {"operation": "S3MergeObjectMetadata", "parameters": change}
    for job, died_at in lives(place, mortals, rows, play, 5 * STEP, **kind):
        found = check(place, job, died_at)
        assert job.status == JobStatus.COMPLETE, died_at
        assert (job.tasks_succeeded, job.tasks_failed) == (2, 1), died_at
        assert sorted(found) == sorted(map(tuple, rows)), died_at
        for key in ("a", "b"):
            where = {"Bucket": place.source, "Key": key}
            made = place.s3.head_object(**where)
            assert (made["CacheControl"], made["Metadata"]) == ("max-age=60", {"n": "1"}), died_at
            tags = place.s3.get_object_tagging(**where)["TagSet"]
            assert tags == [{"Key": "t", "Value": "1"}], died_at


def test_cancelled_job_reports_what_was_done_wherever_a_worker_dies(place, mortals, settings):
    rows = place.list_of(["a", "b", "c", "gone", "gone too", "gone as well"])

    def play(job):
        settings.BATCHCONSOLE_TIME_BOX_S = 20
        mortals.work_off()
        commands.confirm(job.pk, by=allowed(), now=timezone.now())
        settings.BATCHCONSOLE_TIME_BOX_S = 1e-9  # two chunks at a time
        mortals.try_to(lambda: mortals.perform_one("run_chunks"))
        if not mortals.try_to(lambda: commands.cancel(job.pk, by=allowed(), now=timezone.now())):
            mortals.hints.clear()
        if see(job).status in (JobStatus.READY, JobStatus.ACTIVE):
            commands.cancel(job.pk, by=allowed(), now=timezone.now())
        mortals.work_off()
        return see(job)

    for job, died_at in lives(place, mortals, rows, play):
        check(place, job, died_at)
        assert job.status == JobStatus.CANCELLED, died_at


def test_job_with_a_bad_line_fails_with_it_wherever_a_worker_dies(place, mortals):
    rows = [*place.list_of(["a", "b", "c"]), [place.source, "d", "one too many"]]

    def play(job):
        mortals.work_off()
        return see(job)

    for job, died_at in lives(place, mortals, rows, play):
        check(place, job, died_at)
        assert (job.status, job.failure_line) == (JobStatus.FAILED, 4), died_at


def test_moved_object_is_at_its_destination_and_gone_wherever_a_worker_dies(
    place, mortals, make_bucket
):
    archive = make_bucket()
    rows = place.list_of(["a", "gone", "b"])
    kind = {
        "operation": "S3MoveObject",
        "parameters": {"TargetResource": f"arn:aws:s3:::{archive}"},
    }

    def play(job):
        for key in ("a", "b"):
            place.s3.put_object(Bucket=place.source, Key=key, Body=f"{key} {job.pk}".encode())
        return confirmed(mortals, job)

    for job, died_at in lives(place, mortals, rows, play, 5 * STEP, **kind):
        check(place, job, died_at)
        assert job.status == JobStatus.COMPLETE, died_at
        assert (job.tasks_succeeded, job.tasks_failed) == (2, 1), died_at
        left = place.s3.list_objects_v2(Bucket=place.source).get("Contents", [])
        assert {item["Key"] for item in left} <= {"c", "manifest.csv"}, died_at
        for key in ("a", "b"):
            body = place.s3.get_object(Bucket=archive, Key=key)["Body"].read()
            assert body == f"{key} {job.pk}".encode(), died_at


def test_nothing_is_left_of_a_key_wherever_a_worker_dies_that_deletes_every_version(
    place, mortals, make_bucket
):
    place.source = make_bucket(versioned=True)
    kind = {"operation": "S3DeleteObject", "parameters": {"Mode": "EVERY_VERSION"}}
    rows = place.list_of(["a", "never there", "b"])

    def play(job):
        for key in ("a", "a", "b", "stays"):
            place.s3.put_object(Bucket=place.source, Key=key, Body=b"x")
        return confirmed(mortals, job)

    for job, died_at in lives(place, mortals, rows, play, 5 * STEP, **kind):
        check(place, job, died_at)
        assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 3), died_at
        found = place.s3.list_object_versions(Bucket=place.source)
        left = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        assert {item["Key"] for item in left} == {"stays", "manifest.csv"}, died_at


def test_list_of_a_dry_run_is_run_whole_and_guarded_wherever_a_worker_dies(place, mortals):
    """Both jobs are one life: it may end in either."""
    rows = place.list_of(["a", "gone", "b", "other"])

    def play(dry_run):
        place.s3.put_object(Bucket=place.source, Key="other", Body=b"x")
        mortals.work_off()
        dry_run = see(dry_run)
        assert dry_run.status == JobStatus.COMPLETE
        place.s3.put_object(Bucket=place.source, Key="other", Body=b"other content")
        spec = freezing.spec_of(dry_run, ReportScope.ALL_TASKS)
        return confirmed(mortals, create_job(spec, by=allowed(), now=timezone.now()))

    dry = {"dry_run": True, "confirmation_required": False}
    for job, died_at in lives(place, mortals, rows, play, 5 * STEP, **dry):
        assert job.status == JobStatus.COMPLETE, died_at
        found = check(place, job, died_at)
        assert sorted(found) == sorted(map(tuple, rows)), died_at
        codes = {row[1]: row[5] for row in place.report_rows(job)}
        assert codes == {"a": "", "b": "", "gone": "NoSuchKey", "other": "ObjectChanged"}, died_at
        points = mortals.mortal.points
        mortals.mortal.dies_at = 0  # a life that was shorter than the first
        clean_up(timezone.now())
        mortals.work_off()
        mortals.mortal.points = points  # what is cleared away is another life
        check(place, see(job.guarded_by), died_at)
