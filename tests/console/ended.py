"""Jobs that have ended with failures, their reports in a real bucket, and lists of these."""

from django.utils import timezone

from jobs.reports import retry_drafts
from jobs.reports.rows import report_row
from tests.make import make_failures, make_job, make_region, make_report, make_role


def failed_row(key, code="AccessDenied", version_id=None):
    return report_row(
        bucket="photos", raw_key=key, version_id=version_id, succeeded=False,
        http_status=404 if code == "NoSuchKey" else 403, code=code, message='No, "never".\nSee?',
    )  # fmt: skip


class Ended:
    """A job that has ended with failures, and its report in a real bucket."""

    def __init__(self, s3, url, bucket):
        self.s3, self.bucket = s3, bucket
        self.region = make_region("store", endpoint_url=url)
        make_role(self.region)

    def make(self, rows, status="Complete", *, total=1000, **fields):
        """`rows` are (key, code) or (key, code, version ID)."""
        job = make_job(
            status, region=self.region, total=total, failed=len(rows),
            report_bucket=self.bucket, priority=7, tags={"team": "blue"}, **fields,
        )  # fmt: skip
        codes = [row[1] for row in rows]
        for code in dict.fromkeys(codes):
            make_failures(job, code, tasks=codes.count(code))
        body = b"".join(failed_row(*row) for row in rows)
        key = f"out/job-{job.pk}/results/0.csv"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        file = {"status": "failed", "key": key, "md5": "", "rows": len(rows)}
        make_report(job, [file | {"size_bytes": len(body)}])
        return job

    def list_of(self, draft):
        place = draft.data["manifest"]["manifest_object"]
        assert place.startswith(f"s3://{self.bucket}/out/job-")
        key = place.removeprefix(f"s3://{self.bucket}/")
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()


def make_list(draft):
    """As the background call does, over this test's own connection."""
    retry_drafts.make_list(str(draft.pk), clock=timezone.now)
