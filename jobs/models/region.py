"""A Region: one S3 endpoint that jobs run against. It holds no credentials; roles do."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models

from jobs.choices import AddressingStyle
from jobs.operations.base import Operation
from jobs.s3.ca_certificates import MAX_CHARACTERS
from jobs.s3.endpoints import REGION_CODE, Endpoint
from jobs.s3.reachable import problem_with


class Region(models.Model):
    """`manifest_prefix` and `report_prefix` are default places, `s3://bucket/prefix` or empty.

    `allowed_operations` are names of those that an administrator has to allow first; all others
    always are.
    """

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    code = models.CharField(
        "Region code",
        max_length=64,
        default="us-east-1",
        validators=[
            RegexValidator(REGION_CODE, "Use letters, digits, hyphens, underscores and dots.")
        ],
    )
    endpoint_url = models.CharField(
        "Endpoint URL",
        max_length=255,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    addressing_style = models.CharField(
        max_length=8, choices=AddressingStyle.choices, default=AddressingStyle.PATH
    )
    verify_tls = models.BooleanField("Verify TLS", default=True)
    ca_certificate = models.TextField(
        "CA certificate", max_length=MAX_CHARACTERS, blank=True, default=""
    )
    """PEM, of one or more authorities; they alone vouch for this storage. Empty: the system's do."""

    tags_after_copy = models.BooleanField(
        "Set tags after a copy",
        default=False,
        help_text="For storage that ignores tags sent with a copy, such as Ceph.",
    )
    lock_after_copy = models.BooleanField(
        "Set retention and legal hold after a copy",
        default=False,
        help_text="For storage that ignores retention and legal hold sent with a copy.",
    )
    deletes_at_once = models.PositiveIntegerField(default=1000, editable=False)
    """How many keys one DeleteObjects may name, 1 where that call does not work; a probe sets it."""

    conditions = models.JSONField(default=list, blank=True, editable=False)
    """Capabilities: on which calls a probe saw a condition kept."""

    allowed_operations = models.JSONField(default=list, blank=True)
    manifest_prefix = models.CharField(max_length=512, blank=True)
    report_prefix = models.CharField(max_length=512, blank=True)
    disabled = models.BooleanField(default=False)
    """No new job is created in it; those that are there go on."""
    created_at = models.DateTimeField()
    emptied_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_error = models.TextField(blank=True, editable=False)
    control_served_s = models.FloatField(default=0, editable=False)
    """When a control worker turned to its jobs last, on the database's clock."""

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        problem = problem_with(self.endpoint_url)
        if problem:
            raise ValidationError({"endpoint_url": problem})
        if self.ca_certificate:
            self._check_that_ca_is_used()

    def _check_that_ca_is_used(self) -> None:
        """A certificate that would not be looked at is refused: it would seem to protect."""
        if not self.verify_tls:
            sentence = "Turn on Verify TLS, or remove the CA certificate: it would not be used."
            raise ValidationError({"ca_certificate": sentence})
        if self.endpoint_url.lower().startswith("http:"):
            sentence = "Remove the CA certificate, or write the endpoint URL with https."
            raise ValidationError({"ca_certificate": sentence})

    def allows(self, operation: type[Operation]) -> bool:
        return not operation.opt_in or operation.name in self.allowed_operations

    def endpoint(self) -> Endpoint:
        return Endpoint(
            url=self.endpoint_url,
            region_code=self.code,
            addressing_style=self.addressing_style,
            verify_tls=self.verify_tls,
            ca_certificate=self.ca_certificate,
            tags_after_copy=self.tags_after_copy,
            lock_after_copy=self.lock_after_copy,
            deletes_at_once=self.deletes_at_once,
            conditions=frozenset(self.conditions),
        )


class Bucket(models.Model):
    """A bucket name that belongs to this Region, wherever a job that names it runs.

    ARNs name no Region: without such a row a bucket is looked for in the job's own Region.
    """

    name = models.CharField(max_length=63, unique=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="buckets")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
