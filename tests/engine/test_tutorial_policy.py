"""The tutorial's policy of S3BatchJobRole: enough from the preflight to the report."""

from django.utils import timezone

from jobs.choices import ManifestField
from jobs.lifecycle.preflight import look_ahead
from jobs.models import Region
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.engine.places import TAGS
from tests.policies import guarded, tutorial_policy


def test_tagging_job_of_a_role_with_the_tutorials_policy_runs_to_its_end(
    place, steps, s3_server, make_bucket
):
    place.put_objects(["a.jpg", "b/c.jpg"])
    manifests = make_bucket()
    body = f"{place.source},a.jpg\n{place.source},b/c.jpg\n".encode()
    etag = place.s3.put_object(Bucket=manifests, Key="list.csv", Body=body)["ETag"].strip('"')
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    manifest = ManifestSpec(manifests, "list.csv", etag, fields)
    report = ReportSpec(True, place.reports, "final-reports")
    policy = tutorial_policy(
        place.s3, objects=place.source, manifests=manifests, reports=place.reports
    )
    with guarded(s3_server, policy) as url:
        Region.objects.update(endpoint_url=url)
        place.region.refresh_from_db()
        job = place.make_job([], manifest=manifest, report=report)
        spec = JobSpec(
            place.region.pk, job.operation, TAGS, manifest, report, 10, place.role.arn, "token"
        )
        ahead = look_ahead(spec, timezone.now())
        assert (ahead.problems, ahead.missing) == ([], [])
        job = steps.all_the_way(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == ("Complete", 2, 0)
    assert job.report.manifest_key.startswith("final-reports/job-")
