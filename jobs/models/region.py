"""A Region: one S3 endpoint that jobs run against. It holds no credentials; roles do."""

from django.core.validators import RegexValidator, URLValidator
from django.db import models

from jobs.choices import AddressingStyle
from jobs.s3.endpoints import Endpoint


class Region(models.Model):
    """`manifest_prefix` and `report_prefix` are default places, `s3://bucket/prefix` or empty."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    code = models.CharField(
        "Region code",
        max_length=64,
        default="us-east-1",
        validators=[RegexValidator(r"^[a-z0-9-]+$", "Use small letters, digits and hyphens.")],
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
    tags_after_copy = models.BooleanField(
        "Set tags after a copy",
        default=False,
        help_text="For storage that ignores tags sent with a copy, such as Ceph.",
    )
    allows_deleting = models.BooleanField(
        "Allow Delete objects",
        default=False,
        help_text="Lets people create jobs that delete objects in this Region.",
    )
    manifest_prefix = models.CharField(max_length=512, blank=True)
    report_prefix = models.CharField(max_length=512, blank=True)
    created_at = models.DateTimeField()
    emptied_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_error = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def endpoint(self) -> Endpoint:
        return Endpoint(
            url=self.endpoint_url,
            region_code=self.code,
            addressing_style=self.addressing_style,
            verify_tls=self.verify_tls,
            tags_after_copy=self.tags_after_copy,
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
