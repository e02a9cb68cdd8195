"""The pages of a job whose list was made by listing."""

import pytest
from django.urls import reverse

from jobs.models import Draft
from jobs.queries.generator_words import generator_pairs
from jobs.spec.generator import GeneratorSpec
from tests.make import make_job

pytestmark = pytest.mark.django_db
WIRE = {
    "ManifestGenerator": {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": True,
            "ManifestOutputLocation": {
                "Bucket": "arn:aws:s3:::lists",
                "ManifestPrefix": "generated",
                "ManifestFormat": "S3InventoryReport_CSV_20211130",
            },
            "Filter": {
                "CreatedAfter": "2026-01-02T00:00:00Z",
                "ObjectSizeGreaterThanBytes": 1,
                "KeyNameConstraint": {"MatchAnySuffix": [".tif"]},
                "MatchAnyObjectEncryption": [{"SSE-KMS": {"BucketKeyEnabled": True}}],
                "EligibleForReplication": False,
            },
        }
    },
    "BatchConsole": {
        "Tags": [{"Key": "team", "Glob": "b*"}, {"Key": "any"}],
        "Versions": "Noncurrent",
    },
}
SAVED = {
    "Format": "S3InventoryReport_CSV_20211130",
    "Location": {
        "ObjectArn": "arn:aws:s3:::lists/generated/list-of-job-1/manifest.json",
        "ETag": "abc123",
        "ObjectVersionId": "v7",
    },
}


def page(client, job, name="configuration"):
    answer = client.get(reverse(f"job-{name}", args=[job.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_configuration_page_says_what_is_listed_and_where_the_list_was_saved(as_viewer):
    job = make_job("Suspended", listed_by=WIRE, generated_manifest=SAVED, looked_up_objects=1234)
    text = page(as_viewer, job)
    for said in [
        "s3://photos/", ".tif", "SSE-KMS, with a bucket key", "Noncurrent versions",
        "team like b* and any with any value", SAVED["Location"]["ObjectArn"], "abc123", "v7", "1,234",
    ]:  # fmt: skip
        assert said in text


def test_configuration_page_says_where_a_list_will_be_saved(as_viewer):
    text = page(as_viewer, make_job("Preparing", listed_by=WIRE))
    assert "Written below s3://lists/generated when it is complete" in text


def test_page_of_a_job_that_is_prepared_counts_what_was_asked_for(as_viewer):
    job = make_job("Preparing", listed_by=WIRE, looked_up_objects=1234)
    assert "1,234" in page(as_viewer, job, "detail")


@pytest.mark.parametrize(
    "status", ["New", "Preparing", "Suspended", "Active", "Complete", "Failed"]
)
@pytest.mark.parametrize("name", ["detail", "configuration", "activity"])
def test_every_page_of_such_a_job_answers(as_operator, status, name):
    assert page(as_operator, make_job(status, listed_by=WIRE), name)


def test_filter_that_is_not_set_is_not_named():
    inner = {"SourceBucket": "arn:aws:s3:::photos", "EnableManifestOutput": False}
    spec = GeneratorSpec.from_wire({"ManifestGenerator": {"S3JobManifestGenerator": inner}})
    assert generator_pairs(spec) == [("Listed", "s3://photos/"), ("Versions", "Current objects")]


def test_clone_lists_anew_unless_the_saved_list_is_asked_for(as_operator):
    job = make_job("Suspended", listed_by=WIRE, generated_manifest=SAVED)
    assert "?list=saved" in page(as_operator, job)
    url = reverse("job-clone", args=[job.pk])
    for query, named in [("", "s3://photos"), ("?list=saved", "list-of-job-1/manifest.json")]:
        assert as_operator.post(url + query).status_code == 303
        draft = Draft.objects.latest("created_at")
        assert named in str(draft.data["manifest"])
    assert Draft.objects.count() == 2


def test_job_without_a_saved_list_is_cloned_over_its_own(as_operator):
    job = make_job("Suspended", listed_by=WIRE)
    assert "?list=saved" not in page(as_operator, job)
    as_operator.post(reverse("job-clone", args=[job.pk]) + "?list=saved")
    assert "s3://photos" in str(Draft.objects.get().data["manifest"])
