"""A list that somebody uploads in slices, each one part of a multipart upload in the storage."""

import uuid

from django.conf import settings
from django.db import models

from jobs.models.draft import Draft
from jobs.models.region import Region
from jobs.models.role import Role


class ListUpload(models.Model):
    """`name`, `size_bytes` (0 where it was not told), `modified_ms` and `head_sha256`, the hash of its
    first bytes, tell whether a file is the same that was begun. `etags` are those of the parts that
    the storage has, `slices` is their number and `received_bytes` their size. It goes on until `ended_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(
        Draft, on_delete=models.SET_NULL, null=True, related_name="list_uploads"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="+")
    bucket = models.CharField(max_length=255)
    key = models.CharField(max_length=1024)
    upload_id = models.TextField()
    name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField(default=0)
    modified_ms = models.BigIntegerField(default=0)
    head_sha256 = models.CharField(max_length=64, blank=True)
    etags = models.JSONField(default=list)
    slices = models.PositiveIntegerField(default=0)
    received_bytes = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.name
