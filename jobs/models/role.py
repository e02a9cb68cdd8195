"""IAM roles: ARNs that map to credentials, per Region."""

from django.core.validators import RegexValidator
from django.db import models

from jobs.models.encrypted import EncryptedTextField
from jobs.models.region import Region
from jobs.s3.endpoints import Credentials

ROLE_ARN_PATTERN = r"^arn:[^:]+:iam::\d{12}:role/.*$"
"""Of the member RoleArn (docs/batch-operations.md, Creating a job)."""


class Role(models.Model):
    arn = models.CharField(
        "ARN",
        max_length=2048,
        unique=True,
        validators=[
            RegexValidator(ROLE_ARN_PATTERN, "Write it as arn:aws:iam::123456789012:role/name.")
        ],
    )

    class Meta:
        ordering = ["arn"]

    def __str__(self) -> str:
        return self.arn

    @property
    def name(self) -> str:
        return self.arn.partition(":role/")[2]


class RoleCredentials(models.Model):
    """What a role uses in one Region: a key pair, or the ambient credentials of the workers."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="credentials")
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="credentials")
    ambient = models.BooleanField(default=False)
    access_key_id = models.CharField("Access key ID", max_length=128, blank=True)
    secret_access_key = EncryptedTextField(blank=True)
    session_token = EncryptedTextField(blank=True)

    class Meta:
        verbose_name_plural = "role credentials"
        constraints = [
            models.UniqueConstraint(fields=["role", "region"], name="one_credential_per_region"),
            models.CheckConstraint(
                condition=models.Q(ambient=True) | ~models.Q(access_key_id=""),
                name="key_pair_or_ambient",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role.name} in {self.region}"

    def to_credentials(self) -> Credentials | None:
        """None means the ambient credentials of the process."""
        if self.ambient:
            return None
        return Credentials(
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            session_token=self.session_token or None,
        )
