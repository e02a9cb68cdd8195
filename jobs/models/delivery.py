"""A message on its way to one of those who are told, until it arrived or was given up."""

import json

from django.conf import settings
from django.db import models

from jobs.choices import JobStatus
from jobs.models.connection import Webhook
from jobs.models.job import Job


class Delivery(models.Model):
    """`event` is what is sent, to `webhook` or by mail to `address`, under the same `message_id` at
    every try. Who tries holds it until `leased_until`, which is how it is known again: what somebody
    brings who took too long is refused.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        GIVEN_UP = "given_up", "Given up"

    message_id = models.CharField(max_length=64)
    event = models.JSONField()
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    """Whose own subscription it comes from; None for one of the installation."""
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    address = models.EmailField(blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=512, blank=True)
    """The first of what was answered, or why nothing was."""

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message_id", "webhook"],
                condition=models.Q(webhook__isnull=False),
                name="one_delivery_per_webhook",
            ),
            models.UniqueConstraint(
                fields=["message_id", "address"],
                condition=~models.Q(address=""),
                name="one_delivery_per_address",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="delivery_by_next_try",
                condition=models.Q(state="waiting"),
            ),
            models.Index(fields=["state", "id"], name="delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} to {self.to}"

    @property
    def to(self) -> str:
        return self.webhook.name if self.webhook else self.address

    @property
    def event_name(self) -> str:
        return str(self.event["detail"]["eventName"])

    @property
    def event_text(self) -> str:
        return json.dumps(self.event, indent=2, ensure_ascii=False)

    @property
    def words(self) -> str:
        """What it tells, in a word or two."""
        if self.event_name == "JobCreated":
            return "Created"
        if self.event_name == "JobReminder":
            return "Reminder"
        return str(JobStatus(self.status).label)

    @property
    def status(self) -> str:
        return str(self.event["detail"]["serviceEventDetails"]["status"])
