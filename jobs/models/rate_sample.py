"""Tasks finished per ten seconds of a job: what rates and the throughput line are drawn from."""

from django.db import models

from jobs.models.job import Job


class RateSample(models.Model):
    """`at_s` is the start of the ten seconds, in whole seconds since the epoch."""

    WIDTH_S = 10

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="rate_samples")
    at_s = models.PositiveBigIntegerField()
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["at_s"]
        constraints = [models.UniqueConstraint(fields=["job", "at_s"], name="one_sample_per_slot")]

    def __str__(self) -> str:
        return str(self.at_s)
