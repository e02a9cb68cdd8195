"""From Create job to a job, without a script."""

from jobs.choices import JobStatus
from jobs.models import Job


def test_wizard_when_walked_through_makes_the_job_that_was_described(at_review, bucket, operator):
    response = at_review.press("review")
    job = Job.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert job.owner == operator
    assert job.status == JobStatus.NEW
    assert job.confirmation_required is True
    assert job.operation == "S3PutObjectTagging"
    assert job.parameters == {"TagSet": [{"Key": "team", "Value": "red"}]}
    assert (job.manifest_bucket, job.manifest_key) == (bucket, "list.csv")
    assert job.manifest_fields == ["Bucket", "Key"]
    assert (job.report_bucket, job.report_prefix) == (bucket, "reports")
    assert job.priority == 10
    assert job.description.endswith(" - Replace all object tags")
