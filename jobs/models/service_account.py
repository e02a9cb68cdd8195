"""Accounts of programs: they have access keys, and nobody signs in with one in a browser."""

from django.conf import settings
from django.db import models


class ServiceAccount(models.Model):
    """What makes an account of Django's one. Groups, policies and tags are the account's, as a person's
    are.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="service_account",
    )
    description = models.CharField(max_length=256, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["user__username"]

    def __str__(self) -> str:
        return str(self.user)
