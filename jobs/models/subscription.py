"""Who wants to be told of what becomes of jobs."""

from django.conf import settings
from django.db import models

from jobs.models.connection import Webhook
from jobs.models.job import Job
from jobs.models.region import Region


class Subscription(models.Model):
    """A person's own, by mail to `user`; or one of the installation, to `webhook` or to `address`.

    It is about jobs that fit all that is set here: those of `user` alone with `own_jobs`, one `job`,
    those of a `region`, those that have a tag (any value where `tag_value` is empty). `statuses` are
    the ones that it tells of, empty for all.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="subscriptions",
    )
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    address = models.EmailField(blank=True)
    own_jobs = models.BooleanField(default=False)
    job = models.ForeignKey(
        Job, on_delete=models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    statuses = models.JSONField(default=list, blank=True)
    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    tag_key = models.CharField(max_length=128, blank=True)
    tag_value = models.CharField(max_length=256, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, webhook__isnull=True, address="")
                | models.Q(user__isnull=True, webhook__isnull=False, address="")
                | models.Q(user__isnull=True, webhook__isnull=True) & ~models.Q(address=""),
                name="subscription_tells_one",
            ),
            models.UniqueConstraint(
                fields=["user", "job"],
                condition=models.Q(job__isnull=False),
                name="one_subscription_per_job",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.webhook or self.address)
