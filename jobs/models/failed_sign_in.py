"""How often signing in was tried of late."""

from django.conf import settings
from django.db import models


class FailedSignIn(models.Model):
    """`tries` until `ends_at`, by `scope`: what is counted together. What was typed is not kept, since
    it may be a password; `key` is a hash of it, `user` the account where there is one.
    """

    class Scope(models.TextChoices):
        PLACE = "place", "account from one address"
        DEVICE = "device", "account from a known browser"
        ADDRESS = "address", "all accounts from one address"
        ACCOUNT = "account", "account from everywhere"

    key = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    address = models.CharField(max_length=64, blank=True)
    tries = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-ends_at"]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.tries}"
