"""Why tasks failed: a count per cause, and a few samples of each."""

from django.db import models

from jobs.models.job import Job


class FailureCause(models.Model):
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="failure_causes")
    code = models.CharField(max_length=128)
    http_status = models.PositiveSmallIntegerField()
    tasks = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-tasks", "code"]
        constraints = [
            models.UniqueConstraint(fields=["job", "code", "http_status"], name="one_row_per_cause")
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.http_status})"


class FailureSample(models.Model):
    """At most `PER_CAUSE` rows per cause, so that a job of billions keeps a handful."""

    PER_CAUSE = 5

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="failure_samples")
    code = models.CharField(max_length=128)
    http_status = models.PositiveSmallIntegerField()
    bucket = models.CharField(max_length=63)
    raw_key = models.TextField()
    version_id = models.CharField(max_length=1024, blank=True)
    message = models.TextField(blank=True)
    line = models.PositiveBigIntegerField()
    failed_at = models.DateTimeField()

    class Meta:
        ordering = ["line"]
        indexes = [models.Index(fields=["job", "code", "http_status"])]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"
