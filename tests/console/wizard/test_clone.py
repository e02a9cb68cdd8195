"""Clone: a new draft with everything, and what is no longer true on top."""

from html import unescape

import pytest
from django.urls import reverse

from jobs.models import Draft, Job, RoleCredentials
from tests.console.wizard.conftest import ROWS
from tests.wizard_walk import Wizard


@pytest.fixture
def job(at_options, bucket):
    at_options.press("operation", "show", operation="S3PutObjectCopy")
    at_options.press(
        "operation",
        **{
            "target_bucket": bucket,
            "target_prefix": "backup",
            "acknowledged": "on",
            "metadata_directive": "replace",
            "content_type": "image/jpeg",
            "metadata-0-key": "origin",
            "metadata-0-value": "photos",
            "tagging": "replace",
            "new_tags-0-key": "env",
            "new_tags-0-value": "prod",
        },
    )
    at_options.press(
        "options",
        **{
            "description": "Nightly backup",
            "priority": "7",
            "report_scope": "AllTasks",
            "report_path": f"s3://{bucket}/reports",
            "tags-0-key": "team",
            "tags-0-value": "blue",
        },
    )
    assert at_options.press("review").status_code == 303
    return Job.objects.get()


def cloned(client, job):
    response = client.post(reverse("job-clone", args=[job.pk]))
    assert response.status_code == 303
    wizard = Wizard(client, Draft.objects.latest("created_at"))
    assert response["Location"] == wizard.url("manifest")
    return wizard


def test_clone_has_everything_of_the_job_and_makes_its_equal(client, job):
    wizard = cloned(client, job)
    assert f'Cloned from <a href="/jobs/{job.pk}/">' in wizard.open("manifest").html
    assert wizard.press("review").status_code == 303
    made = Job.objects.exclude(pk=job.pk).get()
    assert made.cloned_from == job
    for name in (
        *("region", "role", "description", "priority", "operation", "parameters"),
        "listed_by",
        *("report_enabled", "report_bucket", "report_prefix", "report_scope"),
    ):
        assert getattr(made, name) == getattr(job, name), name
    assert list(made.tags.values_list("key", "value")) == [("team", "blue")]


def test_clone_after_the_manifest_changed_says_so_and_uses_what_is_there(client, job, put):
    put("list.csv", ROWS + "photos,new.jpg\n")
    wizard = cloned(client, job)
    assert "The manifest was changed since that job." in wizard.open("manifest").html
    assert wizard.press("review").status_code == 303
    assert Job.objects.exclude(pk=job.pk).get().manifest.etag != job.manifest.etag


def test_clone_lists_what_is_no_longer_true_with_links(client, job, s3, bucket, make_bucket):
    job.report_bucket = "gone-bucket"
    job.save()
    wizard = cloned(client, job)
    html = unescape(wizard.open("manifest").html)
    assert "1 setting needs a new value:" in html
    assert f"{wizard.url('options')}#report_path" in html
    wizard.press("options", report_path=f"s3://{bucket}/reports")
    assert "needs a new value" not in wizard.open("review").html


def test_clone_of_a_job_whose_manifest_and_role_are_gone_opens_and_says_so(client, job, s3, bucket):
    s3.delete_object(Bucket=bucket, Key="list.csv")
    RoleCredentials.objects.all().delete()
    html = unescape(cloned(client, job).open("manifest").html)
    assert "2 settings need a new value:" in html
    assert "This IAM role no longer exists. Choose another." in html
    assert "This IAM role has no credentials in the job's Region." in html


def test_clone_of_a_job_that_is_not_there_is_not_found(client, operator):
    missing = "00000000-0000-4000-8000-000000000000"
    assert client.post(reverse("job-clone", args=[missing])).status_code == 404
    assert client.get(reverse("job-clone", args=[missing])).status_code == 405
