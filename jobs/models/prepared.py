"""How far the preparing of a list came, or of a part of it."""

from django.db import models


class Prepared(models.Model):
    """Written together with the chunks that it is about."""

    prepared_rows = models.PositiveBigIntegerField(default=0)
    list_checkpoint = models.JSONField(null=True, editable=False)
    """Where the list is read on: only the source reads it that made it (manifests/source.py)."""
    is_read = models.BooleanField(default=False, editable=False)
    """It was read to its end."""
    buckets = models.JSONField(default=dict)
    """Of the prepared list: bucket name to [rows, line of the first, file of that line]."""
    lists_versions = models.BooleanField(null=True, editable=False)
    """Whether the rows of its list name versions; None before the first was read."""
    plus_signs = models.PositiveBigIntegerField(default=0, editable=False)
    """In the keys of the prepared list, where nobody said what they stand for."""
    listed_bytes = models.PositiveBigIntegerField(null=True, editable=False)
    """What its objects weigh together; None where the list does not tell it of each, or has no rows yet."""
    skipped_rows = models.JSONField(default=dict)
    """Rows of the list that are no tasks, by the reason."""
    unguarded_rows = models.PositiveBigIntegerField(default=0)
    """Of the list of a dry run: rows whose objects could not be looked at."""
    looked_up_objects = models.PositiveBigIntegerField(default=0, editable=False)
    """How many objects were asked for what no listing tells."""

    class Meta:
        abstract = True
