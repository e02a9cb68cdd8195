"""What tasks may call besides storages, connected by an administrator: functions and webhooks."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from jobs.models.encrypted import EncryptedTextField
from jobs.s3.ca_certificates import MAX_CHARACTERS
from jobs.s3.endpoints import REGION_CODE, Credentials, Endpoint
from jobs.services.destination import Destination
from jobs.services.lambda_function import LAMBDA, function_at
from jobs.services.webhook import WEBHOOK, webhook_at


class Connection(models.Model):
    """`url` is never logged: it may hold a secret of its own. One that is `disabled` is called by
    nobody, and what needs it waits. `check_error` is what the last test found, empty for nothing.
    """

    service: ClassVar[str]

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    url = models.CharField("URL", max_length=1024)
    ca_certificate = models.TextField(
        "CA certificate", max_length=MAX_CHARACTERS, blank=True, default=""
    )
    disabled = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_error = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class FunctionEndpoint(Connection):
    """A Lambda API. Its functions are those whose ARNs have its Region code; with `functions` only
    the ones that are named there.
    """

    service = LAMBDA

    code = models.CharField(
        "Region code",
        max_length=64,
        unique=True,
        validators=[
            RegexValidator(REGION_CODE, "Use letters, digits, hyphens, underscores and dots.")
        ],
    )
    functions = models.JSONField(default=list, blank=True)
    ambient = models.BooleanField(default=False)
    access_key_id = models.CharField("Access key ID", max_length=128, blank=True)
    secret_access_key = EncryptedTextField(blank=True)
    session_token = EncryptedTextField(blank=True)

    class Meta(Connection.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ambient=True) | ~models.Q(access_key_id=""),
                name="function_key_pair_or_ambient",
            ),
        ]

    def allows(self, function: str) -> bool:
        """`function` may have a version or alias behind a colon."""
        return not self.functions or function.partition(":")[0] in self.functions

    def destination(self, function: str) -> Destination:
        return function_at(self.endpoint(), self.to_credentials(), function)

    def endpoint(self) -> Endpoint:
        return Endpoint(self.url, self.code, "path", ca_certificate=self.ca_certificate)

    def to_credentials(self) -> Credentials | None:
        """None means the ambient credentials of the process."""
        if self.ambient:
            return None
        token = self.session_token or None
        return Credentials(self.access_key_id, self.secret_access_key, token)


class Webhook(Connection):
    """An address that is called by signed POSTs. `secret` is as Standard Webhooks write it."""

    service = WEBHOOK

    secret = EncryptedTextField()
    may_be_private = models.BooleanField("Allow a private address", default=False)

    def destination(self) -> Destination:
        endpoint = Endpoint(
            self.url,
            "",
            "path",
            ca_certificate=self.ca_certificate,
            may_be_private=self.may_be_private,
        )
        return webhook_at(endpoint, self.secret)
