"""What people may do (docs/access.md), and the tags that policies know them by."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.functions import Lower


class AccessPolicy(models.Model):
    """`document` is the policy's JSON, as it was written. One that is `ready_made` is a role of the
    program's own, which nobody changes.
    """

    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=256, blank=True)
    document = models.TextField()
    ready_made = models.BooleanField(default=False, editable=False)
    groups = models.ManyToManyField(Group, blank=True, related_name="access_policies")
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="access_policies"
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "access policies"

    def __str__(self) -> str:
        return self.name


class PrincipalTag(models.Model):
    """A tag of a person or of a service account. As in AWS no two differ in case alone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="principal_tags"
    )
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                "user",
                Lower("key"),
                name="one_value_per_key_of_a_person",
                violation_error_message="There is a tag of this key already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
