"""A job that runs the list of a dry run: exactly its rows, and none whose object changed since."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, ReportScope
from jobs.engine.preparing.sampling import runs
from jobs.errors import StoppedError, ValidationFailedError
from jobs.lifecycle import clean_up, freezing
from jobs.lifecycle.creation import create_job
from jobs.models import Chunk, Job
from tests.allowed import allowed

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ReportScope.ALL_TASKS


def looked(place, steps, rows, **changes):
    """A dry run that has ended."""
    job = place.make_job(rows, dry_run=True, confirmation_required=False, **changes)
    steps.prepare(job)
    steps.run()
    return steps.finish(job)


def real(dry_run):
    return create_job(freezing.spec_of(dry_run, ALL), by=allowed(), now=timezone.now())


def told(place, job):
    """What the report says of each key: status, code and message."""
    return {row[1]: (row[3], row[5], row[6]) for row in place.report_rows(job)}


def tags_of(place, key):
    found = place.s3.get_object_tagging(Bucket=place.source, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def kept_files(steps, job):
    return list(steps.work.list(f"{job.pk}/"))


BLUE = {"team": "blue"}


def test_object_that_was_seen_in_a_listing_alone_is_left_alone_when_it_has_changed(place, steps):
    keys = [f"{n:02}.jpg" for n in range(12)]
    place.put_objects([key for key in keys if key != keys[5]])
    dry_run = looked(place, steps, place.list_of(keys))
    place.s3.put_object(Bucket=place.source, Key=keys[3], Body=b"other content")
    place.s3.put_object(Bucket=place.source, Key=keys[5], Body=b"new")
    job = steps.all_the_way(real(dry_run))
    # A manifest tells no sizes; its dry run saw those of the eleven that were there.
    assert (dry_run.listed_bytes, job.listed_bytes) == (None, 11)
    left = {key: row[1] for key, row in told(place, job).items() if row[0] != "succeeded"}
    assert left == {keys[3]: "ObjectChanged", keys[5]: "ObjectChanged"}
    assert tags_of(place, keys[0]) == BLUE
    assert tags_of(place, keys[3]) == tags_of(place, keys[5]) == {}


def test_object_that_changed_since_the_dry_run_is_left_alone_and_all_others_are_changed(
    place, steps
):
    keys = ["same", "other", "goes", "comes", "tagged since"]
    place.put_objects(["same", "other", "goes", "tagged since"])
    dry_run = looked(place, steps, place.list_of(keys))
    place.s3.put_object(Bucket=place.source, Key="other", Body=b"other content")
    place.s3.put_object(Bucket=place.source, Key="comes", Body=b"new")
    place.s3.delete_object(Bucket=place.source, Key="goes")
    tag_set = [{"Key": "by", "Value": "somebody"}]
    place.s3.put_object_tagging(
        Bucket=place.source, Key="tagged since", Tagging={"TagSet": tag_set}
    )
    job = steps.all_the_way(real(dry_run))
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 2, 3)
    rows = told(place, job)
    assert rows["same"] == ("succeeded", "", "Successful")
    assert rows["other"][:2] == rows["comes"][:2] == ("failed", "ObjectChanged")
    assert "size from 1 to 13 bytes" in rows["other"][2]
    assert rows["goes"][:2] == ("failed", "NoSuchKey")
    assert [tags_of(place, key) for key in ("same", "other", "comes")] == [BLUE, {}, {}]
    # Tags are no part of what a storage tells versions apart by.
    assert tags_of(place, "tagged%20since".replace("%20", " ")) == BLUE


def test_list_is_that_of_the_dry_run_whatever_became_of_the_manifest(place, steps):
    place.put_objects(["a", "b"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    place.put_manifest(place.list_of(["b"]))
    job = steps.all_the_way(real(dry_run))
    assert list(told(place, job)) == ["a"]
    assert tags_of(place, "b") == {}


def test_rows_come_in_their_order_with_versions_and_awkward_keys(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    keys = ["plain", "a,b", 'say "so"', "ünï/日本", "per%cent"]
    place.put_objects(keys)
    rows = [[*row, "x", ""] for row in place.list_of(keys)]
    fields = ("Bucket", "Key", "Ignore", "Ignore")
    dry_run = looked(place, steps, rows, fields=fields)
    job = real(dry_run)
    steps.prepare(job)
    assert [chunk.rows for chunk in Chunk.objects.filter(job=job)] == [2, 2, 1]
    steps.confirm(job)
    steps.run()
    job = steps.finish(job)
    assert job.tasks_succeeded == 5
    assert [row[:2] for row in place.report_rows(job)] == [row[:2] for row in rows]


def test_row_with_an_empty_version_fails_in_the_job_as_it_did_in_the_dry_run(place, steps):
    place.put_objects(["a"])
    rows = [[*row, ""] for row in place.list_of(["a"])]
    dry_run = looked(place, steps, rows, fields=("Bucket", "Key", "VersionId"))
    job = steps.all_the_way(real(dry_run))
    assert told(place, job)["a"][2] == "Task failed due to missing VersionId"
    assert tags_of(place, "a") == {}


def test_counts_buckets_and_objects_that_could_not_be_looked_at(place, steps, monkeypatch):
    place.put_objects(["a"])
    rows = [
        *place.list_of(["a"]),
        [
            place.source,
            "b",
        ],
    ]
    dry_run = looked(place, steps, [[*row, ""] for row in rows],
                     fields=("Bucket", "Key", "VersionId"))  # fmt: skip
    job = steps.prepare(real(dry_run))
    assert (job.total_tasks, job.unguarded_rows) == (2, 2)
    assert job.buckets == {place.source: [2, 1, ""]}


def test_dry_run_keeps_its_list_and_nothing_else_when_it_ends(place, steps):
    place.put_objects(["a"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    (name,) = kept_files(steps, dry_run)
    assert name.startswith(f"{dry_run.pk}/seen/")
    assert dry_run.work_stored == 0
    days = (dry_run.list_kept_until - timezone.now()) / timedelta(days=1)
    assert 29.9 < days <= 30


def test_job_that_is_no_dry_run_keeps_no_list(place, steps):
    place.put_objects(["a"])
    job = steps.all_the_way(place.make_job(place.list_of(["a"])))
    assert job.list_kept_until is None
    assert kept_files(steps, job) == []


def clear(steps, now):
    clean_up.clean_up(now)
    for job in Job.objects.filter(work_stored__gt=0, terminated_at__isnull=False):
        steps.finish(job)


def test_list_goes_after_30_days_and_then_cannot_be_run(place, steps):
    place.put_objects(["a"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    clear(steps, timezone.now() + timedelta(days=29))
    assert kept_files(steps, dry_run)
    clear(steps, timezone.now() + timedelta(days=31))
    assert kept_files(steps, dry_run) == []
    assert not Chunk.objects.filter(job=dry_run).exists()
    with pytest.raises(ValidationFailedError) as caught:
        real(steps.see(dry_run))
    (problem,) = caught.value.problems
    assert "no longer kept" in problem.message


def test_list_goes_when_it_was_run_and_not_before(place, steps):
    place.put_objects(["a"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    job = real(dry_run)
    steps.prepare(job)
    clear(steps, timezone.now())
    assert kept_files(steps, dry_run)
    steps.confirm(job)
    steps.run()
    clear(steps, timezone.now())
    assert kept_files(steps, dry_run) == []
    assert steps.finish(job).status == JobStatus.COMPLETE


def test_list_is_run_once_unless_the_first_job_was_cancelled_before_it_began(place, steps):
    place.put_objects(["a"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    first = real(dry_run)
    assert freezing.why_not(dry_run, timezone.now()) == (
        f"Job {first.short_id} runs the list of this dry run already."
    )
    Job.objects.filter(pk=first.pk).update(status=JobStatus.CANCELLED)
    second = real(dry_run)
    assert second.pk != first.pk
    assert steps.all_the_way(second).tasks_succeeded == 1


def test_dry_run_that_did_not_come_to_its_end_has_no_list_to_run(place, steps):
    dry_run = place.make_job(place.list_of(["a"]), dry_run=True, confirmation_required=False)
    assert freezing.why_not(dry_run, timezone.now()) == "The dry run has not ended yet."
    Job.objects.filter(pk=dry_run.pk).update(status=JobStatus.CANCELLED)
    assert "did not come to its end" in freezing.why_not(steps.see(dry_run), timezone.now())


def test_dry_run_of_which_a_part_was_lost_has_no_whole_list_to_run(place, steps):
    place.put_objects(["a"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    dry_run.lost_rows = 1
    assert "is gone from work storage" in freezing.why_not(dry_run, timezone.now())


def test_list_that_goes_while_the_job_is_prepared_fails_the_job(place, steps):
    place.put_objects(["a"])
    dry_run = looked(place, steps, place.list_of(["a"]))
    job = real(dry_run)
    Job.objects.filter(pk=dry_run.pk).update(list_kept_until=None)
    job = steps.prepare(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "ListNotKept")


def test_part_of_the_list_that_is_lost_fails_the_job_before_anything_is_changed(
    place, steps, settings
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 1
    place.put_objects(["a", "b"])
    dry_run = looked(place, steps, place.list_of(["a", "b"]))
    steps.work.delete(kept_files(steps, dry_run)[0])
    job = steps.prepare(real(dry_run))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "ListNotKept")
    assert tags_of(place, "b") == {}


def test_preparing_that_stops_anywhere_goes_on_from_there(place, steps, settings, monkeypatch):
    """As after a kill: what is in the database is what the next turn begins with."""
    settings.BATCHCONSOLE_CHUNK_ROWS = 1
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    keys = ["a", "b", "c"]
    place.put_objects(keys)
    dry_run = looked(place, steps, place.list_of(keys))
    job = real(dry_run)
    put, puts = type(steps.work).put, []

    def put_or_die(store, name, data):
        puts.append(name)
        if len(puts) in (2, 4):
            raise StoppedError
        put(store, name, data)

    monkeypatch.setattr(type(steps.work), "put", put_or_die)
    while steps.prepare(job).status == JobStatus.PREPARING:
        pass
    assert steps.see(job).total_tasks == 3
    monkeypatch.undo()
    steps.confirm(job)
    steps.run()
    job = steps.finish(job)
    assert (job.tasks_succeeded, job.unguarded_rows) == (3, 0)
    assert list(told(place, job)) == keys


def test_sample_is_spread_evenly_over_the_list(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 7
    keys = [f"{n:03}" for n in range(100)]
    dry_run = looked(place, steps, place.list_of(keys), sample_rows=10)
    assert (dry_run.total_tasks, dry_run.listed_rows, dry_run.tasks_done) == (10, 100, 10)
    assert sorted(told(place, dry_run)) == [f"{n:03}" for n in range(0, 100, 10)]


@pytest.mark.parametrize("most", [1, 3, 10, 250])
@pytest.mark.parametrize(("total", "wanted"), [(1, 1), (13, 13), (13, 12), (100, 99), (9, 4)])
def test_runs_of_a_sample_are_of_different_rows_and_make_up_what_is_wanted(total, wanted, most):
    found = runs(total, wanted, most)
    rows = [row for start, count in found for row in range(start, start + count)]
    assert len(found) <= most
    assert len(set(rows)) == len(rows) == wanted
    assert max(rows) < total


def test_sample_that_is_larger_than_the_list_is_all_of_it(place, steps):
    dry_run = looked(place, steps, place.list_of(["a", "b"]), sample_rows=10)
    assert (dry_run.total_tasks, dry_run.listed_rows) == (2, None)


def test_sample_is_run_for_real_over_its_own_rows(place, steps):
    keys = [f"{n}" for n in range(9)]
    place.put_objects(keys)
    dry_run = looked(place, steps, place.list_of(keys), sample_rows=3)
    job = steps.all_the_way(real(dry_run))
    assert sorted(told(place, job)) == ["0", "3", "6"]


def test_sample_of_no_or_too_many_objects_is_refused_with_its_field(place):
    for wanted in (0, 5_001):
        with pytest.raises(ValidationFailedError) as caught:
            place.make_job(place.list_of(["a"]), dry_run=True, sample_rows=wanted)
        assert [problem.field for problem in caught.value.problems] == ["BatchConsole.SampleRows"]
