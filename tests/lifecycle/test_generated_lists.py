"""What is said of a generator before its job is made: by its members, and by a look at the storage."""

from dataclasses import replace

import pytest
from django.utils import timezone

from jobs.errors import ValidationFailedError
from jobs.lifecycle.creation import check_spec, create_job
from jobs.lifecycle.preflight import look_ahead, preflight
from jobs.models import Job
from jobs.s3.storage import Storage
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import JobSpec
from jobs.spec.paths import GENERATOR
from jobs.spec.report import ReportSpec
from tests.allowed import allowed
from tests.make import ROLE_ARN, make_region, make_role


def generator(bucket, *, filter=None, more=None, **members):
    inner = {"SourceBucket": f"arn:aws:s3:::{bucket}", "EnableManifestOutput": False}
    inner |= {"Filter": filter or {}} | members
    wire = {"ManifestGenerator": {"S3JobManifestGenerator": inner}, "BatchConsole": more or {}}
    return GeneratorSpec.from_wire(wire)


def saved_in(bucket):
    place = {
        "Bucket": f"arn:aws:s3:::{bucket}",
        "ManifestPrefix": "lists",
        "ManifestFormat": "S3InventoryReport_CSV_20211130",
    }
    return {"EnableManifestOutput": True, "ManifestOutputLocation": place}


@pytest.fixture
def region(db, s3_server):
    return make_region(endpoint_url=s3_server)


@pytest.fixture
def spec(region, bucket):
    make_role(region)
    return JobSpec(
        region=region.pk,
        operation="S3PutObjectTagging",
        parameters={"TagSet": [{"Key": "team", "Value": "blue"}]},
        manifest=generator(bucket),
        report=ReportSpec(False),
        priority=10,
        role_arn=ROLE_ARN,
        client_request_token="token",
    )


def told(spec):
    return {problem.field: problem.message for problem in check_spec(spec, timezone.now())}


def test_job_over_a_generator_keeps_it_in_its_wire_form(spec, redis):
    more = {"Globs": ["*.log"], "Versions": "All"}
    wanted = replace(spec, manifest=generator(spec.manifest.bucket, more=more))
    job = create_job(wanted, by=allowed(), now=timezone.now())
    kept = Job.objects.get(pk=job.pk)
    assert kept.manifest == wanted.manifest
    assert kept.listed_by["BatchConsole"] == more
    assert set(kept.listed_by["ManifestGenerator"]) == {"S3JobManifestGenerator"}


def test_generator_of_which_nothing_is_wrong_has_no_problem(spec):
    assert told(spec) == {}


@pytest.mark.parametrize(
    ("members", "field", "said"),
    [
        (
            {"ExpectedBucketOwner": "999999999999"},
            f"{GENERATOR}.ExpectedBucketOwner",
            "ExpectedBucketOwner is",
        ),
        ({"more": {"RegularExpression": "("}}, "BatchConsole.RegularExpression", "RE2"),
        ({"more": {"Versions": "DeleteMarkers"}}, "BatchConsole.Versions", "Delete objects"),
        (
            {"filter": {"CreatedAfter": "2026-02-01T00:00Z", "CreatedBefore": "2026-01-01T00:00Z"}},
            f"{GENERATOR}.Filter.CreatedBefore",
            "Exchange them",
        ),
    ],
)
def test_problem_of_a_generator_is_told_with_its_field(spec, members, field, said):
    wrong = replace(spec, manifest=generator(spec.manifest.bucket, **members))
    assert said in told(wrong)[field]
    with pytest.raises(ValidationFailedError):
        create_job(wrong, by=allowed(), now=timezone.now())


def test_owner_that_is_the_account_of_the_role_is_no_problem(spec):
    account = ROLE_ARN.split(":")[4]
    owned = generator(spec.manifest.bucket, ExpectedBucketOwner=account)
    assert told(replace(spec, manifest=owned)) == {}


def test_name_that_no_bucket_has_is_told_for_each_place(spec):
    arn = "arn:aws:s3:::"
    sources = [{"Bucket": f"{arn}{spec.manifest.bucket}"}, {"Bucket": f"{arn}no"}]
    wrong = generator(spec.manifest.bucket, more={"Sources": sources}, **saved_in("a..b"))
    assert set(told(replace(spec, manifest=wrong))) == {
        "BatchConsole.Sources[1].Bucket",
        f"{GENERATOR}.ManifestOutputLocation.Bucket",
    }


def test_sources_whose_prefixes_exclude_those_of_the_filter_are_told(spec):
    more = {
        "Sources": [{"Bucket": f"arn:aws:s3:::{spec.manifest.bucket}", "Prefixes": ["a"]}],
        "KeyNameConstraint": {"MatchAnyPrefix": ["b"]},
    }
    wrong = replace(spec, manifest=generator(spec.manifest.bucket, more=more))
    assert "exclude each other" in told(wrong)["BatchConsole.Sources"]


# --- With a look at the storage


def live(spec, *, write_test=True):
    return {one.field: one.message for one in preflight(spec, write_test=write_test)}


def test_buckets_that_are_there_have_no_problem_and_the_write_test_leaves_no_trace(spec, s3):
    bucket = spec.manifest.bucket
    assert live(replace(spec, manifest=generator(bucket, **saved_in(bucket)))) == {}
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_bucket_that_is_not_there_is_told_at_its_field(spec):
    arn = "arn:aws:s3:::"
    sources = [{"Bucket": f"{arn}{spec.manifest.bucket}"}, {"Bucket": f"{arn}not-there-at-all"}]
    wrong = generator(spec.manifest.bucket, more={"Sources": sources}, **saved_in("nor-this-one"))
    found = live(replace(spec, manifest=wrong))
    assert "does not exist" in found["BatchConsole.Sources[1].Bucket"]
    assert "does not exist" in found[f"{GENERATOR}.ManifestOutputLocation.Bucket"]
    assert len(found) == 2


def test_bucket_without_rules_is_told_for_a_list_of_what_is_eligible_for_replication(spec):
    asked = generator(spec.manifest.bucket, filter={"EligibleForReplication": True})
    found = live(replace(spec, manifest=asked))
    assert "no replication configuration" in found[f"{GENERATOR}.Filter.EligibleForReplication"]


def test_without_write_test_nothing_is_written_where_the_list_is_saved(spec, monkeypatch):
    def forbidden(self, *place):
        raise AssertionError("written")

    monkeypatch.setattr(Storage, "check_writable", forbidden)
    bucket = spec.manifest.bucket
    saving = replace(spec, manifest=generator(bucket, **saved_in(bucket)))
    assert live(saving, write_test=False) == {}


def test_look_ahead_says_that_the_objects_can_be_listed(spec, s3):
    s3.put_object(Bucket=spec.manifest.bucket, Key="a", Body=b"x")
    ahead = look_ahead(spec, timezone.now())
    assert ahead.problems == []
    assert (ahead.lines[0].what, ahead.lines[0].sentence) == (
        f"s3:ListBucket on {spec.manifest.bucket}",
        "The objects can be listed.",
    )
