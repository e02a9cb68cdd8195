"""What became of a job's objects, by bucket."""

from django.db import models

from jobs.models.job import Job


class BucketCount(models.Model):
    """Of a job whose list has several buckets, for those that `Job.buckets` names."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="bucket_counts")
    bucket = models.CharField(max_length=255)
    succeeded = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["bucket"]
        constraints = [
            models.UniqueConstraint(fields=["job", "bucket"], name="one_count_per_bucket")
        ]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.succeeded} succeeded, {self.failed} failed"
