"""What signing in needs beside a password: links, second factors, sessions, another's word."""

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models

from jobs.models.encrypted import EncryptedTextField


class PasswordLink(models.Model):
    """A link that works once: whoever opens it chooses the password of `user`. Only a hash of its
    token is kept, and of each purpose the newest link alone is valid.
    """

    class Purpose(models.TextChoices):
        INVITATION = "invitation", "invitation"
        RESET = "reset", "new password"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "purpose"], name="one_link_per_purpose")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user}"


class SecondFactor(models.Model):
    """An app that makes codes, since it made the first right one at `confirmed_at`.

    `last_step` is that of the last code that was taken: no code is taken twice.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    secret = EncryptedTextField()
    last_step = models.BigIntegerField(default=0)
    confirmed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """One that was not used yet, as a hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="one_recovery_code")
        ]

    def __str__(self) -> str:
        return str(self.user)


class BrowserSession(models.Model):
    """Where somebody is signed in. It goes with Django's session."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="browser")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    signed_in_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"


class ProviderIdentity(models.Model):
    """Who an OpenID Connect provider says that somebody is: `subject` of `issuer`, for ever."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        verbose_name_plural = "provider identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject")
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"
