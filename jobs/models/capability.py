"""What was found out about what a storage can do, by bucket."""

from django.conf import settings
from django.db import models

from jobs.choices import Can, Capability
from jobs.models.region import Region
from jobs.models.role import Role


class ProbedBucket(models.Model):
    """A bucket that an administrator named to try its storage in. `left` are sentences about what
    could not be removed again.
    """

    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="probed_buckets")
    name = models.CharField(max_length=63)
    role = models.ForeignKey(Role, null=True, on_delete=models.SET_NULL, related_name="+")
    probed_at = models.DateTimeField()
    left = models.JSONField(default=list)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["region", "name"], name="one_probe_per_bucket"),
        ]

    def __str__(self) -> str:
        return self.name


class FoundCapability(models.Model):
    """`evidence` is a sentence, `amount` a number that goes with it. Who overrules a No says that
    the storage can do it all the same.
    """

    bucket = models.ForeignKey(ProbedBucket, on_delete=models.CASCADE, related_name="capabilities")
    name = models.CharField(max_length=24, choices=Capability.choices)
    answer = models.CharField(max_length=8, choices=Can.choices)
    evidence = models.TextField()
    amount = models.PositiveBigIntegerField(null=True)
    overruled_at = models.DateTimeField(null=True)
    overruled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["bucket", "name"], name="one_answer_per_capability"),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} in {self.bucket}: {self.get_answer_display()}"

    @property
    def is_overruled(self) -> bool:
        return self.answer == Can.NO and self.overruled_at is not None

    @property
    def is_lacking(self) -> bool:
        return self.answer == Can.NO and self.overruled_at is None
