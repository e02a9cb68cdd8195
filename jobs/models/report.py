"""The completion report that was written for a job.

See docs/batch-operations.md, Where a report lies.
"""

from django.db import models

from jobs.models.job import Job


class Report(models.Model):
    """`files` lists {"status", "key", "md5", "rows", "size_bytes"} in the order of the report's
    manifest.json.
    """

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="report")
    bucket = models.CharField(max_length=63)
    manifest_key = models.CharField(max_length=1024)
    files = models.JSONField(default=list)
    rows_succeeded = models.PositiveBigIntegerField(default=0)
    rows_failed = models.PositiveBigIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    """Of all files together."""
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-written_at"]
        indexes = [models.Index(fields=["written_at", "id"], name="report_by_time")]

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.manifest_key}"
